"""Rows that are people: found by external id or mail address; they sign in later, by invitation."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.commands.import_rows import (
    IN_USE,
    TWICE,
    Judged,
    Row,
    Seen,
    as_text,
    entered,
    external_ids_in,
    external_keys_in,
    faulty,
    known,
    marked,
    merged,
    number_in,
    unfit,
    validated,
)
from services.registry.commands.organisations import Organisations
from services.registry.commands.people import People
from services.registry.domain import import_decisions as decisions
from services.registry.domain.external import external_key
from services.registry.domain.import_ import Import
from services.registry.domain.organisation import Organisation
from services.registry.domain.person import Person, Profile
from services.registry.kinds import PERSON
from shared.clock import Clock
from shared.contracts.problems import FieldError, Text
from shared.contracts.registry import RoleGrant, Scope
from shared.kind import By, Change, Kind, Rule, Stored, derived_id
from shared.words import sort_key

ROLES = ("volunteer", "coordinator")

_NO_MAIL = Text(
    "Skriv en e-postadress: dit går inbjudan att logga in.",
    "Write a mail address: the invitation to sign in goes there.",
)
_NO_ORGANISATION = Text(
    "Organisationen finns inte i nätverket. Ange dess organisationsnummer eller namn.",
    "The organisation is not in the network. Give its number or name.",
)
_SEVERAL = Text(
    "Flera organisationer heter så. Ange organisationsnumret.",
    "Several organisations have that name. Give the number.",
)
_NO_SUCH_ROLE = Text(
    "Rollen kan vara volontär eller samordnare i en organisation.",
    "The role can be volunteer or coordinator in an organisation.",
)


class PeopleRows:
    """Judges and writes rows of people."""

    kind: Kind[Person] = PERSON

    def __init__(self, people: People, organisations: Organisations, clock: Clock) -> None:
        self._people = people
        self._organisations = organisations
        self._clock = clock

    async def judge(
        self, one: Import, import_id: str, rows: Sequence[Row], seen: Seen | None
    ) -> list[Judged]:
        """Each row's verdict, in the file's order."""
        values = [row.read.values for row in rows]
        wanted = {as_text(said.get("organisation")) for said in values}
        organisations = await self._organisations.known_among(
            {number for text in wanted for number in number_in(text)},
            {sort_key(text) for text in wanted if text},
            (),
        )
        found = await self._people.known_among(
            {as_text(said.get("mail")).casefold() for said in values},
            external_keys_in(rows, one.source),
        )
        page = _Page(one, import_id, found, organisations, seen, self._clock)
        return [page.judge(row) for row in rows]

    async def change(self, id: str, rule: Rule[Person], by: By) -> Stored[Person]:
        """Change one person."""
        return await self._people.change_by_import(id, rule, by)

    async def in_use(self, id: str, import_id: str) -> bool:
        """They have signed in since."""
        return (await self._people.load(id)).state.identity is not None

    async def end(self, id: str, import_id: str, by: By) -> None:
        """Somebody who was entered by mistake is forgotten."""
        await self._people.erase(id, by)


class _Page:
    """Rows judged together against what was loaded for them."""

    def __init__(
        self,
        one: Import,
        import_id: str,
        found: Sequence[Stored[Person]],
        organisations: Sequence[Stored[Organisation]],
        seen: Seen | None,
        clock: Clock,
    ) -> None:
        self._import, self._import_id, self._seen = one, import_id, seen
        # The same whenever the row is judged, or it would be another change each time.
        self._since = one.received_at or clock.now()
        self._mails = {got.state.mail.casefold(): got for got in found if got.state.mail}
        self._external = {
            external_key(*pair): got for got in found for pair in got.state.external_ids.items()
        }
        self._organisations = organisations

    def judge(self, row: Row) -> Judged:
        """What would become of the row."""
        values = dict(row.read.values)
        if faults := unfit(values):
            return faulty(row, faults)
        there, faults = self._there(row, values)
        base = {k: getattr(there.state, k) for k in Profile.model_fields} if there else {}
        given = {k: v for k, v in values.items() if k in Profile.model_fields}
        profile, more = validated(Profile, merged(base, given))
        grant, most = self._grant(row, values)
        faults = (*faults, *more, *most)
        if profile is not None and profile.mail is None:
            faults = (*faults, FieldError("mail", "missing", _NO_MAIL))
        if profile is None or faults:
            return faulty(row, faults)
        if self._is_twice(row, there, profile, grant):
            return faulty(row, (FieldError("mail", "twice", TWICE),))
        return self._verdict(row, there, profile, grant)

    def _verdict(
        self, row: Row, there: Stored[Person] | None, profile: Profile, grant: RoleGrant | None
    ) -> Judged:
        external = external_ids_in(row, self._import.source)
        if there is not None:
            return known(row, there, lambda one: self._changed(one, profile, external, grant))
        state, events = decisions.enter_person(profile, external, grant)
        return entered(row, Change(state, marked(events, self._import_id, self._import.notify)))

    def _changed(
        self,
        one: Person,
        profile: Profile,
        external: Mapping[str, str],
        grant: RoleGrant | None,
    ) -> Change[Person]:
        after, events = decisions.describe_person(one, profile, external, grant)
        return Change(after, marked(events, self._import_id, self._import.notify))

    def _there(
        self, row: Row, values: Mapping[str, Any]
    ) -> tuple[Stored[Person] | None, tuple[FieldError, ...]]:
        by_mail = self._mails.get(as_text(values.get("mail")).casefold())
        by_id = next(
            (
                self._external[key]
                for key in external_keys_in([row], self._import.source)
                if key in self._external
            ),
            None,
        )
        if by_id and by_mail and by_id.id != by_mail.id:
            return by_id, (FieldError("mail", "mail-in-use", IN_USE),)
        return by_id or by_mail, ()

    def _grant(
        self, row: Row, values: Mapping[str, Any]
    ) -> tuple[RoleGrant | None, tuple[FieldError, ...]]:
        role = values.get("role")
        named = as_text(values.get("organisation"))
        if role is not None and role not in ROLES:
            return None, (FieldError("role", "not-one-of", _NO_SUCH_ROLE),)
        if not named:
            missing = FieldError("organisation", "missing", _NO_ORGANISATION)
            return None, (missing,) if role else ()
        organisation, faults = self._organisation(named)
        if organisation is None:
            return None, faults
        return RoleGrant(
            id=derived_id(row.id, "role"),
            role=role or "volunteer",
            scope=Scope(kind="organisation", ids=(organisation,)),
            from_=self._since,
            granted_by=self._import.importer,
        ), ()

    def _organisation(self, named: str) -> tuple[str | None, tuple[FieldError, ...]]:
        numbers = number_in(named)
        found = [one for one in self._organisations if one.state.number in numbers] or [
            one for one in self._organisations if sort_key(one.state.name) == sort_key(named)
        ]
        if len(found) == 1:
            return found[0].id, ()
        text = _SEVERAL if found else _NO_ORGANISATION
        code = "several" if found else "no-such-organisation"
        return None, (FieldError("organisation", code, text),)

    def _is_twice(
        self,
        row: Row,
        there: Stored[Person] | None,
        profile: Profile,
        grant: RoleGrant | None,
    ) -> bool:
        if self._seen is None:
            return False
        keys = [f"mail {(profile.mail or '').casefold()}"]
        keys += [f"row of {there.id}"] if there else []
        keys += external_keys_in([row], self._import.source)
        return self._seen.is_twice(f"{row.number}", *keys)

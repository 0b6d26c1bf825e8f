"""Rows that are organisations: found by external id, number, or name below the same parent."""

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
    faults_of,
    faulty,
    known,
    marked,
    merged,
    number_in,
    unfit,
    validated,
)
from services.registry.commands.organisations import Organisations
from services.registry.domain import import_decisions as decisions
from services.registry.domain import organisation as rules
from services.registry.domain.external import external_key
from services.registry.domain.import_ import Import
from services.registry.domain.organisation import Organisation
from services.registry.domain.organisation_profile import Profile
from services.registry.kinds import ORGANISATION
from shared.contracts.problems import FieldError, Problem, Text
from shared.kind import By, Change, Kind, Rule, Stored
from shared.words import sort_key

_NO_PARENT = Text(
    "Riksorganisationen finns varken i nätverket eller högre upp i filen.",
    "The national organisation is neither in the network nor higher up in the file.",
)
_NOT_NATIONAL = Text(
    "Organisationen är ingen riksorganisation i nätverket. En lokalförening hör till en sådan.",
    "That organisation is no national one of the network. A branch belongs to one.",
)
_SEVERAL = Text(
    "Flera organisationer heter så. Ange organisationsnumret eller riksorganisationen.",
    "Several organisations have that name. Give the number or the national organisation.",
)


class OrganisationRows:
    """Judges and writes rows of organisations."""

    kind: Kind[Organisation] = ORGANISATION

    def __init__(self, organisations: Organisations) -> None:
        self._organisations = organisations

    async def judge(
        self, one: Import, import_id: str, rows: Sequence[Row], seen: Seen | None
    ) -> list[Judged]:
        """Each row's verdict, in the file's order."""
        page = await self._page(one, import_id, rows, seen)
        return [page.judge(row) for row in rows]

    async def change(self, id: str, rule: Rule[Organisation], by: By) -> Stored[Organisation]:
        """Change one organisation."""
        return await self._organisations.change_by_import(id, rule, by)

    async def in_use(self, id: str, import_id: str) -> bool:
        """It hosts, has branches that this import did not make, or people with a role there."""
        return await self._organisations.is_needed(id)

    async def end(self, id: str, import_id: str, by: By) -> None:
        """A member entered by mistake leaves."""

        def rule(one: Organisation) -> Change[Organisation]:
            after, events = decisions.take_out(one)
            return Change(after, marked(events, import_id))

        await self.change(id, rule, by)

    async def _page(
        self, one: Import, import_id: str, rows: Sequence[Row], seen: Seen | None
    ) -> "_Page":
        texts = [
            as_text(row.read.values.get(name))
            for row in rows
            for name in ("name", "number", "parent")
        ]
        external = external_keys_in(rows, one.source)
        found = await self._organisations.known_among(
            {number for text in texts for number in number_in(text)},
            {sort_key(text) for text in texts if text},
            external,
        )
        return _Page(one, import_id, found, seen)


class _Page:
    """Rows judged together against what was loaded for them."""

    def __init__(
        self, one: Import, import_id: str, found: Sequence[Stored[Organisation]], seen: Seen | None
    ) -> None:
        self._import, self._import_id, self._seen = one, import_id, seen
        self._numbers = {got.state.number: got for got in found if got.state.number}
        self._external = {
            external_key(*pair): got for got in found for pair in got.state.external_ids.items()
        }
        self._names: dict[str, list[Stored[Organisation]]] = {}
        for got in found:
            self._names.setdefault(sort_key(got.state.name), []).append(got)

    def judge(self, row: Row) -> Judged:
        """What would become of the row."""
        values = dict(row.read.values)
        if faults := unfit(values):
            return faulty(row, faults)
        parent_faults: tuple[FieldError, ...] = ()
        if values.get("parent") is not None:
            values["parent"], parent_faults = self._parent(str(values["parent"]))
        there, faults = self._there(row, values)
        base = _described(there.state) if there else _by_default(values)
        given = {k: v for k, v in values.items() if k != "external_id"}
        profile, more = validated(Profile, merged(base, given))
        faults = (*faults, *parent_faults, *more)
        if profile is None or faults:
            return faulty(row, faults)
        if self._is_twice(row, there, profile):
            return faulty(row, (FieldError("name", "twice", TWICE),))
        return self._verdict(row, there, profile)

    def _verdict(self, row: Row, there: Stored[Organisation] | None, profile: Profile) -> Judged:
        external = external_ids_in(row, self._import.source)
        if there is not None:
            return known(row, there, lambda one: self._changed(one, profile, external))
        try:
            state, events = rules.enter(profile, self._import_id)
        except Problem as problem:
            return faulty(row, faults_of(problem, "kind"))
        state = state.model_copy(update={"external_ids": external})
        return entered(row, Change(state, self._marked(events)))

    def _changed(
        self, one: Organisation, profile: Profile, external: Mapping[str, str]
    ) -> Change[Organisation]:
        after, events = decisions.describe_organisation(one, profile, external)
        return Change(after, self._marked(events))

    def _marked(self, events: Any) -> Any:
        return marked(events, self._import_id, self._import.notify)

    def _there(
        self, row: Row, values: Mapping[str, Any]
    ) -> tuple[Stored[Organisation] | None, tuple[FieldError, ...]]:
        """The organisation that the row is about, if it is in the network."""
        by_number = next(
            (
                self._numbers[number]
                for number in number_in(as_text(values.get("number")))
                if number in self._numbers
            ),
            None,
        )
        by_id = next(
            (
                self._external[key]
                for key in external_keys_in([row], self._import.source)
                if key in self._external
            ),
            None,
        )
        if by_id and by_number and by_id.id != by_number.id:
            return by_id, (FieldError("number", "number-in-use", IN_USE),)
        if by_id or by_number or values.get("number"):
            return by_id or by_number, ()
        return self._by_name(row, values)

    def _by_name(
        self, row: Row, values: Mapping[str, Any]
    ) -> tuple[Stored[Organisation] | None, tuple[FieldError, ...]]:
        same = self._names.get(sort_key(as_text(values.get("name"))), [])
        if values.get("parent") is not None:
            same = [one for one in same if one.state.parent == values["parent"]]
        if "kind" in values and len(same) > 1:
            same = [one for one in same if one.state.kind == values["kind"]]
        own = [one for one in same if one.id == row.id]
        if len(same) > 1 and not own:
            return None, (FieldError("name", "several", _SEVERAL),)
        return next(iter(own or same), None), ()

    def _parent(self, given: str) -> tuple[str | None, tuple[FieldError, ...]]:
        """The id behind a parent's number or name, in the network or else higher up in the file."""
        id, is_national = self._national(given)
        if id is None:
            return None, (FieldError("parent", "no-such-parent", _NO_PARENT),)
        if not is_national:
            return id, (FieldError("parent", "parent-not-national", _NOT_NATIONAL),)
        return id, ()

    def _national(self, given: str) -> tuple[str | None, bool]:
        found = [self._numbers[one] for one in number_in(given) if one in self._numbers]
        found = found or self._names.get(sort_key(given), [])
        # Where a national organisation and its branch share a name, it is the national one.
        for one in sorted(found, key=lambda one: one.state.kind != "national"):
            return one.id, one.state.kind == "national"
        if self._seen is None:
            return None, False
        for key in (*number_in(given), sort_key(given)):
            if id := self._seen.keys.get(f"called {key}"):
                return id, id in self._seen.nationals
        return None, False

    def _is_twice(self, row: Row, there: Stored[Organisation] | None, profile: Profile) -> bool:
        if self._seen is None:
            return False
        id = there.id if there else row.id
        name = sort_key(profile.name)
        keys = [f"row of {id}"] if there else []
        keys.append(f"number {profile.number}" if profile.number else f"{profile.parent} {name}")
        keys += external_keys_in([row], self._import.source)
        if profile.kind == "national":
            self._seen.nationals.add(id)
        for called in (profile.number, name):
            if called:
                self._seen.keys.setdefault(f"called {called}", id)
        return self._seen.is_twice(f"{row.number}", *keys)


def _described(state: Organisation) -> dict[str, Any]:
    return {name: getattr(state, name) for name in Profile.model_fields}


def _by_default(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "branch" if values.get("parent") else "independent"}

"""What can be done with people and their roles."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from services.registry.commands.active import active_organisations, network_of
from services.registry.commands.aliases import Aliases
from services.registry.commands.erasures import Erasures
from services.registry.commands.invited_addresses import forget_address
from services.registry.commands.roles import Roles
from services.registry.domain import joining
from services.registry.domain import person as rules
from services.registry.domain.person import Person, Profile, Why
from services.registry.kinds import PERSON
from shared.access import PersonSuspended
from shared.caller import KnownPerson
from shared.causes import following
from shared.contracts.problems import NotFound, PreconditionRequired, Refused, Stale
from shared.contracts.registry import PersonSnapshot
from shared.database import Document, Taken
from shared.kind import By, Change, Rule, Stored, new_id
from shared.people import known_person, organisations_of
from shared.store import Store
from shared.tokens import Identity

PAGE = 500
MOST_KNOWN = 10_000


class People:
    """Use cases of the person aggregate; also what access knows people by in this service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.erasures = Erasures(store.database)
        self.roles = Roles(store)
        self._aliases = Aliases(store)

    async def load(self, id: str) -> Stored[Person]:
        """One person, also one who was merged; NotFound for who is erased."""
        stored = await self._store.load(PERSON, id)
        if stored.state.status == "erased":
            raise NotFound()
        return stored

    async def by_identity(self, identity_key: str) -> Stored[Person] | None:
        """The person who signs in with this identity, if they have registered."""
        found = await self._store.find(PERSON, {"keys.identity": identity_key}, limit=1)
        if found and found[0].state.merged is not None:
            return await self._store.load(PERSON, await self._aliases.person(found[0].id))
        return found[0] if found else None

    async def register(self, identity: Identity, profile: Profile, by: By) -> Stored[Person]:
        """Make a person of who has signed in, or give the one they are already new words.

        Two at once make one: the identity is a unique key. Words that differ from the present ones
        need the version they are based on (PreconditionRequired, Stale). Whoever is suspended may
        not (PersonSuspended).
        """
        known = await self.by_identity(identity.key)
        if known is not None:
            return await self._describe_again(known, profile, by)
        if by.expected is not None:
            raise Stale()
        person, events = rules.register(profile, identity.key)
        id = new_id(by)
        try:
            return await self._store.create(
                PERSON, id, Change(person, events), replace(by, actor=id)
            )
        except Taken:
            known = await self.by_identity(identity.key)
            assert known is not None
            return await self._describe_again(known, profile, by)

    async def known_among(
        self, mails: Collection[str], external: Collection[str]
    ) -> list[Stored[Person]]:
        """Those who have one of these mail addresses (in lower case) or external keys."""
        query: Document = {
            "$or": [
                {"keys.mail": {"$in": list(mails)}},
                {"keys.external": {"$in": list(external)}},
            ]
        }
        return await self._store.find(PERSON, query, limit=MOST_KNOWN)

    async def change_by_import(self, id: str, rule: Rule[Person], by: By) -> Stored[Person]:
        """An import's row changes a person."""
        return await self._store.change(PERSON, id, rule, by)

    async def protect(self, id: str, protected: bool, by: By) -> Stored[Person]:
        """Set or lift the protection of an identity."""
        return await self._change(id, lambda one: rules.protect(one, protected), by)

    async def suspend(self, id: str, why: Why, by: By) -> Stored[Person]:
        """Pause an account; Refused for the network's last administrator."""
        return await self.roles.suspend(id, why, by)

    async def reopen(self, id: str, by: By) -> Stored[Person]:
        """Open an account again."""
        return await self._change(id, rules.reopen, by)

    async def come_back(self, id: str, by: By) -> Stored[Person]:
        """Open one's own account again; Refused where an administrator has to."""
        now = self._store.clock.now()
        return await self._change(id, lambda one: rules.come_back(one, now), by)

    async def warn(self, id: str, of: date, by: By) -> Stored[Person]:
        """Tell somebody once of which day their unused account is suspended."""
        return await self._change(id, lambda one: rules.warn(id, one, of), by)

    async def ask_to_join(self, id: str, organisation: str, by: By) -> Stored[Person]:
        """Ask an organisation's coordinators for a role there; Refused while it is not active."""
        if not await self.active_of([organisation]):
            raise Refused(
                "organisation-not-active",
                sv="Organisationen är inte med i nätverket just nu. Välj en annan.",
                en="The organisation is not active in the network now. Choose another.",
            )
        now = self._store.clock.now()
        return await self._change(id, lambda one: joining.ask(one, organisation, now), by)

    async def take_back_ask(self, id: str, organisation: str, by: By) -> Stored[Person]:
        """No longer ask to join."""
        return await self._change(id, lambda one: joining.take_back(one, organisation), by)

    async def decline_ask(self, id: str, organisation: str, by: By) -> Stored[Person]:
        """Say no to who has asked to join."""
        return await self._change(id, lambda one: joining.decline(one, organisation), by)

    async def erase(self, id: str, by: By) -> None:
        """Erase a person here; the tombstone does it everywhere else, the ledger after a restore.

        Refused for the network's last administrator; Stale when changed since `by` has seen it.
        """
        stored = await self._store.load(PERSON, id)
        # Asked before anything is noted down: the ledger must not know of whom nobody erased.
        if by.expected not in (None, stored.version):
            raise Stale(extra={"version": stored.version})
        by = replace(by, expected=None)
        await self.roles.end_as_administrator(id, by)
        person = (await self._store.load(PERSON, id)).state
        if person.mail is not None:
            await forget_address(self._store, person.mail, by)
        await self.erasures.note(id, self._store.clock.now())
        await self._change(id, rules.erase, by)
        await self.erase_losers(id, following(by))

    async def erase_losers(self, id: str, by: By) -> None:
        """Erase every account that was merged into this one: they are the same human."""
        for loser in await self._aliases.losers(PERSON, id):
            await self.erasures.note(loser, self._store.clock.now())
            await self._change(loser, rules.erase, by)

    async def erase_again(self, by: By) -> int:
        """After a restore: erase whom the ledger says was erased; how many they were."""
        done, last = 0, ""
        while True:
            query: Document = {"_id": {"$gt": last}}
            page = await self._store.find(PERSON, query, sort=[("_id", 1)], limit=PAGE)
            if not page:
                return done
            last = page[-1].id
            living = [one.id for one in page if one.state.status != "erased"]
            for id in await self.erasures.among(living):
                await self._change(id, rules.erase, by)
                done += 1

    async def wake(self, id: str, by: By) -> None:
        """Roles whose time is out end."""
        now = self._store.clock.now()
        await self._change(id, lambda one: rules.end_roles(one, now), by)

    async def people_of(self, identity_keys: Collection[str]) -> Mapping[str, KnownPerson]:
        """For shared.access: persons by identity, with which of their organisations are active."""
        keys = list(identity_keys)
        found = await self._store.find(PERSON, {"keys.identity": {"$in": keys}}, limit=len(keys))
        now = await self._as_now(found)
        by_identity = {one.state.identity: now[one.id] for one in found if one.id in now}
        shown = {one.id: _snapshot(one.state) for one in by_identity.values()}
        network = await network_of(self._store, organisations_of(shown.values()))
        return {
            key: known_person(one.id, shown[one.id], network)
            for key, one in by_identity.items()
            if key is not None
        }

    async def _as_now(self, found: Sequence[Stored[Person]]) -> dict[str, Stored[Person]]:
        """By id; whoever was merged as the account that they are now, unless that is erased."""
        living = {one.id: one for one in found if one.state.merged is None}
        merged = [one.id for one in found if one.id not in living]
        if not merged:
            return living
        now = await self._aliases.people(merged)
        winners = await self._store.find(PERSON, {"_id": {"$in": [*now.values()]}}, limit=len(now))
        by_id = {one.id: one for one in winners if one.state.status != "erased"}
        return living | {id: by_id[winner] for id, winner in now.items() if winner in by_id}

    async def active_of(self, ids: Collection[str]) -> frozenset[str]:
        """For shared.access: those of the organisations whose roles have an effect."""
        return await active_organisations(self._store, ids)

    async def replica_age(self) -> float | None:
        """The registry judges by its own documents."""
        return None

    async def _describe_again(
        self, known: Stored[Person], profile: Profile, by: By
    ) -> Stored[Person]:
        if known.state.status == "suspended":
            raise PersonSuspended()
        if by.expected is None:
            if rules.change(known.state, profile)[1]:
                raise PreconditionRequired()
            return known
        own = replace(by, actor=known.id)
        return await self._change(known.id, lambda one: rules.change(one, profile), own)

    async def _change(
        self, id: str, rule: Callable[[Person], rules.Decision], by: By
    ) -> Stored[Person]:
        return await self._store.change(PERSON, id, lambda one: Change(*rule(one)), by)


def _snapshot(person: Person) -> PersonSnapshot:
    shown = PERSON.snapshots["registry.person"](person)
    assert isinstance(shown, PersonSnapshot)
    return shown

"""What can be done with people and their roles."""

from collections.abc import Callable, Collection, Mapping

from services.registry.commands.erasures import Erasures
from services.registry.domain import person as rules
from services.registry.domain.person import Person, Profile
from services.registry.kinds import ORGANISATION, PERSON
from shared.caller import KnownPerson
from shared.contracts.problems import NotFound, PreconditionRequired, Stale
from shared.contracts.registry import RoleGrant
from shared.database import Document, Taken
from shared.people import active_among, known_person, organisations_of
from shared.store import By, Change, Store, Stored, new_id
from shared.tokens import Identity

PAGE = 500


class People:
    """Use cases of the person aggregate; also what access knows people by in this service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.erasures = Erasures(store.database)

    async def load(self, id: str) -> Stored[Person]:
        """One person; NotFound also for who is erased."""
        stored = await self._store.load(PERSON, id)
        if stored.state.status == "erased":
            raise NotFound()
        return stored

    async def by_identity(self, identity_key: str) -> Stored[Person] | None:
        """The person who signs in with this identity, if they have registered."""
        found = await self._store.find(PERSON, {"keys.identity": identity_key}, limit=1)
        return found[0] if found else None

    async def register(self, identity: Identity, profile: Profile, by: By) -> Stored[Person]:
        """Make a person of who has signed in, or give the one they are already new words.

        Two at once make one: the identity is a unique key. Words that differ from the present ones
        need the version they are based on (PreconditionRequired, Stale).
        """
        known = await self.by_identity(identity.key)
        if known is not None:
            return await self._describe_again(known, profile, by)
        if by.expected is not None:
            raise Stale()
        person, events = rules.register(profile, identity.key)
        try:
            return await self._store.create(PERSON, new_id(by), Change(person, events), by)
        except Taken:
            known = await self.by_identity(identity.key)
            assert known is not None
            return await self._describe_again(known, profile, by)

    async def protect(self, id: str, protected: bool, by: By) -> Stored[Person]:
        """Set or lift the protection of an identity."""
        return await self._change(id, lambda one: rules.protect(one, protected), by)

    async def suspend(self, id: str, suspended: bool, by: By) -> Stored[Person]:
        """Pause or reopen an account."""
        return await self._change(id, lambda one: rules.suspend(one, suspended), by)

    async def grant(self, id: str, grant: RoleGrant, by: By) -> Stored[Person]:
        """Give a role; NotFound when there is no such person."""
        return await self._change(id, lambda one: rules.grant(one, grant), by)

    async def grant_once(self, id: str, grant: RoleGrant, by: By) -> None:
        """Give a role that follows from something else; nothing when the person is gone."""
        try:
            await self._change(id, lambda one: rules.grant_once(one, grant), by)
        except NotFound:
            return

    async def revoke(self, id: str, grant_id: str, by: By) -> Stored[Person]:
        """Take a role back."""
        return await self._change(id, lambda one: rules.revoke(one, grant_id), by)

    async def has_coordinator(self, organisation: str, besides: str = "") -> bool:
        """Whether somebody coordinates the organisation now, not counting the person `besides`."""
        now = self._store.clock.now()
        query = {"keys.scopes": f"coordinator:{organisation}", "_id": {"$ne": besides}}
        found = await self._store.find(PERSON, query, limit=200)
        return any(rules.holds(one.state, "coordinator", organisation, now) for one in found)

    async def has_administrator(self) -> bool:
        """Whether the network has an administrator."""
        query = {"keys.scopes": "administrator:*"}
        return bool(await self._store.find(PERSON, query, limit=1))

    async def erase(self, id: str, by: By) -> None:
        """Erase a person here; the tombstone does it everywhere else, the ledger after a restore."""
        person = (await self._store.load(PERSON, id)).state
        await self.erasures.note(id, person.identity, self._store.clock.now())
        await self._change(id, rules.erase, by)

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
        snapshot = PERSON.snapshots["registry.person"]
        shown = {one.id: snapshot(one.state) for one in found}
        active = await self.active_of(organisations_of(shown.values()))  # type: ignore[arg-type]
        return {
            one.state.identity: known_person(one.id, shown[one.id], active)  # type: ignore[arg-type]
            for one in found
            if one.state.identity
        }

    async def active_of(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the organisations that are approved and whose parent, if any, is too."""
        if not ids:
            return frozenset()
        own = await self._store.find(ORGANISATION, {"_id": {"$in": list(ids)}}, limit=500)
        parents = {one.state.parent for one in own if one.state.parent} - {one.id for one in own}
        above = (
            await self._store.find(ORGANISATION, {"_id": {"$in": list(parents)}}, limit=500)
            if parents
            else []
        )
        snapshot = ORGANISATION.snapshots["registry.organisation"]
        return active_among({one.id: snapshot(one.state) for one in [*own, *above]})  # type: ignore[misc]

    async def replica_age(self) -> float | None:
        """The registry judges by its own documents."""
        return None

    async def _describe_again(
        self, known: Stored[Person], profile: Profile, by: By
    ) -> Stored[Person]:
        if by.expected is None:
            if rules.change(known.state, profile)[1]:
                raise PreconditionRequired()
            return known
        return await self._change(known.id, lambda one: rules.change(one, profile), by)

    async def _change(
        self, id: str, rule: Callable[[Person], rules.Decision], by: By
    ) -> Stored[Person]:
        return await self._store.change(PERSON, id, lambda one: Change(*rule(one)), by)

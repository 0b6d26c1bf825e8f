"""What can be done with roles; what depends on others' roles is checked before and after (P5)."""

from collections.abc import Callable, Collection

from services.registry.commands.active import active_organisations
from services.registry.commands.aliases import Aliases
from services.registry.domain import person as rules
from services.registry.domain import second_checks
from services.registry.domain.person import NETWORK, Person, Unsettled, Why
from services.registry.domain.second_checks import Party
from services.registry.kinds import PERSON
from shared import failpoints
from shared.causes import following
from shared.contracts.problems import NotFound, Refused
from shared.contracts.registry import RoleGrant, RoleName
from shared.kind import By, Change, Stored
from shared.store import Store

MOST_HOLDERS = 200


class Roles:
    """Use cases of people's roles."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._aliases = Aliases(store)

    async def grant(
        self, id: str, grant: RoleGrant, by: By, among: Collection[str] | None = None
    ) -> Stored[Person]:
        """Give a role; `result` has the id of the grant that holds.

        With `among` only to who has asked one of these organisations, or has or had a role there.
        NotFound for all others, as when there is no such person.
        """
        id, grant = await self.as_now(id, grant)
        return await self._grant(id, grant, by, among, first=False)

    async def grant_once(self, id: str, grant: RoleGrant, by: By) -> None:
        """Give a role that follows from something else; nothing when the person is gone."""
        id, grant = await self.as_now(id, grant)
        try:
            await self._change(id, lambda one: rules.grant_once(one, grant), by)
        except NotFound:
            return

    async def grant_invited(self, id: str, grant: RoleGrant, by: By, first: bool) -> bool:
        """Give a role that was offered and accepted; whether it stands. Once: see `grant_once`.

        `first`: it is a branch's first coordinator's, and yields when there is another.
        """
        id, grant = await self.as_now(id, grant)
        id, grant = await self.as_now(id, grant)
        first_at = self._store.clock.now() if first else None
        try:
            await self._change(id, lambda one: rules.grant_once(one, grant, first_at), by)
        except NotFound:
            return False
        return not first or await self._stands(id, grant.id, by)

    async def appoint_first(
        self, id: str, grant: RoleGrant, by: By, among: Collection[str]
    ) -> Stored[Person]:
        """Give a branch its first coordinator; Refused when it has one."""
        id, grant = await self.as_now(id, grant)
        if await self.has_coordinator(grant.scope.ids[0], besides=id):
            raise _has_a_coordinator()
        stored = await self._grant(id, grant, by, among, first=True)
        if not await self._stands(id, str(stored.result["id"]), by):
            raise _has_a_coordinator()
        return stored

    async def revoke(
        self, id: str, grant_id: str, by: By, by_administrator: bool = False
    ) -> Stored[Person]:
        """Take a role back.

        Refused for the network's last administrator, and for an organisation's last coordinator
        unless an administrator does it.
        """
        person = (await self._store.load(PERSON, id)).state
        held = next((one for one in person.roles if one.id == grant_id), None)
        if held is None or not await self._must_remain(held, by_administrator):
            return await self._change(id, lambda one: rules.revoke(one, grant_id), by)
        if not await self._has(held.role, _place(held), besides=id):
            raise _last(held.role)
        now = self._store.clock.now()
        stored = await self._change(id, lambda one: rules.revoke(one, grant_id, now), by)
        if await self._stands(id, grant_id, by):
            raise _last(held.role)
        return stored

    async def suspend(self, id: str, why: Why, by: By) -> Stored[Person]:
        """Pause an account; Refused for the network's last administrator."""
        await self.insist_on_administrator_besides(id)
        now = self._store.clock.now()
        stored = await self._change(id, lambda one: rules.suspend(one, why, now), by)
        if not stored.state.unsettled:
            return stored
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        after = await self.reconcile(id, following(by))
        if after.state.status == "active":
            raise _last("administrator")
        return after

    async def end_as_administrator(self, id: str, by: By) -> None:
        """Before somebody leaves for good: give up what may not vanish with them, if they have it.

        Refused for the network's last administrator.
        """
        person = (await self._store.load(PERSON, id)).state
        if not rules.holds(person, "administrator", NETWORK, self._store.clock.now()):
            return
        for held in person.roles:
            if held.role == "administrator":
                await self.revoke(id, held.id, following(by))

    async def has_coordinator(self, organisation: str, besides: str = "") -> bool:
        """Whether somebody coordinates the organisation now, not counting the person `besides`."""
        return await self._has("coordinator", organisation, besides)

    async def has_administrator(self, besides: str = "") -> bool:
        """Whether the network has an administrator in force, not counting the person `besides`."""
        return await self._has("administrator", NETWORK, besides)

    async def insist_on_administrator_besides(self, id: str) -> None:
        """Refuse to lose the network's last administrator."""
        person = (await self._store.load(PERSON, id)).state
        now = self._store.clock.now()
        if not rules.holds(person, "administrator", NETWORK, now):
            return
        if not await self.has_administrator(besides=id):
            raise _last("administrator")

    async def reconcile(self, id: str, by: By) -> Stored[Person]:
        """See that what this person's roles were changed to agrees with everybody else's."""
        stored = await self._store.load(PERSON, id)
        for doubt in stored.state.unsettled:
            await self._decide(id, doubt, by)
        return await self._store.load(PERSON, id) if stored.state.unsettled else stored

    async def as_now(self, id: str, grant: RoleGrant) -> tuple[str, RoleGrant]:
        """For whom and where a role is given, mergers followed."""
        person = await self._aliases.person(id)
        if grant.scope.kind != "organisation":
            return person, grant
        now = await self._aliases.organisations(grant.scope.ids)
        ids = tuple(dict.fromkeys(now[one] for one in grant.scope.ids))
        scope = grant.scope.model_copy(update={"ids": ids})
        return person, grant.model_copy(update={"scope": scope})

    async def _grant(
        self, id: str, grant: RoleGrant, by: By, among: Collection[str] | None, first: bool
    ) -> Stored[Person]:
        first_at = self._store.clock.now() if first else None

        def rule(person: Person) -> Change[Person]:
            if among is not None:
                rules.insist_on_acquaintance(person, among)
            granted, events = rules.grant(person, grant, first_at)
            held = rules.held_as(granted, grant)
            assert held is not None
            return Change(granted, events, {"id": held.id})

        return await self._store.change(PERSON, id, rule, by)

    async def _stands(self, id: str, grant_id: str, by: By) -> bool:
        """After the second check: whether the person holds the role."""
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        after = await self.reconcile(id, following(by))
        return any(held.id == grant_id for held in after.state.roles)

    async def _decide(self, id: str, doubt: Unsettled, by: By) -> None:
        mine = Party(id, (await self._store.load(PERSON, id)).state)
        yielding = None
        if await self._matters(doubt):
            parties = {one.id: one for one in await self._parties(doubt)} | {id: mine}
            now = self._store.clock.now()
            yielding = second_checks.who_yields(mine, doubt, list(parties.values()), now)
        if yielding is not None:
            other, grant_id = yielding
            await self._change(other, lambda one: second_checks.undo(one, grant_id), by)
        if yielding != (id, doubt.grant.id):
            await self._change(id, lambda one: second_checks.settle(one, doubt.grant.id), by)

    async def _parties(self, doubt: Unsettled) -> list[Party]:
        key = f"{doubt.grant.role}:{second_checks.place(doubt)}"
        kinds = ("first",) if doubt.kind == "first" else ("left", "suspended")
        query = {"keys.scopes": {"$in": [key, *(f"{kind}:{key}" for kind in kinds)]}}
        found = await self._store.find(PERSON, query, limit=MOST_HOLDERS)
        return [Party(one.id, one.state) for one in found]

    async def _matters(self, doubt: Unsettled) -> bool:
        return doubt.kind == "first" or await self._must_remain(doubt.grant, False)

    async def _must_remain(self, held: RoleGrant, by_administrator: bool) -> bool:
        if held.role == "administrator":
            return True
        if held.role != "coordinator" or by_administrator:
            return False
        return bool(await active_organisations(self._store, held.scope.ids))

    async def _has(self, role: RoleName, where: str, besides: str) -> bool:
        now = self._store.clock.now()
        query = {"keys.scopes": f"{role}:{where}", "_id": {"$ne": besides}}
        found = await self._store.find(PERSON, query, limit=MOST_HOLDERS)
        return any(rules.holds(one.state, role, where, now) for one in found)

    async def _change(
        self, id: str, rule: Callable[[Person], rules.Decision], by: By
    ) -> Stored[Person]:
        return await self._store.change(PERSON, id, lambda one: Change(*rule(one)), by)


def _place(grant: RoleGrant) -> str:
    return next(iter(grant.scope.ids), NETWORK)


def _has_a_coordinator() -> Refused:
    return Refused(
        "has-a-coordinator",
        sv="Lokalföreningen har redan en samordnare, som själv utser fler.",
        en="The branch has a coordinator already, who appoints others.",
    )


def _last(role: RoleName) -> Refused:
    if role == "administrator":
        return Refused(
            "last-administrator",
            sv="Det är nätverkets sista administratör. Utse en till först.",
            en="This is the network's last administrator. Appoint another first.",
        )
    return Refused(
        "last-coordinator",
        sv="Det är organisationens sista samordnare. Utse en till först, "
        "eller be nätverkets administratör.",
        en="This is the organisation's last coordinator. Appoint another first, "
        "or ask the network administrator.",
    )

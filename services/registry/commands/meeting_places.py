"""What can be done with meeting places; rules across aggregates are checked before and after (P5)."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Literal

from services.registry.commands.aliases import Aliases
from services.registry.commands.people import People
from services.registry.domain import meeting_place as rules
from services.registry.domain.accommodation import Accommodation, shown_municipality
from services.registry.domain.meeting_place_merging import follow_hosts
from services.registry.domain.meeting_place_parts import Description, Terms
from services.registry.domain.meeting_place_state import Decision, MeetingPlace, Standing
from services.registry.domain.meeting_place_time import wake
from services.registry.domain.organisation import ENDED
from services.registry.kinds import ACCOMMODATION, MEETING_PLACE, ORGANISATION
from shared import failpoints
from shared.causes import following
from shared.clock import local_date
from shared.contracts.problems import NotYetKnown
from shared.database import Document
from shared.kind import By, Change, Stored, new_id
from shared.store import Store

PAGE = 200
MOST_SHOWN = 5_000
_NOT_CLOSED: Document = {"keys.status": {"$ne": "closed"}}


class MeetingPlaces:
    """Use cases of the meeting place aggregate."""

    def __init__(self, store: Store, people: People) -> None:
        self._store = store
        self._people = people
        self._aliases = Aliases(store)

    async def load(self, id: str) -> Stored[MeetingPlace]:
        """One meeting place; NotFound when there is none."""
        return await self._store.load(MEETING_PLACE, id)

    async def accommodations(self, ids: Sequence[str]) -> list[Stored[Accommodation]]:
        """The accommodations with these ids, in this order; NotYetKnown when one is missing."""
        if not ids:
            return []
        found = await self._store.find(ACCOMMODATION, {"_id": {"$in": list(ids)}}, limit=len(ids))
        by_id = {one.id: one for one in found}
        if len(by_id) < len(set(ids)):
            raise NotYetKnown(extra={"field": "accommodations"})
        return [by_id[id] for id in ids]

    async def at(self, accommodations: Collection[str]) -> dict[str, list[Stored[MeetingPlace]]]:
        """The meeting places that are not closed, by each of these accommodations that they serve."""
        found: dict[str, list[Stored[MeetingPlace]]] = {id: [] for id in accommodations}
        query = {"keys.accommodations": {"$in": sorted(found)}, **_NOT_CLOSED}
        for place in await self._store.find(MEETING_PLACE, query, limit=MOST_SHOWN):
            for id in found.keys() & set(place.state.accommodations):
                found[id].append(place)
        return found

    async def propose(
        self,
        description: Description,
        accommodations: Sequence[str],
        hosts: Sequence[str],
        terms: Terms,
        by: By,
    ) -> Stored[MeetingPlace]:
        """A host or an officer proposes it."""
        hosts = await self.hosts_now(hosts)
        standing = await self.standing(accommodations, hosts)
        decision = rules.propose(description, accommodations, hosts, terms, standing, self._today())
        stored = await self._store.create(MEETING_PLACE, new_id(by), Change(*decision), by)
        return await self._checked_again(stored, by)

    async def change(self, id: str, description: Description, by: By) -> Stored[MeetingPlace]:
        """Describe it anew."""
        return await self.change_by(id, lambda one: rules.change(one, description), by)

    async def open(self, id: str, by: By) -> Stored[MeetingPlace]:
        """The host opens it."""
        standing, now = await self._standing_of(id), self._store.clock.now()
        return await self.upheld(id, lambda one: rules.open_(one, standing, now), by)

    async def open_on_trial(self, id: str, by: By) -> Stored[MeetingPlace]:
        """The host opens it for the days that an officer has said yes to."""
        standing, now = await self._standing_of(id), self._store.clock.now()
        return await self.upheld(id, lambda one: rules.open_on_trial(one, standing, now), by)

    async def pause(
        self, id: str, cause: Literal["host", "officer"], by: By
    ) -> Stored[MeetingPlace]:
        """For a while nothing happens there."""
        return await self.change_by(id, lambda one: rules.pause(one, cause), by)

    async def resume(self, id: str, by: By) -> Stored[MeetingPlace]:
        """Open again after a pause."""
        standing, now = await self._standing_of(id), self._store.clock.now()
        return await self.upheld(id, lambda one: rules.resume(one, standing, now), by)

    async def serve(self, id: str, accommodations: Sequence[str], by: By) -> Stored[MeetingPlace]:
        """It serves these accommodations from now on."""
        place = (await self.load(id)).state
        standing = await self.standing(accommodations, place.hosts)
        return await self.upheld(id, lambda one: rules.serve(one, accommodations, standing), by)

    async def take_responsibility(self, id: str, host: str, by: By) -> Stored[MeetingPlace]:
        """Another of its hosts answers for it."""
        host = await self.party_now(host)
        place = (await self.load(id)).state
        hosts = [host] if host in place.hosts else place.hosts
        standing = await self.standing(place.accommodations, hosts)
        return await self.upheld(id, lambda one: rules.take_responsibility(one, host, standing), by)

    async def close(
        self, id: str, cause: Literal["host", "officer"], by: By
    ) -> Stored[MeetingPlace]:
        """For good."""
        return await self.change_by(id, lambda one: rules.close(one, cause), by)

    async def wake(self, id: str, by: By) -> None:
        """Its agreement begins, passes on or is over; a new responsible host may not be active."""
        now = self._store.clock.now()
        await self.upheld(id, lambda one: wake(one, now), by)

    async def reconcile(self, id: str, by: By) -> Stored[MeetingPlace]:
        """See that it is no more open than its accommodations and its host allow.

        A host that was merged is what it is now.
        """
        await self._follow_hosts(await self.load(id), by)
        seen = (await self.load(id)).state
        standing = await self.standing(seen.accommodations, seen.hosts)

        def rule(one: MeetingPlace) -> Decision:
            # Whoever has changed houses or hosts meanwhile reconciles after that.
            same = (one.accommodations, one.hosts) == (seen.accommodations, seen.hosts)
            return rules.reconcile(one, standing) if same else (one, ())

        return await self.change_by(id, rule, by)

    async def reconcile_accommodation(self, id: str, by: By) -> None:
        """An accommodation has changed: so may the meeting places at it, closed ones too."""
        await self._reconcile_all({"keys.accommodations": id}, by)

    async def reconcile_organisation(self, id: str, by: By) -> None:
        """An organisation has changed: so may what it hosts, and what its branches host."""
        await self._reconcile_all({"keys.hosts": id, **_NOT_CLOSED}, by)
        last = ""
        while True:
            query: Document = {"keys.parent": id, "_id": {"$gt": last}}
            branches = await self._store.find(ORGANISATION, query, sort=[("_id", 1)], limit=PAGE)
            if not branches:
                return
            last = branches[-1].id
            hosted: Document = {"keys.hosts": {"$in": [one.id for one in branches]}}
            await self._reconcile_all({**hosted, **_NOT_CLOSED}, by)

    async def follow_host(self, organisation: str, by: By) -> None:
        """Whatever a merged organisation hosts or hosted is what it is now's."""
        hosted: Document = {"keys.hosts": organisation}
        while page := await self._store.find(MEETING_PLACE, hosted, limit=PAGE):
            for place in page:
                await self._follow_hosts(place, by)

    async def _follow_hosts(self, place: Stored[MeetingPlace], by: By) -> None:
        renewal = place.state.renewal
        hosts = (*place.state.hosts, *(renewal.hosts if renewal else ()))
        now = await self._aliases.organisations(hosts)
        moment = self._store.clock.now()
        if any(id != into for id, into in now.items()):
            await self.change_by(place.id, lambda one: follow_hosts(one, now, moment), by)

    async def hosts_now(self, hosts: Sequence[str]) -> list[str]:
        """What these organisations are now, each once; NotYetKnown when one is not there."""
        aliases = await self._aliases.organisations(hosts)
        now = list(dict.fromkeys(aliases[id] for id in hosts))
        known = await self._store.find(ORGANISATION, {"_id": {"$in": now}}, limit=len(now))
        if len(known) < len(now):
            raise NotYetKnown(extra={"field": "hosts"})
        return now

    async def party_now(self, party: str) -> str:
        """Which party it is now, where the organisation was merged."""
        return (await self._aliases.organisations([party]))[party]

    async def timeline(self, id: str) -> list[Document]:
        """What has been done with it, by whom and when."""
        return await self._store.timeline(MEETING_PLACE, id)

    async def _reconcile_all(self, query: Document, by: By) -> None:
        last = ""
        while True:
            there = {**query, "_id": {"$gt": last}}
            page = await self._store.find(MEETING_PLACE, there, sort=[("_id", 1)], limit=PAGE)
            for place in page:
                await self.reconcile(place.id, following(by))
            if len(page) < PAGE:
                return
            last = page[-1].id

    async def _checked_again(self, stored: Stored[MeetingPlace], by: By) -> Stored[MeetingPlace]:
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        after = await self.reconcile(stored.id, following(by))
        return Stored(after.id, after.version, after.state, stored.result, stored.repeated)

    async def _standing_of(self, id: str) -> Standing:
        place = (await self.load(id)).state
        return await self.standing(place.accommodations, place.hosts)

    async def upheld(
        self, id: str, rule: Callable[[MeetingPlace], Decision], by: By
    ) -> Stored[MeetingPlace]:
        """Change it by a rule that leans on what stands around it, then look around again (P5)."""
        return await self._checked_again(await self.change_by(id, rule, by), by)

    async def change_by(
        self, id: str, rule: Callable[[MeetingPlace], Decision], by: By
    ) -> Stored[MeetingPlace]:
        """Change it by a rule."""
        return await self._store.change(MEETING_PLACE, id, lambda one: Change(*rule(one)), by)

    async def standing(self, accommodations: Sequence[str], hosts: Sequence[str]) -> Standing:
        """What holds around such a meeting place now; `hosts[0]` would be responsible."""
        houses = [one.state for one in await self.accommodations(accommodations)]
        masked = any(shown_municipality(one) is None for one in houses)
        return Standing(
            counties=tuple(one.county for one in houses),
            municipality=None if masked else houses[0].municipality,
            all_closed=all(one.status == "closed" for one in houses),
            host=await self._host(hosts[0]),
        )

    async def _host(self, id: str) -> Literal["active", "inactive", "ended"]:
        # Merged since: what it hosts follows in a moment, and is neither paused nor closed for that.
        id = await self._aliases.organisation(id)
        host = (await self._store.load(ORGANISATION, id)).state
        if host.status in ENDED:
            return "ended"
        return "active" if id in await self._people.active_of([id]) else "inactive"

    def _today(self) -> date:
        return local_date(self._store.clock.now())

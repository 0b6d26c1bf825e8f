"""Where something happened: an accommodation, or a meeting place with those it serves."""

from collections.abc import Sequence

from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.domain.accommodation import Accommodation
from services.registry.domain.incident import Where
from services.registry.kinds import ACCOMMODATION
from services.registry.permissions.accommodations import sees_accommodation
from services.registry.permissions.meeting_places import Place, sees_place
from shared.caller import Caller
from shared.contracts.problems import NotFound
from shared.kind import Stored
from shared.store import Store


class Places:
    """Finds places as a caller may see them."""

    def __init__(self, store: Store, meeting_places: MeetingPlaces) -> None:
        self._store = store
        self._meeting_places = meeting_places

    async def accommodation(self, id: str, caller: Caller) -> list[Stored[Accommodation]]:
        """The accommodation; NotFound when the caller may not see it."""
        found = await self._store.find(ACCOMMODATION, {"_id": id}, limit=1)
        if not found or not sees_accommodation(caller, found[0]):
            raise NotFound()
        return found

    async def meeting_place(self, id: str, caller: Caller) -> list[Stored[Accommodation]]:
        """The accommodations that a meeting place serves; NotFound when the caller may not see it."""
        stored = await self._meeting_places.load(id)
        houses = await self._meeting_places.accommodations(stored.state.accommodations)
        if not sees_place(caller, Place(stored.state.hosts, houses, stored)):
            raise NotFound()
        return houses

    async def counties(self, ids: Sequence[str]) -> tuple[str, ...]:
        """The counties in which these accommodations lie now, in this order."""
        return tuple(one.state.county for one in await self._meeting_places.accommodations(ids))


def where(houses: Sequence[Stored[Accommodation]], meeting_place: str | None = None) -> Where:
    """The place in the words of an incident."""
    return Where(
        accommodations=tuple(one.id for one in houses),
        counties=tuple(one.state.county for one in houses),
        meeting_place=meeting_place,
    )

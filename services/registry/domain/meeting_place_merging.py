"""A host that was merged is the other now: it hosts, and has signed, as before."""

from collections.abc import Mapping
from datetime import datetime

from services.registry.domain.meeting_place import Decision, MeetingPlace, wake
from services.registry.domain.meeting_place_parts import Signature
from shared.contracts.base import OrganisationId
from shared.contracts.registry import MeetingPlaceChanged


def follow_hosts(
    place: MeetingPlace, now: Mapping[OrganisationId, OrganisationId], moment: datetime
) -> Decision:
    """Hosts and signatures by what the organisations are now, each once, the first of two staying.

    Where the other host had signed and this one had not, the agreement may be complete with that.
    """
    hosts = tuple(dict.fromkeys(now.get(id, id) for id in place.hosts))
    if hosts == place.hosts:
        return place, ()
    moved = place.model_copy(update={"hosts": hosts, "signatures": _signatures(place, now)})
    after, more = wake(moved, moment)
    return after, (MeetingPlaceChanged(fields=("hosts",)), *more)


def _signatures(
    place: MeetingPlace, now: Mapping[OrganisationId, OrganisationId]
) -> tuple[Signature, ...]:
    first: dict[str, Signature] = {}
    for one in place.signatures:
        party = now.get(one.party, one.party)
        first.setdefault(party, one.model_copy(update={"party": party}))
    return tuple(first.values())

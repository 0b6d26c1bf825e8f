"""A host that was merged is the other now: it hosts, and has signed, as before."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.registry.domain.meeting_place_parts import Renewal, Signature
from services.registry.domain.meeting_place_state import Decision, MeetingPlace
from services.registry.domain.meeting_place_time import wake
from shared.contracts.base import OrganisationId
from shared.contracts.registry import MeetingPlaceChanged


def follow_hosts(
    place: MeetingPlace, now: Mapping[OrganisationId, OrganisationId], moment: datetime
) -> Decision:
    """Hosts and signatures by what the organisations are now, each once, the first of two staying.

    Where the other host had signed and this one had not, the agreement may be complete with that.
    """
    moved = place.model_copy(
        update={
            "hosts": _hosts(place.hosts, now),
            "signatures": _signatures(place.signatures, now),
            "renewal": place.renewal and _renewal(place.renewal, now),
            "renewal_signatures": _signatures(place.renewal_signatures, now),
        }
    )
    if (moved.hosts, moved.renewal) == (place.hosts, place.renewal):
        return place, ()
    after, more = wake(moved, moment)
    return after, (MeetingPlaceChanged(fields=("hosts",)), *more)


def _renewal(renewal: Renewal, now: Mapping[OrganisationId, OrganisationId]) -> Renewal:
    return renewal.model_copy(update={"hosts": _hosts(renewal.hosts, now)})


def _hosts(
    hosts: Sequence[OrganisationId], now: Mapping[OrganisationId, OrganisationId]
) -> tuple[OrganisationId, ...]:
    return tuple(dict.fromkeys(now.get(id, id) for id in hosts))


def _signatures(
    signatures: Sequence[Signature], now: Mapping[OrganisationId, OrganisationId]
) -> tuple[Signature, ...]:
    first: dict[str, Signature] = {}
    for one in signatures:
        party = now.get(one.party, one.party)
        first.setdefault(party, one.model_copy(update={"party": party}))
    return tuple(first.values())

"""What a closing plan shows its officers: whom it touches, and how far each accommodation has come."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.commands.closing_plans import Houses, Preview
from services.registry.domain.closing_plan import ClosingPlan, Line, Wanted
from services.registry.domain.following import has_followed, stands_as_planned
from services.registry.domain.meeting_place_state import MeetingPlace
from shared.contracts.problems import FieldError, Language
from shared.kind import Stored

VIEW = "officer"


def plan_shown(plan: Stored[ClosingPlan], houses: Houses) -> dict[str, Any]:
    """Each line with how its accommodation stands: `pending`, `as-planned` or `changed-since`."""
    return {
        **plan_line(plan),
        "houses": [_house_shown(plan.id, line, houses) for line in plan.state.lines],
    }


def plan_line(plan: Stored[ClosingPlan]) -> dict[str, Any]:
    """The plan in a list: how many accommodations, from when to when."""
    days = [line.closes_on for line in plan.state.lines if not line.withdrawn]
    return {
        "id": plan.id,
        "version": plan.version,
        "name": plan.state.name,
        "closing": len(days),
        "first": min(days, default=None),
        "last": max(days, default=None),
    }


def preview_shown(
    wanted: Sequence[Wanted], houses: Houses, preview: Preview, language: Language
) -> dict[str, Any]:
    """Whom the plan would touch, in all and house by house, and what speaks against it."""
    places = {place.id: place for there in preview.places.values() for place in there}
    hosts = {host for place in places.values() for host in place.state.hosts}
    figures = [one.state.residents[-1].total for one in houses.values() if one.state.residents]
    return {
        "touched": {
            "accommodations": len(houses),
            "residents": sum(figures),
            "residents_unknown_at": len(houses) - len(figures),
            "meeting_places": len(places),
            "hosts": sorted(hosts),
        },
        "houses": [
            _preview_line(one, houses, preview.places, preview.faults, language) for one in wanted
        ],
    }


def _house_shown(plan: str, line: Line, houses: Houses) -> dict[str, Any]:
    house = houses[line.accommodation].state
    return {
        **line.model_dump(mode="json", include={"accommodation", "closes_on", "withdrawn"}),
        "name": house.name,
        "now": {"status": house.status, "closes_on": house.closes_on},
        "outcome": _outcome(plan, line, houses),
    }


def _outcome(plan: str, line: Line, houses: Houses) -> str:
    house = houses[line.accommodation].state
    if not has_followed(house, plan, line):
        return "pending"
    return "as-planned" if stands_as_planned(house, line) else "changed-since"


def _preview_line(
    one: Wanted,
    houses: Houses,
    places: Mapping[str, Sequence[Stored[MeetingPlace]]],
    faults: Mapping[str, FieldError],
    language: Language,
) -> dict[str, Any]:
    house, fault = houses[one.accommodation].state, faults.get(one.accommodation)
    return {
        "accommodation": one.accommodation,
        "name": house.name,
        "closes_on": one.closes_on,
        "now": {"status": house.status, "closes_on": house.closes_on},
        "residents": house.residents[-1].total if house.residents else None,
        "meeting_places": [
            {"id": place.id, "name": place.state.name, "hosts": place.state.hosts}
            for place in places.get(one.accommodation, ())
        ],
        "fault": fault and {"code": fault.code, "detail": fault.detail.in_language(language)},
    }

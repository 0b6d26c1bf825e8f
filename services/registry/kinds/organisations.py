"""What the store must know of organisations, and what the public may."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain.conditions import pledge_version
from services.registry.domain.external import external_keys
from services.registry.domain.likeness import traces
from services.registry.domain.organisation import ENDED, Organisation, effective
from services.registry.domain.organisation_profile import works_in
from shared.contracts.registry import OrganisationSnapshot
from shared.kind import Kind, merged_index
from shared.words import sort_key


def _organisation_snapshot(own: Organisation) -> OrganisationSnapshot:
    one = effective(own)
    return OrganisationSnapshot(
        name=one.name,
        kind=one.kind,
        status=one.status,
        parent=one.parent,
        languages=one.languages,
        competences=one.competences,
        target_groups=one.target_groups,
        counties=one.counties,
        municipalities=works_in(one),
        activities_a_week=one.activities_a_week,
        merged_into=one.merged_into,
        pledge_version=pledge_version(own),
        uncoordinated=one.uncoordinated,
    )


def _organisation_keys(one: Organisation) -> dict[str, Any]:
    external = [] if one.status in ENDED else external_keys(one.external_ids)
    return {
        **({"external": external} if external else {}),
        "name": sort_key(one.name),
        "status": one.status,
        "parent": one.parent,
        "applicant": one.applicant,
        # Unique among the not-ended only, so that who has left may come back.
        "number": None if one.status in ENDED else one.number,
        "likely": list(traces(one)),
        "merged_into": one.merged_into,
    }


ORGANISATION = Kind(
    name="registry.organisation",
    state=Organisation,
    snapshots={"registry.organisation": _organisation_snapshot},
    keys=_organisation_keys,
    indexes=(
        IndexModel([("keys.name", ASCENDING), ("_id", ASCENDING)], name="name"),
        IndexModel(
            [("keys.status", ASCENDING), ("keys.name", ASCENDING), ("_id", ASCENDING)],
            name="status",
        ),
        IndexModel([("keys.parent", ASCENDING), ("_id", ASCENDING)], name="branches"),
        IndexModel(
            [
                ("keys.parent", ASCENDING),
                ("keys.status", ASCENDING),
                ("keys.name", ASCENDING),
                ("_id", ASCENDING),
            ],
            name="branches_by_status",
        ),
        IndexModel([("keys.likely", ASCENDING)], name="likely"),
        merged_index("keys.merged_into"),
        IndexModel(
            [("keys.external", ASCENDING)],
            name="external",
            unique=True,
            partialFilterExpression={"keys.external": {"$exists": True}},
        ),
        IndexModel(
            [("keys.applicant", ASCENDING), ("keys.status", ASCENDING)], name="applications"
        ),
        IndexModel(
            [("keys.number", ASCENDING)],
            name="number",
            unique=True,
            partialFilterExpression={"keys.number": {"$type": "string"}},
        ),
    ),
)

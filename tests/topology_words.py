"""Who publishes and who listens, written out: what the contracts and reactions must add up to."""

from deploy.topology import topology

PUBLISHES: dict[str, tuple[str, ...]] = {
    "registry": (
        "organisation",
        "person",
        "contact",
        "accommodation",
        "meeting_place",
        "closing_plan",
        "import",
        "support_case",
        "incident",
        "invitation",
        "invitation_contact",
    ),
    "activities": ("activity", "session", "coverage"),
    "notifications": (),
}
LISTENS: dict[str, tuple[str, ...]] = {
    "registry": (
        "registry.organisation",
        "registry.person",
        "registry.accommodation",
        "registry.meeting_place",
        "registry.invitation",
        "registry.closing_plan",
        "activities.session",
    ),
    "activities": (
        "registry.organisation",
        "registry.person",
        "registry.accommodation",
        "registry.meeting_place",
        "activities.activity",
        "activities.session",
    ),
    "notifications": (
        "registry.organisation",
        "registry.person",
        "registry.contact",
        "registry.accommodation",
        "registry.meeting_place",
        "registry.invitation",
        "registry.invitation_contact",
        "registry.incident",
        "registry.support_case",
        "activities.activity",
        "activities.session",
    ),
}
PLAN = topology(PUBLISHES, LISTENS)

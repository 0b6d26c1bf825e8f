"""What activities does when it hears something."""

LISTENS = (
    "registry.organisation",
    "registry.person",
    "registry.accommodation",
    "registry.meeting_place",
    "activities.activity",
    "activities.session",
)

"""What notifications does when it hears something."""

LISTENS = (
    "registry.organisation",
    "registry.person",
    "registry.contact",
    "registry.accommodation",
    "registry.meeting_place",
    "activities.activity",
    "activities.session",
)

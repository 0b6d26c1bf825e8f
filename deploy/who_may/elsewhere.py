"""What is stated of the permissions of activities and notifications, and of those that all three have."""

from deploy.who_may.statement import ALL, EVERYONE, May, Role, Sees, some

COORDINATOR, NATIONAL, VOLUNTEER = Role.COORDINATOR, Role.NATIONAL, Role.VOLUNTEER
_OWN, _LEADS = some("own"), some("leads")
_COORDINATORS = (COORDINATOR, NATIONAL)

SEES: Sees = {}
"""What activities plans is known to everyone registered."""

COMMON: dict[str, May] = {
    "public": May({}, everyone=True),
    "signed-in": May({}, strangers=True),
    "operate": May({Role.OPERATOR: ALL}, door=(Role.OPERATOR,)),
}
ACTIVITIES: dict[str, May] = {
    "activity.read": May(dict.fromkeys(EVERYONE, ALL), "activity"),
    "activity.plan": May({COORDINATOR: _OWN}, "plan", door=_COORDINATORS),
    "activity.run": May({COORDINATOR: _OWN}, "activity", door=_COORDINATORS),
    "session.read": May(dict.fromkeys(EVERYONE, ALL), "session"),
    "session.sign_up": May(
        {COORDINATOR: _OWN, VOLUNTEER: _OWN | _LEADS}, "session", door=(*_COORDINATORS, VOLUNTEER)
    ),
    "session.own_seat": May(dict.fromkeys(EVERYONE, ALL)),
    "helping": May(dict.fromkeys(EVERYONE, ALL)),
    "session.run": May({COORDINATOR: _OWN}, "session", door=_COORDINATORS),
    "session.lead": May({COORDINATOR: _OWN, VOLUNTEER: _LEADS}, "session"),
    "reflection.read": May(
        {COORDINATOR: _OWN, VOLUNTEER: _LEADS, Role.ADMINISTRATOR: ALL}, "session"
    ),
    "coverage.read": May(dict.fromkeys(EVERYONE, ALL)),
}
NOTIFICATIONS: dict[str, May] = {
    "inbox": May(dict.fromkeys(EVERYONE, some("self"))),
    "preferences": May(dict.fromkeys(EVERYONE, some("self"))),
}

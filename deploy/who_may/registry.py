"""What is stated of the registry's permissions; words.py says what the ways to stand mean."""

from deploy.who_may.statement import ALL, EVERYONE, PUBLIC, WITH_A_ROLE, May, Role, Sees, some

ADMINISTRATOR, OFFICER, READER = Role.ADMINISTRATOR, Role.OFFICER, Role.READER
COORDINATOR, NATIONAL, VOLUNTEER = Role.COORDINATOR, Role.NATIONAL, Role.VOLUNTEER
REGISTERED, OPERATOR = Role.REGISTERED, Role.OPERATOR

_OWN = some("own")
_COORDINATORS = (COORDINATOR, NATIONAL)
_PARTIES = (COORDINATOR, NATIONAL, OFFICER)
_OPEN = some("own other")

SEES: Sees = {
    "organisation": {
        **dict.fromkeys(EVERYONE, PUBLIC),
        REGISTERED: PUBLIC | some("own-application"),
        NATIONAL: PUBLIC | some("child-application"),
        ADMINISTRATOR: ALL,
    },
    "person": {
        **dict.fromkeys(EVERYONE, some("self")),
        **dict.fromkeys(_COORDINATORS, some("self own")),
        ADMINISTRATOR: ALL,
    },
    "accommodation": {
        **dict.fromkeys(WITH_A_ROLE, _OPEN),
        OFFICER: _OPEN | some("own-planned"),
        ADMINISTRATOR: ALL,
    },
    "closing-plan": {OFFICER: _OWN},
    "meeting-place": {
        **dict.fromkeys(WITH_A_ROLE, some("own child other")),
        OFFICER: some("own child other own-proposal"),
        ADMINISTRATOR: ALL,
    },
    "import": {OFFICER: _OWN, ADMINISTRATOR: _OWN},
    "support-case": {COORDINATOR: _OWN, ADMINISTRATOR: ALL},
    "incident": {VOLUNTEER: some("reported"), OFFICER: _OWN, ADMINISTRATOR: ALL},
    "complaint": {
        COORDINATOR: _OWN,
        OFFICER: some("own own-about-a-person"),
        ADMINISTRATOR: ALL,
    },
    "invitation": {COORDINATOR: _OWN, ADMINISTRATOR: ALL},
}
"""Kind of object → who sees which of them; a kind that is not here hides nothing."""

_DECIDED_BY = {NATIONAL: some("child child-application"), ADMINISTRATOR: ALL}
_OWN_COORDINATORS = {COORDINATOR: _OWN, NATIONAL: _OWN, ADMINISTRATOR: ALL}
_ADMINISTRATORS = {ADMINISTRATOR: ALL}

ORGANISATIONS = {
    "organisation.apply": May({}),
    "organisation.read": May(dict.fromkeys(EVERYONE, ALL), "organisation"),
    "organisation.ask-to-join": May(dict.fromkeys(EVERYONE, ALL), "organisation"),
    "organisation.change": May(
        {**_OWN_COORDINATORS, REGISTERED: some("own-application")}, "organisation"
    ),
    "organisation.timeline": May(
        {
            **_OWN_COORDINATORS,
            REGISTERED: some("own-application"),
            NATIONAL: some("own child child-application"),
        },
        "organisation",
    ),
    "organisation.people": May(_OWN_COORDINATORS, "organisation"),
    "organisation.confirm-branches": May(_OWN_COORDINATORS, "organisation"),
    "organisation.leave": May(_OWN_COORDINATORS, "organisation"),
    "organisation.decide": May(_DECIDED_BY, "organisation", door=(*_COORDINATORS, ADMINISTRATOR)),
    "organisation.merge": May(_DECIDED_BY, "organisation", door=(*_COORDINATORS, ADMINISTRATOR)),
    "organisation.move": May(_ADMINISTRATORS, "organisation", door=(ADMINISTRATOR,)),
    "organisation.exclude": May(_ADMINISTRATORS, "organisation", door=(ADMINISTRATOR,)),
}

_GRANTERS = (*_PARTIES, ADMINISTRATOR)
_MAY_GRANT = {
    COORDINATOR: _OWN,
    NATIONAL: some("own child-coordinator"),
    OFFICER: some("own-area"),
    ADMINISTRATOR: ALL,
}

PEOPLE = {
    "me": May(dict.fromkeys(EVERYONE, ALL)),
    "person.read": May(dict.fromkeys(EVERYONE, ALL), "person"),
    "person.extract": May(
        {COORDINATOR: some("self own"), NATIONAL: some("self own")}, "person", door=_COORDINATORS
    ),
    "person.answer": May(
        {COORDINATOR: some("self own"), NATIONAL: some("self own"), ADMINISTRATOR: ALL}, "person"
    ),
    "person.administer": May(_ADMINISTRATORS, "person", door=(ADMINISTRATOR,)),
    "person.merge": May(_ADMINISTRATORS, "person", door=(ADMINISTRATOR,)),
    "person.erase": May({**dict.fromkeys(EVERYONE, some("self")), ADMINISTRATOR: ALL}, "person"),
    "role.grant": May(_MAY_GRANT, "role", door=_GRANTERS),
    "role.revoke": May(
        {
            **dict.fromkeys(EVERYONE, some("self")),
            COORDINATOR: some("self own"),
            OFFICER: some("self own-area"),
            ADMINISTRATOR: ALL,
        },
        "person",
        sees={OFFICER: some("own-area")},
    ),
    "invitation.send": May(_MAY_GRANT, "role", door=_GRANTERS),
    "invitation.read": May({COORDINATOR: _OWN, ADMINISTRATOR: ALL}, "invitation"),
    "invitation.withdraw": May({COORDINATOR: _OWN, ADMINISTRATOR: ALL}, "invitation"),
    "invitation.resend": May({COORDINATOR: _OWN, ADMINISTRATOR: ALL}, "invitation", door=_GRANTERS),
}

_AREA = {OFFICER: some("own own-planned")}
_WAY = {OFFICER: some("own own-planned"), COORDINATOR: _OWN}

ACCOMMODATIONS = {
    "accommodation.register": May({OFFICER: _OWN}, "county", door=(OFFICER,)),
    "accommodation.read": May(dict.fromkeys(WITH_A_ROLE, ALL), "accommodation", door=WITH_A_ROLE),
    "accommodation.run": May(_AREA, "accommodation", door=(OFFICER,)),
    "accommodation.way-there": May(_WAY, "accommodation", door=WITH_A_ROLE),
    "accommodation.site-contact": May(_WAY, "accommodation", door=WITH_A_ROLE),
    "closing-plan.decide": May({OFFICER: _OWN}, "wave", door=(OFFICER,)),
    "closing-plan.run": May({OFFICER: _OWN}, "closing-plan", door=(OFFICER,)),
    "import.check": May(
        {OFFICER: some("accommodations"), ADMINISTRATOR: some("organisations")},
        "file",
        door=(OFFICER, ADMINISTRATOR),
    ),
    "import.read": May(
        {OFFICER: _OWN, ADMINISTRATOR: _OWN}, "import", door=(OFFICER, ADMINISTRATOR)
    ),
    "import.change": May(
        {OFFICER: _OWN, ADMINISTRATOR: _OWN}, "import", door=(OFFICER, ADMINISTRATOR)
    ),
}

_PARTY = {COORDINATOR: _OWN, OFFICER: some("own own-proposal")}

MEETING_PLACES = {
    "meeting-place.propose": May(_PARTY, "proposal", door=_PARTIES),
    "meeting-place.read": May(dict.fromkeys(WITH_A_ROLE, ALL), "meeting-place", door=WITH_A_ROLE),
    "meeting-place.run": May(_PARTY, "meeting-place", door=_PARTIES),
    "meeting-place.sign-renewal": May(_PARTY, "meeting-place", door=_PARTIES),
    "meeting-place.speak-for-agency": May(
        {OFFICER: some("own own-proposal")}, "meeting-place", door=(OFFICER,)
    ),
    "meeting-place.open": May({COORDINATOR: _OWN}, "meeting-place", door=_COORDINATORS),
}

_BOTH_SIDES = {COORDINATOR: _OWN, ADMINISTRATOR: ALL}
_OVERSEERS = {OFFICER: _OWN, ADMINISTRATOR: ALL}

CONVERSATIONS = {
    "support-case.ask": May({COORDINATOR: _OWN, NATIONAL: _OWN}, "asks-for", door=_COORDINATORS),
    "support-case.read": May(_BOTH_SIDES, "support-case"),
    "support-case.close": May(_BOTH_SIDES, "support-case"),
    "support-case.reopen": May({COORDINATOR: _OWN}, "support-case"),
    "support-case.answer": May(_ADMINISTRATORS, "support-case", door=(ADMINISTRATOR,)),
    "incident.choices": May({}, door=WITH_A_ROLE),
    "incident.report": May(
        {VOLUNTEER: _OWN, COORDINATOR: _OWN, OFFICER: _OWN, ADMINISTRATOR: ALL},
        "place",
        door=WITH_A_ROLE,
    ),
    "incident.read": May({**_OVERSEERS, VOLUNTEER: some("reported")}, "incident"),
    "incident.handle": May(_OVERSEERS, "incident", door=(OFFICER, ADMINISTRATOR)),
    "complaint.read": May(
        {COORDINATOR: _OWN, OFFICER: some("own own-about-a-person"), ADMINISTRATOR: ALL},
        "complaint",
        door=(*_PARTIES, ADMINISTRATOR),
    ),
}

STATEMENTS: dict[str, May] = {
    **ORGANISATIONS,
    **PEOPLE,
    **ACCOMMODATIONS,
    **MEETING_PLACES,
    **CONVERSATIONS,
}

"""Who may do what in activities. Tests walk every route for the one it states."""

from services.activities.domain.activity import Activity
from services.activities.domain.session import Session
from shared.caller import Caller, Role
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission

REGISTERED = Text("Alla som är registrerade", "Everyone registered")
OWN_COORDINATORS = Text("Arrangörens samordnare", "The organiser's coordinators")
LEADER_OR_COORDINATORS = Text(
    "Den som leder tillfället, arrangörens samordnare",
    "Whoever leads the session, the organiser's coordinators",
)


def is_coordinator(caller: Caller) -> bool:
    """A coordinator of some active organisation."""
    return caller.has(Role.COORDINATOR)


def is_helper(caller: Caller) -> bool:
    """A volunteer or coordinator of some active organisation."""
    return is_coordinator(caller) or caller.has(Role.VOLUNTEER)


def runs(caller: Caller, one: Stored[Session]) -> bool:
    """A coordinator of the session's organiser."""
    return caller.coordinates(one.state.organiser)


def leads(caller: Caller, one: Stored[Session]) -> bool:
    """Whoever is its leader, or a coordinator of its organiser."""
    return runs(caller, one) or is_leader(caller, one)


def is_leader(caller: Caller, one: Stored[Session]) -> bool:
    """Seated to lead the session, and one of the organiser's own still: a seat alone gives no right."""
    return one.state.leader == caller.person_id and helps_there(caller, one)


def helps_there(caller: Caller, one: Stored[Session]) -> bool:
    """A volunteer or coordinator of the session's organiser."""
    return runs(caller, one) or caller.volunteers_for(one.state.organiser)


def is_national_officer(caller: Caller) -> bool:
    """An officer whose scope is the whole country."""
    return caller.is_officer_for("")


def sees_activity(caller: Caller, one: Stored[Activity]) -> bool:
    """A draft is its organiser's coordinators' own."""
    return one.state.status != "draft" or caller.coordinates(one.state.organiser)


READ_ACTIVITIES = Permission[Stored[Activity]](
    "activity.read",
    Text(
        "Alla som är registrerade; utkast bara arrangörens samordnare",
        "Everyone registered; drafts only the organiser's coordinators",
    ),
    visible=sees_activity,
)
PLAN = Permission[str](
    "activity.plan",
    OWN_COORDINATORS,
    rule=is_coordinator,
    within=lambda caller, organiser: caller.coordinates(organiser),
)
RUN_ACTIVITY = Permission[Stored[Activity]](
    "activity.run",
    OWN_COORDINATORS,
    rule=is_coordinator,
    visible=sees_activity,
    within=lambda caller, one: caller.coordinates(one.state.organiser),
)
READ_SESSIONS = Permission[object]("session.read", REGISTERED)
SIGN_UP = Permission[Stored[Session]](
    "session.sign_up",
    Text("Arrangörens volontärer och samordnare", "The organiser's volunteers and coordinators"),
    rule=is_helper,
    within=helps_there,
)
OWN_SEAT = Permission[object](
    "session.own_seat", Text("Var och en om sin egen plats", "Everyone about their own seat")
)
OWN_HELPING = Permission[object](
    "helping",
    Text("Var och en om vad som passar en själv", "Everyone about what suits themselves"),
)
RUN_SESSION = Permission[Stored[Session]](
    "session.run", OWN_COORDINATORS, rule=is_coordinator, within=runs
)
LEAD_SESSION = Permission[Stored[Session]]("session.lead", LEADER_OR_COORDINATORS, within=leads)
READ_REFLECTION = Permission[Stored[Session]](
    "reflection.read",
    Text(
        "Den som leder tillfället, arrangörens samordnare; nätverkssamordnare utan orden",
        "Whoever leads the session, the organiser's coordinators; administrators without the words",
    ),
    within=lambda caller, one: caller.is_administrator or leads(caller, one),
)
READ_COVERAGE = Permission[object](
    "coverage.read",
    Text(
        "Alla som är registrerade; exakta tal bara handläggare inom sitt område",
        "Everyone registered; exact figures only officers within their scope",
    ),
)

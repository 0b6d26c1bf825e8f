"""What the routes find at hand: the use cases of this process."""

from dataclasses import dataclass

from starlette.requests import Request

from services.activities.commands.activities import Activities
from services.activities.commands.afterwards import Afterwards
from services.activities.commands.asking import Asking
from services.activities.commands.coverage import Coverages
from services.activities.commands.drafts import Drafts
from services.activities.commands.helping import Helping
from services.activities.commands.previews import Previews
from services.activities.commands.series import Series
from services.activities.commands.sessions import Sessions
from services.activities.finding import Finding
from services.activities.replicas import Replicas
from shared.store import Store


@dataclass(frozen=True)
class Here:
    """The use cases of activities."""

    store: Store
    replicas: Replicas
    activities: Activities
    drafts: Drafts
    previews: Previews
    series: Series
    sessions: Sessions
    afterwards: Afterwards
    coverages: Coverages
    helping: Helping
    finding: Finding
    asking: Asking


def here(request: Request) -> Here:
    """The activities of this process."""
    found: Here = request.app.state.activities
    return found

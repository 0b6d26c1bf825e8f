"""What the registry says: one file per aggregate, one place to import from."""

from shared.contracts.registry.accommodations import *
from shared.contracts.registry.closing_plans import *
from shared.contracts.registry.imports import *
from shared.contracts.registry.incidents import *
from shared.contracts.registry.invitations import *
from shared.contracts.registry.meeting_places import *
from shared.contracts.registry.organisations import *
from shared.contracts.registry.people import *
from shared.contracts.registry.support_cases import *

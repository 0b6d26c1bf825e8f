"""What activities says: one file per aggregate, one place to import from."""

from shared.contracts.activities.activities import *
from shared.contracts.activities.coverage import *
from shared.contracts.activities.sessions import *
from shared.contracts.activities.vocabulary import *

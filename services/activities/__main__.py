"""`python -m services.activities` runs one copy."""

from services.activities.app import NAME, create
from shared.serve import serve

serve(NAME, create)

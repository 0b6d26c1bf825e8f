"""`python -m services.notifications` runs one copy."""

from services.notifications.app import NAME, create
from shared.serve import serve

serve(NAME, create)

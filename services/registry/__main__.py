"""`python -m services.registry` runs one copy."""

from services.registry.app import NAME, create
from shared.serve import serve

serve(NAME, create)

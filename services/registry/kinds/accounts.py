"""What the store must know of accounts; nobody is told of them."""

from services.registry.domain import account as rules
from services.registry.domain.account import Account
from shared.kind import Kind

ACCOUNT = Kind(name="registry.account", state=Account, wakes_at=rules.wakes_at)

"""Addresses that wait in invitations, of people who may be no members at all (P16)."""

from contextlib import suppress

from services.registry.domain import invitation as rules
from services.registry.domain.invitation import Invitation
from services.registry.kinds import INVITATION
from shared.causes import following
from shared.contracts.problems import Refused
from shared.database import Document
from shared.kind import By, Change
from shared.store import Store

ENOUGH = 200
"""Invitations to one address that are read at a time."""


async def forget_address(store: Store, mail: str, by: By) -> None:
    """Withdraw what waits at an address whose owner is to leave no trace here."""
    query: Document = {"keys.mail": rules.folded(mail)}
    while found := await store.find(INVITATION, query, limit=ENOUGH):
        for one in found:
            # Accepted meanwhile, it has no address any more either.
            with suppress(Refused):
                await store.change(INVITATION, one.id, _withdrawn, following(by))


def _withdrawn(invitation: Invitation) -> Change[Invitation]:
    return Change(*rules.withdraw(invitation))

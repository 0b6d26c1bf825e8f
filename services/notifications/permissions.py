"""Who may do what in notifications. Tests walk every route for the one it states."""

from shared.contracts.problems import Text
from shared.permissions import Permission

OWN_INBOX = Permission[object](
    "inbox", Text("Var och en om sin egen inkorg", "Everyone about their own inbox")
)
OWN_PREFERENCES = Permission[object](
    "preferences", Text("Var och en om sina egna val", "Everyone about their own choices")
)

"""Places at which a test may have the process killed, to prove that nothing is lost there.

Only SAMVERKAN_MODE=test arms one (shared.settings refuses it elsewhere); else each call is a
comparison of two strings.
"""

import os
import signal

BEFORE_COMMIT = "before-commit"
AFTER_COMMIT = "after-commit"
AFTER_PUBLISH = "after-publish"
AFTER_CONFIRM = "after-confirm"
AFTER_HISTORY = "after-history"
BEFORE_EFFECT = "before-effect"
AFTER_EFFECT = "after-effect"
AFTER_FAILED_ROW = "after-failed-row"
BETWEEN_CHECKS = "between-checks"
WITHIN_CHANGE_MANY = "within-change-many"
AFTER_LEASE = "after-lease"
WITHIN_IMPORT = "within-import"
AFTER_PROVIDER_YES = "after-provider-yes"

ALL = tuple(
    value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)
)

_armed = ""


def arm(name: str) -> None:
    """Have the process killed the next time it reaches `name`; empty disarms."""
    if name and name not in ALL:
        raise ValueError(f"no failpoint {name!r}; there are: {', '.join(ALL)}")
    global _armed
    _armed = name


def reach(name: str) -> None:
    """Die here by SIGKILL if `name` is armed."""
    if name == _armed:
        os.kill(os.getpid(), signal.SIGKILL)

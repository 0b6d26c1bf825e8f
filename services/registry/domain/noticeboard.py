"""The code on a meeting place's noticeboard: random, replaceable, and no id of anything.

Whoever stands before the board may say by it that something is wrong, without being asked who.
"""

import re
from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.contracts.base import PersonId

# No signs that are taken for one another on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 16
_CODE = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


class Noticeboard(BaseModel):
    """The aggregate; its id is the meeting place's. An earlier code leads nowhere."""

    model_config = ConfigDict(frozen=True)

    code: str
    renewed_by: PersonId
    renewed_at: datetime


def new_code(choose: Callable[[str], str]) -> str:
    """Sixteen signs (79 bits), each chosen by `choose`."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))


def is_code(text: str) -> bool:
    """True when it could be one."""
    return _CODE.fullmatch(text) is not None

"""The one aggregate that people change here: what they want by mail. Nothing of it is published."""

from typing import Any

from services.notifications.domain.preferences import Preferences
from shared.kind import Kind

PREFERENCES = Kind(name="notifications.preferences", state=Preferences)

KINDS: tuple[Kind[Any], ...] = (PREFERENCES,)

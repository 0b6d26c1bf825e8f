"""Why somebody or something fits, in words."""

from typing import Any

from services.activities.domain.fitting import Fit
from shared.contracts.problems import Language


def fit_shown(fit: Fit, language: Language) -> dict[str, Any]:
    """The reasons one by one, and as one line; only what fits is ever said."""
    reasons = [
        {"code": one.code, "words": one.words.in_language(language)}
        for one in fit.reasons
        if one.words is not None
    ]
    return {"why": ", ".join(one["words"] for one in reasons), "reasons": reasons}

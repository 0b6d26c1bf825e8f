"""Swedish words for searching and sorting (P20): pure functions, the same everywhere."""

import unicodedata

_LETTERS_WITHOUT_ACCENT = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "\u0131": "i"}
)
# å, ä and ö come last, in that order: `{|}` are the three characters after z in ASCII.
_SWEDISH_LAST = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}", "ü": "y"})


def fold(text: str) -> str:
    """Lower case without accents, for finding: `Östersund` and `ostersund` fold alike."""
    text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS_WITHOUT_ACCENT)
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in text if not unicodedata.category(letter).startswith("M"))


def sort_key(text: str) -> str:
    """A string that sorts bytewise in Swedish order: case and accents ignored, å ä ö last.

    Punctuation counts as one space, so `S:t Olof` stands beside `St Olof`'s neighbours and no sign
    can pose as a letter.
    """
    lowered = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    words = "".join(letter if letter.isalnum() else _space_or_mark(letter) for letter in lowered)
    return fold(" ".join(words.split()).translate(_SWEDISH_LAST))


def _space_or_mark(letter: str) -> str:
    return letter if unicodedata.category(letter).startswith("M") else " "

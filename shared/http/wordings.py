"""Words for each kind of fault that pydantic finds: its type → our code and text."""

from shared.contracts.problems import Text

Wording = tuple[str, Text]

INVALID: Wording = (
    "invalid",
    Text(
        "Värdet går inte att använda här. Rätta det.",
        "The value cannot be used here. Correct it.",
    ),
)
UNKNOWN_FIELD: Wording = (
    "unknown-field",
    Text("Fältet finns inte här. Ta bort det.", "There is no such field here. Remove it."),
)
REQUIRED: Wording = ("required", Text("Fyll i det här.", "Fill this in."))
_TEXT: Wording = ("not-a-text", Text("Skriv en text här.", "Write a text here."))
_WHOLE: Wording = (
    "not-a-whole-number",
    Text("Skriv ett heltal här.", "Write a whole number here."),
)
_NUMBER: Wording = ("not-a-number", Text("Skriv ett tal här.", "Write a number here."))
_YES_NO: Wording = (
    "not-true-or-false",
    Text("Svara true eller false.", "Answer true or false."),
)
_TIME: Wording = (
    "not-a-time",
    Text(
        "Skriv tidpunkten så här: 2027-01-12T17:00:00Z.",
        "Write the time like this: 2027-01-12T17:00:00Z.",
    ),
)
_CLOCK: Wording = (
    "not-a-time",
    Text("Skriv klockslaget så här: 18:00.", "Write the time of day like this: 18:00."),
)
_ZONE: Wording = (
    "no-time-zone",
    Text(
        "Tidpunkten saknar tidszon. Lägg till Z för UTC.",
        "The time has no time zone. Add Z for UTC.",
    ),
)
_DATE: Wording = (
    "not-a-date",
    Text("Skriv datumet så här: 2027-01-12.", "Write the date like this: 2027-01-12."),
)
_PAST: Wording = ("not-in-the-past", Text("Välj en tid som varit.", "Choose a past time."))
_FUTURE: Wording = (
    "not-in-the-future",
    Text("Välj en tid som inte varit än.", "Choose a time that is still to come."),
)
_LIST: Wording = ("not-a-list", Text("Skicka en lista här.", "Send a list here."))
_OBJECT: Wording = (
    "not-an-object",
    Text("Skicka ett objekt med fält här.", "Send an object with fields here."),
)
_CHOICE: Wording = (
    "not-one-of",
    Text("Välj något av: {expected}.", "Choose one of: {expected}."),
)
_FORM: Wording = (
    "wrong-form",
    Text(
        "Värdet har fel form. Se exemplet i API-beskrivningen.",
        "The value has the wrong form. See the example in the API description.",
    ),
)

WORDINGS: dict[str, Wording] = {
    "missing": REQUIRED,
    "extra_forbidden": UNKNOWN_FIELD,
    "string_too_short": (
        "too-short",
        Text("Skriv minst {limit} tecken.", "Write at least {limit} characters."),
    ),
    "string_too_long": (
        "too-long",
        Text("Skriv högst {limit} tecken.", "Write at most {limit} characters."),
    ),
    "too_short": ("too-few", Text("Ange minst {limit}.", "Give at least {limit}.")),
    "too_long": ("too-many", Text("Ange högst {limit}.", "Give at most {limit}.")),
    "greater_than_equal": (
        "too-small",
        Text("Talet ska vara minst {limit}.", "The number must be at least {limit}."),
    ),
    "greater_than": (
        "too-small",
        Text("Talet ska vara större än {limit}.", "The number must be more than {limit}."),
    ),
    "less_than_equal": (
        "too-large",
        Text("Talet ska vara högst {limit}.", "The number must be at most {limit}."),
    ),
    "less_than": (
        "too-large",
        Text("Talet ska vara mindre än {limit}.", "The number must be less than {limit}."),
    ),
    "multiple_of": (
        "not-a-multiple",
        Text("Talet ska vara en multipel av {limit}.", "The number must be a multiple of {limit}."),
    ),
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "time_type": _CLOCK,
    "time_parsing": _CLOCK,
    "timezone_aware": _ZONE,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_past": _PAST,
    "datetime_past": _PAST,
    "date_future": _FUTURE,
    "datetime_future": _FUTURE,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "union_tag_invalid": _FORM,
    "union_tag_not_found": _FORM,
    "string_pattern_mismatch": _FORM,
    "uuid_type": _FORM,
    "uuid_parsing": _FORM,
    "uuid_version": _FORM,
    "url_type": _FORM,
    "url_parsing": _FORM,
}

"""What can go wrong, in words for people and codes for programs.

A domain rule raises one of these; shared/http turns it into problem+json (RFC 9457).
The texts say what is wrong and what to do next. They never repeat free text, a mail address,
a phone number or a personal number that the caller sent: answers and logs would keep them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Language = Literal["sv", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or two, in both languages; `{name}` marks a value to fill in."""

    sv: str
    en: str

    def filled(self, **values: object) -> "Text":
        """The same text with its named values in place."""
        return Text(self.sv.format(**values), self.en.format(**values))

    def in_language(self, language: Language) -> str:
        """The text in the language asked for."""
        return self.sv if language == "sv" else self.en


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `field` is its dotted path (`groups.0.count`)."""

    field: str
    code: str
    detail: Text


class Problem(Exception):
    """What the caller is told: stable `code`, HTTP `status`, title and detail in two languages.

    `code` is kebab-case and never changes once published. `retry_after` is in seconds. `fields` are
    all faulty fields at once. `extra` is small and machine-readable and stands beside `code` in the
    answer. Subclasses give each HTTP meaning its status and its default code and words.
    """

    code: str = "unexpected"
    status: int = 500
    title: Text = Text("Något gick fel hos oss", "Something went wrong on our side")
    detail: Text = Text(
        "Det är inte ditt fel. Försök igen om en stund.",
        "It is not your fault. Try again in a while.",
    )
    retry_after: float | None = None
    standing_headers: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        code: str | None = None,
        detail: Text | None = None,
        *,
        sv: str | None = None,
        en: str | None = None,
        title: Text | None = None,
        retry_after: float | None = None,
        fields: tuple[FieldError, ...] = (),
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Give the words as `sv` and `en` or as one `detail`; else the kind's own are used."""
        self.code = code or self.code
        if sv is not None and en is not None:
            self.detail = Text(sv, en)
        elif detail is not None:
            self.detail = detail
        self.title = title or self.title
        self.retry_after = self.retry_after if retry_after is None else retry_after
        self.fields = fields
        self.extra: dict[str, object] = dict(extra or {})
        self.headers: dict[str, str] = {**self.standing_headers, **(headers or {})}
        super().__init__(self.code)


class BadRequest(Problem):
    """400: the request itself cannot be read."""

    code = "bad-request"
    status = 400
    title = Text("Vi kunde inte läsa förfrågan", "We could not read the request")
    detail = Text(
        "Förfrågan har ett format vi inte förstår. Rätta den och skicka igen.",
        "The request has a form we do not understand. Correct it and send it again.",
    )


class UnknownField(BadRequest):
    """400: a parameter we do not have, or that the caller may not see (same answer)."""

    code = "unknown-field"
    title = Text("Okänt fält", "Unknown field")
    detail = Text(
        "Ett fält i förfrågan finns inte här. Ta bort det, eller se API-beskrivningen.",
        "A field in the request does not exist here. Remove it, or see the API description.",
    )


class NotSignedIn(Problem):
    """401: no token, or one that does not hold. Carries WWW-Authenticate."""

    code = "not-signed-in"
    status = 401
    title = Text("Du behöver logga in", "You need to sign in")
    detail = Text(
        "Vi kunde inte se vem du är. Logga in igen och försök på nytt.",
        "We could not tell who you are. Sign in again and retry.",
    )
    standing_headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class NotAllowed(Problem):
    """403: visible to the caller, but not theirs to do."""

    code = "not-allowed"
    status = 403
    title = Text("Det får du inte göra", "You may not do that")
    detail = Text(
        "Din roll räcker inte för det här. Fråga din samordnare om du behöver göra det.",
        "Your role does not cover this. Ask your coordinator if you need to do it.",
    )


class NotFound(Problem):
    """404: does not exist, or the caller may not know that it does."""

    code = "not-found"
    status = 404
    title = Text("Finns inte", "Not found")
    detail = Text(
        "Det du söker finns inte här, eller är inte synligt för dig. Kontrollera länken.",
        "What you look for is not here, or is not visible to you. Check the link.",
    )


class MethodNotAllowed(Problem):
    """405: the address exists, the method does not."""

    code = "method-not-allowed"
    status = 405
    title = Text("Så går det inte att göra här", "That method is not used here")
    detail = Text(
        "Adressen finns, men inte med den metoden. Se API-beskrivningen.",
        "The address exists, but not with that method. See the API description.",
    )


class Refused(Problem):
    """409: a domain rule says no; the rule gives its own code and words."""

    code = "refused"
    status = 409
    title = Text("Det går inte just nu", "That cannot be done now")
    detail = Text(
        "Läget tillåter inte det här. Läs om sidan och se vad som gäller nu.",
        "The present state does not allow this. Reload the page to see how things stand.",
    )


class NotYetKnown(Refused):
    """409: the body refers to something that has not reached this service (yet)."""

    code = "not-yet-known"
    title = Text("Vi känner inte till det än", "We do not know of it yet")
    detail = Text(
        "Förfrågan pekar på något vi inte känner till än. "
        "Är det nyss skapat, försök igen om en sekund.",
        "The request refers to something we do not know of yet. "
        "If it is new, try again in a second.",
    )
    retry_after = 1


class Gone(Problem):
    """410: was there once, a link that is used up or withdrawn."""

    code = "gone"
    status = 410
    title = Text("Gäller inte längre", "No longer valid")
    detail = Text(
        "Länken gäller inte längre. Be den som skickade den om en ny.",
        "The link is no longer valid. Ask whoever sent it for a new one.",
    )


class Stale(Problem):
    """412: someone else changed it since the caller read it."""

    code = "stale"
    status = 412
    title = Text("Någon annan har ändrat", "Someone else has changed it")
    detail = Text(
        "Det här har ändrats sedan du läste det. Din ändring är inte sparad. "
        "Läs om och försök igen.",
        "This has changed since you read it. Your change is not saved. Reload and try again.",
    )


class TooLarge(Problem):
    """413: more than we take in one request."""

    code = "too-large"
    status = 413
    title = Text("För stort", "Too large")
    detail = Text(
        "Förfrågan är större än vi tar emot på en gång. Dela upp den i mindre delar.",
        "The request is larger than we accept at once. Split it into smaller parts.",
    )


class WrongMediaType(Problem):
    """415: a kind or packing of body that the route does not read."""

    code = "wrong-media-type"
    status = 415
    title = Text("Fel slags innehåll", "Wrong kind of content")
    detail = Text(
        "Skicka innehållet opackat som application/json.",
        "Send the content uncompressed, as application/json.",
    )


class Invalid(Problem):
    """422: well formed, but one or more fields do not hold."""

    code = "invalid"
    status = 422
    title = Text("Något behöver rättas", "Something needs correcting")
    detail = Text(
        "Ett eller flera fält behöver rättas. Varje fält har sin egen förklaring.",
        "One or more fields need correcting. Each field has its own explanation.",
    )


class KeyReused(Invalid):
    """422: the same Idempotency-Key came with another body."""

    code = "key-reused"
    title = Text("Nyckeln är redan använd", "The key is already used")
    detail = Text(
        "Samma Idempotency-Key har redan använts med ett annat innehåll. "
        "Skicka om med en ny nyckel.",
        "The same Idempotency-Key was already used with another body. "
        "Send it again with a new key.",
    )


class PreconditionRequired(Problem):
    """428: an edit without saying which version it was based on."""

    code = "precondition-required"
    status = 428
    title = Text("Ange vilken version du ändrar", "Say which version you are changing")
    detail = Text(
        "Läs först det du vill ändra och skicka dess ETag i If-Match. "
        "Då skrivs ingen annans ändring över.",
        "First read what you want to change and send its ETag in If-Match. "
        "Then nobody's change is overwritten.",
    )


class TooMany(Problem):
    """429: too many requests from this person or address."""

    code = "too-many-requests"
    status = 429
    title = Text("Lite för fort", "A little too fast")
    detail = Text(
        "Det kom många förfrågningar på kort tid. Vänta en stund och försök igen.",
        "Many requests came in a short time. Wait a moment and try again.",
    )
    retry_after = 10


class Unavailable(Problem):
    """503: something we need does not answer in time; whether it was done may be unknown."""

    code = "unavailable"
    status = 503
    title = Text("Tillfälligt stopp", "Briefly unavailable")
    detail = Text(
        "Något vi behöver svarar inte just nu. Försök igen om en stund.",
        "Something we need does not answer right now. Try again in a while.",
    )
    retry_after = 2


class Busy(Unavailable):
    """503: many change the same thing at once; nothing was done."""

    code = "busy"
    title = Text("Många på en gång", "Many at once")
    detail = Text(
        "Många ändrar samma sak just nu. Din ändring är inte sparad. Försök igen om en sekund.",
        "Many are changing the same thing right now. Your change is not saved. "
        "Try again in a second.",
    )
    retry_after = 1

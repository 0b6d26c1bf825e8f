"""The words of each flow, in each language; `{name}` is filled in when somebody reads.

A paragraph whose values are not all known is left out. No address, no resident, one action.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.contracts.activities import CancelReason

Template = Literal[
    "welcome",
    "planned",
    "cancelled",
    "moved",
    "leads",
    "leads_no_more",
    "placed",
    "offered",
    "invited",
    "incident",
    "unanswered",
    "answered",
    "uncoordinated",
    "unused",
    "asked",
    "thanked",
    "unfilled",
]


@dataclass(frozen=True)
class Wording:
    """One message: its title, paragraphs and single link; and its form for several lines."""

    title: str
    paragraphs: tuple[str, ...]
    action: str
    many_title: str = ""
    item: str = ""
    many_paragraphs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frame:
    """What stands around every message of a language."""

    why: str
    why_invited: str
    more: str
    reasons: Mapping[CancelReason, str]


FRAMES: dict[str, Frame] = {
    "sv": Frame(
        why="Du får det här för att du är med i Samverkan. Vad du får som mejl väljer du själv "
        "under Mina inställningar.",
        why_invited="Du får det här för att någon har bjudit in dig på den här adressen. Vi glömmer "
        "adressen när du har svarat, eller när inbjudan har gått ut.",
        more="… och {n} till.",
        reasons={
            "too_few_leaders": "Vi är för få för att kunna öppna",
            "illness": "Ledaren har blivit sjuk",
            "weather": "Vädret gör att det inte går",
            "room_unavailable": "Rummet behövs till annat",
            "accommodation_closing": "Boendet stänger",
            "too_few_participants": "För få kunde komma",
            "incident": "Vi kan inte öppna som planerat",
            "other": "Det kom något emellan",
        },
    ),
    "en": Frame(
        why="You get this because you take part in Samverkan. Which mails you get is your choice, "
        "under My settings.",
        why_invited="You get this because somebody has invited you at this address. We forget the "
        "address once you have answered, or the invitation has run out.",
        more="… and {n} more.",
        reasons={
            "too_few_leaders": "We are too few to open",
            "illness": "The leader has fallen ill",
            "weather": "The weather does not allow it",
            "room_unavailable": "The room is needed for something else",
            "accommodation_closing": "The accommodation is closing",
            "too_few_participants": "Too few people could come",
            "incident": "We cannot open as planned",
            "other": "Something came up",
        },
    ),
}

WORDINGS: dict[Template, dict[str, Wording]] = {
    "welcome": {
        "sv": Wording(
            title="Välkomna till nätverket, {organisation}!",
            paragraphs=(
                "Ni är godkända. Tre saker att börja med, i den ordning ni vill:",
                "– säg var ni kan vara",
                "– bjud in en kollega",
                "– titta vad som saknas nära er",
                "Har ni frågor? Svara på mejlet så svarar {name}.",
            ),
            action="Börja här",
        ),
        "en": Wording(
            title="Welcome to the network, {organisation}!",
            paragraphs=(
                "You are approved. Three things to start with, in any order:",
                "– say where you can be",
                "– invite a colleague",
                "– look at what is missing near you",
                "Questions? Reply, and {name} will answer.",
            ),
            action="Start here",
        ),
    },
    "planned": {
        "sv": Wording(
            title="Ny aktivitet: {activity}",
            paragraphs=(
                "{organisation} planerar något nytt.",
                "Första gången: {first}.",
            ),
            action="Se aktiviteten",
        ),
        "en": Wording(
            title="New activity: {activity}",
            paragraphs=(
                "{organisation} is planning something new.",
                "First time: {first}.",
            ),
            action="See the activity",
        ),
    },
    "cancelled": {
        "sv": Wording(
            title="Inställt: {activity} {day}",
            paragraphs=(
                "{reason}. Du behöver inte göra något. Anslaget på plats är ändrat.",
                "Nästa gång: {next}.",
            ),
            action="Vill du hjälpa till någon annanstans den dagen?",
            many_title="Inställt: {n} tillfällen",
            item="{activity} {when}: {reason}.",
            many_paragraphs=("Du behöver inte göra något. Anslaget på plats är ändrat.",),
        ),
        "en": Wording(
            title="Cancelled: {activity} {day}",
            paragraphs=(
                "{reason}. You don't need to do anything. The notice at the house is changed.",
                "Next time: {next}.",
            ),
            action="Want to help somewhere else that day?",
            many_title="Cancelled: {n} sessions",
            item="{activity} {when}: {reason}.",
            many_paragraphs=("You don't need to do anything. The notice at the house is changed.",),
        ),
    },
    "leads": {
        "sv": Wording(
            title="Du leder {activity} {day}",
            paragraphs=("{when}. Kan du inte? Säg till nu, så hinner någon annan.",),
            action="Se tillfället",
            many_title="Du leder {n} tillfällen",
            item="{activity} {when}.",
            many_paragraphs=("Kan du inte någon gång? Säg till nu, så hinner någon annan.",),
        ),
        "en": Wording(
            title="You lead {activity} {day}",
            paragraphs=("{when}. Can't you? Tell us now, so that somebody else has time.",),
            action="See the session",
            many_title="You lead {n} sessions",
            item="{activity} {when}.",
            many_paragraphs=("Can't you some time? Tell us now, so that somebody else has time.",),
        ),
    },
    "leads_no_more": {
        "sv": Wording(
            title="Någon annan leder {activity} {day}",
            paragraphs=("{when}. Din plats är ledig igen, så du behöver inte komma. Tack!",),
            action="Se tillfället",
            many_title="Någon annan leder {n} tillfällen",
            item="{activity} {when}.",
            many_paragraphs=("Dina platser är lediga igen, så du behöver inte komma. Tack!",),
        ),
        "en": Wording(
            title="Somebody else leads {activity} {day}",
            paragraphs=("{when}. Your seat is free again, so you need not come. Thank you!",),
            action="See the session",
            many_title="Somebody else leads {n} sessions",
            item="{activity} {when}.",
            many_paragraphs=("Your seats are free again, so you need not come. Thank you!",),
        ),
    },
    "moved": {
        "sv": Wording(
            title="Ändrat: {activity} {day}",
            paragraphs=(
                "Nu gäller: {when}. Se på sidan om rummet är ett annat.",
                "Förut: {was}.",
                "Kan du komma då? Säg till senast {until}. Hör vi inget räknar vi med dig.",
            ),
            action="Se tillfället",
            many_title="Ändrat: {n} tillfällen",
            item="{activity}: nu {when}.",
            many_paragraphs=("Passar någon av tiderna inte? Lämna platsen, så frågar vi nästa.",),
        ),
        "en": Wording(
            title="Changed: {activity} {day}",
            paragraphs=(
                "It is now: {when}. The page shows whether the room is another.",
                "Before: {was}.",
                "Can you come then? Tell us by {until}. If we hear nothing, we count on you.",
            ),
            action="See the session",
            many_title="Changed: {n} sessions",
            item="{activity}: now {when}.",
            many_paragraphs=("A time does not suit you? Give the seat back and we ask the next.",),
        ),
    },
    "placed": {
        "sv": Wording(
            title="Du har fått en plats: {activity}",
            paragraphs=(
                "Någon fick förhinder och du stod på tur. Passet är ditt {when}.",
                "Passar det inte längre? Säg till så snart du kan, så frågar vi nästa.",
            ),
            action="Se passet",
            many_title="Du har fått {n} platser",
            item="{activity} {when}.",
            many_paragraphs=(
                "Passar det inte längre? Säg till så snart du kan, så frågar vi nästa.",
            ),
        ),
        "en": Wording(
            title="You have a place: {activity}",
            paragraphs=(
                "Someone had to step back and you were next. The shift is yours on {when}.",
                "No longer possible? Tell us as soon as you can and we ask the next person.",
            ),
            action="See the shift",
            many_title="You have {n} places",
            item="{activity} {when}.",
            many_paragraphs=(
                "No longer possible? Tell us as soon as you can and we ask the next person.",
            ),
        ),
    },
    "offered": {
        "sv": Wording(
            title="Det finns en plats för dig: {activity}",
            paragraphs=(
                "Någon fick förhinder och du står på tur. Passet är {when}.",
                "Svara senast {until}, annars frågar vi nästa.",
            ),
            action="Svara ja eller nej",
            many_title="Det finns {n} platser för dig",
            item="{activity} {when}. Svara senast {until}.",
        ),
        "en": Wording(
            title="There is a place for you: {activity}",
            paragraphs=(
                "Someone had to step back and you are next. The shift is on {when}.",
                "Answer by {until}, or we ask the next person.",
            ),
            action="Answer yes or no",
            many_title="There are {n} places for you",
            item="{activity} {when}. Answer by {until}.",
        ),
    },
    "asked": {
        "sv": Wording(
            title="{activity} {when} i {where}. Kan du?",
            paragraphs=(
                "De behöver {missing} till. Kan du?",
                "Kan du inte den här gången? Säg det gärna, så frågar vi någon annan.",
            ),
            action="Svara ja eller nej",
            many_title="{n} pass behöver någon till. Kan du?",
            item="{activity} {when} i {where}.",
        ),
        "en": Wording(
            title="{activity} {when} in {where}. Can you?",
            paragraphs=(
                "They need {missing} more. Can you?",
                "Not this time? Do say so, and we ask somebody else.",
            ),
            action="Answer yes or no",
            many_title="{n} shifts need somebody more. Can you?",
            item="{activity} {when} in {where}.",
        ),
    },
    "thanked": {
        "sv": Wording(
            title="Det löste sig, tack!",
            paragraphs=("{activity} {when} har nu alla som behövs. Du behöver inte göra något.",),
            action="Se andra pass",
            many_title="Det löste sig, tack!",
            item="{activity} {when}.",
            many_paragraphs=("Nu finns alla som behövs. Du behöver inte göra något.",),
        ),
        "en": Wording(
            title="It is solved, thank you!",
            paragraphs=("{activity} on {when} has all it needs now. Nothing for you to do.",),
            action="See other shifts",
            many_title="It is solved, thank you!",
            item="{activity} {when}.",
            many_paragraphs=("All who are needed are there now. Nothing for you to do.",),
        ),
    },
    "unfilled": {
        "sv": Wording(
            title="{activity} {when}: {missing} saknas",
            paragraphs=(
                "Vi har frågat dem som passar bäst och frågar inte fler av oss själva. "
                "Ring någon, eller ställ in i tid.",
            ),
            action="Se vilka som är tillfrågade",
            many_title="{n} tillfällen saknar någon",
            item="{activity} {when}: {missing} saknas.",
        ),
        "en": Wording(
            title="{activity} {when}: {missing} missing",
            paragraphs=(
                "We have asked those who fit best and ask nobody more by ourselves. "
                "Call somebody, or cancel in time.",
            ),
            action="See who was asked",
            many_title="{n} sessions lack somebody",
            item="{activity} {when}: {missing} missing.",
        ),
    },
    "invited": {
        "sv": Wording(
            title="Inbjudan: {what}",
            paragraphs=(
                "{name} bjuder in dig.",
                "Svara före {until}. Vill du inte, behöver du inte göra något.",
            ),
            action="Se inbjudan",
        ),
        "en": Wording(
            title="Invitation: {what}",
            paragraphs=(
                "{name} invites you.",
                "Answer before {until}. If you do not want to, there is nothing to do.",
            ),
            action="See the invitation",
        ),
    },
    "incident": {
        "sv": Wording(
            title="En händelse är rapporterad",
            paragraphs=("Vad som hände läser du i Samverkan.",),
            action="Läs rapporten",
        ),
        "en": Wording(
            title="An incident was reported",
            paragraphs=("What happened you read in Samverkan.",),
            action="Read the report",
        ),
    },
    "unanswered": {
        "sv": Wording(
            title="En fråga till nätverket väntar på svar",
            paragraphs=("Två vardagar har gått utan svar. Ta den, eller ge den till en kollega.",),
            action="Läs frågan",
        ),
        "en": Wording(
            title="A question to the network waits for an answer",
            paragraphs=(
                "Two weekdays have passed without one. Take it, or give it to a colleague.",
            ),
            action="Read the question",
        ),
    },
    "answered": {
        "sv": Wording(
            title="Din fråga till nätverket har fått svar",
            paragraphs=("Räcker svaret inte? Fråga vidare inom 30 dagar.",),
            action="Läs svaret",
        ),
        "en": Wording(
            title="Your question to the network has an answer",
            paragraphs=("Is it not enough? Ask on within 30 days.",),
            action="Read the answer",
        ),
    },
    "uncoordinated": {
        "sv": Wording(
            title="{organisation} har ingen samordnare längre",
            paragraphs=("Ingen kan svara för den förrän någon utses.",),
            action="Utse eller bjud in någon",
        ),
        "en": Wording(
            title="{organisation} has no coordinator any more",
            paragraphs=("Nobody can answer for it until somebody is appointed.",),
            action="Appoint or invite somebody",
        ),
    },
    "unused": {
        "sv": Wording(
            title="Vill du behålla ditt konto i Samverkan?",
            paragraphs=(
                "Du har inte varit här på länge. Logga in före {day}, så händer ingenting.",
                "Annars pausas kontot. Du kan öppna det igen senare, "
                "och dina uppgifter tas bort om du aldrig kommer tillbaka.",
            ),
            action="Logga in",
        ),
        "en": Wording(
            title="Do you want to keep your account in Samverkan?",
            paragraphs=(
                "You have not been here for a long time. Sign in before {day} and nothing happens.",
                "Otherwise the account is suspended. You can open it again later, "
                "and your data is removed if you never come back.",
            ),
            action="Sign in",
        ),
    },
}

"""One's own data: who sees it and why, and all of it to take away."""

from collections.abc import Sequence
from typing import Any

from services.registry.commands.ways import READS
from services.registry.domain.person import Person
from services.registry.kinds import INVITATION, ORGANISATION, PERSON, SUPPORT_CASE
from services.registry.views.people import PERSON_FIELDS
from services.registry.views.person_words import in_words
from shared.contracts.problems import Language, Text
from shared.contracts.registry import ContactSnapshot, PersonSnapshot
from shared.database import Document
from shared.kind import Stored
from shared.store import Store

MOST = 1000
WHY_ROLE = Text("Du har en roll där.", "You have a role there.")
WHY_ASKED = Text("Du har frågat om att få vara med där.", "You have asked to join there.")
WHY_ADMINISTRATOR = Text(
    "De sköter nätverket och hjälper när något är fel.",
    "They run the network and help when something is wrong.",
)
WHY_SELF = Text("Det är dina egna uppgifter.", "It is your own data.")
WHY_OFFICER = Text(
    "Du har läst vägen till boendet, och varje läsning skrivs upp.",
    "You have read the way to the accommodation, and each reading is written down.",
)
WHY_SHIFTS = Text("För att veta vem som får ta pass.", "To know who may take shifts.")
WHY_MESSAGES = Text("För att kunna nå dig.", "To be able to reach you.")


async def who_sees(store: Store, me: Stored[Person], language: Language) -> dict[str, Any]:
    """Which people see which of one's fields and why; by the very tables that answers are made by."""
    reads = await _reads(store, me.id)
    return {
        "people": [
            _seen("yourself", None, WHY_SELF, PERSON_FIELDS.seen_in("self"), language),
            *await _coordinators(store, me.state, language),
            _seen(
                "administrators",
                None,
                WHY_ADMINISTRATOR,
                PERSON_FIELDS.seen_in("administrator"),
                language,
            ),
            *[_officers(house, language) for house in _houses(reads)],
        ],
        "services": [
            _told("activities", WHY_SHIFTS, PersonSnapshot, language),
            _told("notifications", WHY_SHIFTS, PersonSnapshot, language),
            _told("notifications", WHY_MESSAGES, ContactSnapshot, language),
        ],
        "addresses_you_read": reads,
        "pause": "POST /api/registry/me/suspend",
        "come_back": "POST /api/registry/me/resume",
    }


async def export(store: Store, me: Stored[Person], account: Any) -> dict[str, Any]:
    """Everything the registry holds about one, in plain words and with what happened.

    What others decided about other things stays out, though one's id may stand there.
    """
    return {
        "id": me.id,
        "you": me.state.model_dump(mode="json", by_alias=True),
        "account": account,
        "what_happened": [_happened(row, me.id) for row in await store.timeline(PERSON, me.id)],
        "addresses_you_read": await _reads(store, me.id),
        "organisations_you_applied_for": await _ids(store, ORGANISATION, {"keys.applicant": me.id}),
        "invitations_you_sent": await _ids(store, INVITATION, {"keys.readers": me.id}),
        "questions_you_asked": await _questions(store, me.id),
    }


async def _coordinators(store: Store, me: Person, language: Language) -> list[dict[str, Any]]:
    view = "coordinator-protected" if me.protected else "coordinator"
    fields = set(PERSON_FIELDS.seen_in(view))
    if me.protected:
        fields = fields - {"name"} | {"initials"}
    worked = {id for one in me.roles if one.scope.kind == "organisation" for id in one.scope.ids}
    asked = {ask.organisation for ask in me.asks} - worked
    names = {
        one.id: one.state.name
        for one in await store.find(
            ORGANISATION, {"_id": {"$in": sorted(worked | asked)}}, limit=len(worked | asked) or 1
        )
    }
    return [
        _seen("coordinators", {"id": id, "name": names.get(id)}, why, fields, language)
        for ids, why in ((worked, WHY_ROLE), (asked, WHY_ASKED))
        for id in sorted(ids)
    ]


def _officers(house: str, language: Language) -> dict[str, Any]:
    return {
        "who": "officers",
        "where": {"id": house, "name": None},
        "why": WHY_OFFICER.in_language(language),
        "fields": [{"field": "read", "label": _READ.in_language(language)}],
    }


_READ = Text("att och när du läste vägen dit", "that and when you read the way there")


def _seen(
    who: str,
    where: dict[str, Any] | None,
    why: Text,
    fields: Sequence[str] | set[str] | frozenset[str],
    language: Language,
) -> dict[str, Any]:
    return {
        "who": who,
        "where": where,
        "why": why.in_language(language),
        "fields": [{"field": one, "label": in_words(one, language)} for one in sorted(fields)],
    }


def _told(
    service: str,
    why: Text,
    snapshot: type[PersonSnapshot] | type[ContactSnapshot],
    language: Language,
) -> dict[str, Any]:
    return {
        "service": service,
        "why": why.in_language(language),
        "fields": [
            {"field": one, "label": in_words(one, language)} for one in snapshot.model_fields
        ],
    }


def _houses(reads: Sequence[Document]) -> list[str]:
    return sorted({row["accommodation"] for row in reads})


async def _reads(store: Store, id: str) -> list[dict[str, Any]]:
    rows = await store.database.collection(READS).find(
        {"person": id}, sort=[("at", -1)], limit=MOST
    )
    return [
        {"accommodation": row["accommodation"], "at": row["at"], "by_right_of": row["right"]}
        for row in rows
    ]


async def _questions(store: Store, id: str) -> list[dict[str, Any]]:
    found = await store.find(SUPPORT_CASE, {"keys.people": id}, limit=MOST)
    return [
        {
            "id": one.id,
            "subject": one.state.subject if one.state.asker == id else None,
            "said_by_you": [
                {"at": said.at, "words": said.words} for said in one.state.said if said.by == id
            ],
        }
        for one in found
    ]


async def _ids(store: Store, kind: Any, query: Document) -> list[str]:
    return [one.id for one in await store.find(kind, query, limit=MOST)]


def _happened(row: Document, me: str) -> dict[str, Any]:
    by = "you" if row["actor"] == me else row["actor"]
    return {"what": row["type"], "at": row["time"], "by": by, "facts": row["facts"]}

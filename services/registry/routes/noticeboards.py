"""Before the noticeboard: what one may say is wrong, with no question who one is."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import ConfigDict

from services.registry.domain.complaint import Complaint, Told
from services.registry.domain.complaint_words import (
    ABOUT,
    ANSWERS,
    NOTICE,
    PICTURES,
    THANKS,
    THANKS_UNSEEN,
    WHO_READS,
)
from services.registry.permissions.meeting_places import RUN_PLACE, Place
from services.registry.queries.complaints import answers
from services.registry.routes.here import here
from shared import telemetry
from shared.caller import Caller
from shared.causes import by
from shared.clock import local_date
from shared.contracts.problems import Language
from shared.contracts.texts import Body
from shared.http import Room, repeat_key, reply, single_values
from shared.http.language import language_of
from shared.kind import By, Stored
from shared.permissions import allow, public

router = Room(tags=["complaints"])

UNLISTED = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
Runner = Annotated[Caller, Depends(allow(RUN_PLACE))]


class ComplaintBody(Told, Body):
    """What is wrong: about what, in pictures, and in words if one likes; nothing about oneself."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"about": "place", "pictures": ["cold", "crowded"]}]}
    )


@router.get("/noticeboards/{code}", dependencies=[Depends(public)])
async def form(request: Request, code: str) -> Response:
    """What can be said at this board, and what became of what was said."""
    single_values(request, set())
    complaints, store = here(request).complaints, here(request).store
    place = await complaints.at_board(code)
    found = await answers(store, place.id, store.clock.now())
    language = language_of(request.scope)
    shown = {
        "notice": NOTICE.in_language(language),
        "who_reads": WHO_READS.in_language(language),
        "about": [_choice(key, text.in_language(language)) for key, text in ABOUT.items()],
        "pictures": [_choice(key, text.in_language(language)) for key, text in PICTURES.items()],
        "answers": [_answer(one, language) for one in found],
    }
    return reply(shown, headers=_headers(language))


@router.post("/noticeboards/{code}/complaints", status_code=201, dependencies=[Depends(public)])
async def complain(request: Request, code: str, body: ComplaintBody) -> Response:
    """Say that something is wrong; personal numbers, mail addresses and phones are refused."""
    complaints = here(request).complaints
    place = await complaints.at_board(code)
    told = Told(about=body.about, pictures=body.pictures, words=body.words)
    stored = await complaints.receive(place, told, await _by_nobody(request, code))
    thanks = THANKS_UNSEEN if stored.state.is_kept_from_hosts else THANKS
    language = language_of(request.scope)
    return reply({"thanks": thanks.in_language(language)}, 201, headers=_headers(language))


@router.get("/meeting-places/{id}/noticeboard")
async def noticeboard(request: Request, id: str, caller: Runner) -> Response:
    """The code on the meeting place's board, if it has got one."""
    await _checked(request, id, caller)
    board = await here(request).complaints.noticeboard(id)
    return reply({"code": None if board is None else board.state.code}, headers=UNLISTED)


@router.post("/meeting-places/{id}/noticeboard/renew")
async def renew(request: Request, id: str, caller: Runner) -> Response:
    """Give the board a new code; the old one leads nowhere from now on."""
    await _checked(request, id, caller)
    board = await here(request).complaints.renew(id, await by(request, caller))
    return reply({"code": board.state.code}, headers=UNLISTED)


async def _checked(request: Request, id: str, caller: Caller) -> None:
    places = here(request).meeting_places
    stored = await places.load(id)
    houses = await places.accommodations(stored.state.accommodations)
    RUN_PLACE.check(caller, Place(stored.state.hosts, houses, stored))


async def _by_nobody(request: Request, code: str) -> By:
    """Who complains is nobody; a request that is sent twice counts once all the same."""
    current = telemetry.chain.get()
    traceparent = current.traceparent if current else ""
    return By(traceparent=traceparent, repeat=await repeat_key(request, f"board {code}"))


def _choice(key: str, label: str) -> dict[str, str]:
    return {"code": key, "label": label}


def _answer(one: Stored[Complaint], language: Language) -> dict[str, Any]:
    assert one.state.answer is not None
    assert one.state.answered is not None
    return {
        "about": one.state.about,
        "pictures": one.state.pictures,
        "answer": one.state.answer,
        "words": ANSWERS[one.state.answer].in_language(language),
        "on": local_date(one.state.answered.at),
    }


def _headers(language: Language) -> dict[str, str]:
    return {**UNLISTED, "Content-Language": language, "Vary": "Accept-Language"}

"""What the OpenAPI documents say is what the services answer: no 5xx but 503, nothing undocumented."""

import asyncio
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from tests.harness import Client, System
from tests.service.documented_bodies import documented_body
from tests.service.openapi_cases import cases
from tests.service.test_hidden_moves import a_place
from tests.service.who_may_world import Network

EXAMPLES, EXAMPLES_LONG = 3, 40
AT_ONCE = 8
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
ENDS_SOMEBODY = (
    "/renew", "/close", "/end", "/pause", "/move", "/me", "/me/suspend", "/erase", "/suspend", "/merge",
    "/exclude", "/leave", "/revoke", "/people/{id}",
)  # fmt: skip
"""What takes from somebody what later requests need is asked for last."""
PERSONAS = ("administrator", "county_officer", "coordinator", "operator", "nobody")


async def _holds(
    system: System, service: str, clients: Iterable[Client], ids: Mapping[str, str], examples: int
) -> None:
    document = system.copy(service).app.openapi()
    made = list(cases(document, examples))
    made.sort(key=lambda case: case.operation.path.endswith(ENDS_SOMEBODY))
    turn = asyncio.Semaphore(AT_ONCE)
    faults: dict[str, str] = {}

    async def all_ask(number: int, case: Case) -> None:
        async with turn:
            if number % 2:
                _fill_in(case, ids, document)
            for client in clients:
                await _ask(service, client, case, faults)

    await asyncio.gather(*(all_ask(number, case) for number, case in enumerate(made)))
    assert len(made) > 2 * len(document["paths"])
    assert not faults, f"{len(faults)}:\n" + "\n".join(faults.values())


def _fill_in(case: Case, ids: Mapping[str, str], document: Mapping[str, Any]) -> None:
    """Ids of what is there, and the document's own example: what is made up leads no further than 404."""
    path = case.operation.path
    for before, name in pairwise(path.split("/")):
        if name.startswith("{") and before in ids:
            case.path_parameters[name.strip("{}")] = ids[before]
    if case.media_type == "application/json":
        case.body = _with_ids(documented_body(document, case.method, path), ids)


NAMED = {
    "organisation": "organisations", "organiser": "organisations", "hosts": "organisations",
    "host": "organisations", "parent": "organisations", "branches": "organisations",
    "accommodation": "accommodations", "accommodations": "accommodations",
    "meeting_place": "meeting-places", "person": "people",
}  # fmt: skip


def _with_ids(value: Any, ids: Mapping[str, str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _with_ids(one, ids, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_ids(one, ids, name) for one in value]
    return ids.get(NAMED.get(name, ""), value) if isinstance(value, str) else value


async def _ask(service: str, client: Client, case: Case, faults: dict[str, str]) -> None:
    sent = case.as_transport_kwargs(f"http://{service}")
    headers = {name: str(value) for name, value in sent["headers"].items()}
    headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    answer = await client.request(
        sent["method"], sent["url"], sent.get("json"), headers,
        params=sent.get("params"), content=sent.get("data"),
    )  # fmt: skip
    where = f"{case.method} {case.operation.path} → {answer.status_code}"
    if answer.status_code >= 500 and answer.status_code != 503:
        faults[where] = f"{where}: {case.as_curl_command()}"
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        faults[where] = f"{where}: {[str(one) for one in group.exceptions]}"[:600]


async def _the_registry_holds(system: System, examples: int) -> None:
    await system.start("registry")
    network = await Network(system).built()
    ids = {
        kind: network.id(thing, name)
        for kind, thing, name in (
            ("organisations", "organisation", "branch"), ("people", "person", "volunteer"),
            ("accommodations", "accommodation", "near"), ("meeting-places", "meeting-place", "here"),
            ("closing-plans", "closing-plan", "near"), ("imports", "import", "houses"),
            ("support-cases", "support-case", "ours"), ("incidents", "incident", "near"),
            ("complaints", "complaint", "of the place"), ("invitations", "invitation", "ours"),
            ("noticeboards", "noticeboard", "here"),
        )
    }  # fmt: skip
    ids |= {"fingerprints": "registry.person", "resync": "person"}
    await _holds(system, "registry", [network.clients[one] for one in PERSONAS], ids, examples)


async def _the_others_hold(system: System, examples: int) -> None:
    world, _, ids = await a_place(system, "municipality")
    operator = await world.somebody("operator")
    await world.role(operator, "operator", "national")
    subjects = ("cora", "olle-cora", "ada-cora", "vera", "operator", None)
    for service in ("activities", "notifications"):
        known = ids | {"fingerprints": f"{service}.session", "resync": "session"}
        clients = [system.client(service, subject) for subject in subjects]
        await _holds(system, service, clients, known, examples)


@pytest.mark.promise("P17")
async def test_the_registry_answers_only_what_its_document_says(system: System) -> None:
    await _the_registry_holds(system, EXAMPLES)


@pytest.mark.promise("P17")
async def test_activities_and_notifications_answer_only_what_their_documents_say(
    system: System,
) -> None:
    await _the_others_hold(system, EXAMPLES)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_documents_hold_for_many_more_requests(system: System) -> None:
    await _the_registry_holds(system, EXAMPLES_LONG)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_others_documents_hold_for_many_more_requests(system: System) -> None:
    await _the_others_hold(system, EXAMPLES_LONG)

"""The inbox: who finds what in it, once, in whose language; and live."""

from tests.harness import System, eventually
from tests.service.told import HOST, World


async def inbox(system: System, person: str) -> list[dict]:
    answer = await system.client("notifications", person).get("/inbox")
    return answer.json()["items"] if answer.status_code == 200 else []


async def something(system: System, person: str, number: int = 1) -> list[dict]:
    async def enough() -> list[dict] | None:
        found = await inbox(system, person)
        return found if len(found) >= number else None

    return await eventually(enough)


async def test_a_cancelled_session_reaches_the_seated_and_the_coordinators_but_not_who_did_it(
    system: System,
) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.coordinator("lena")
        await world.coordinator("hugo", HOST, language="en")
        await world.planned("s-next", world.session(start=world.session().start.replace(day=15)))
        await world.planned("s-1", world.session())
        await world.cancelled("s-1", ["vera"], actor="lena")
        [item] = await something(system, "vera")
        assert item["title"] == "Inställt: Språkcafé tisdag 8 december"
        assert item["text"] == (
            "Ledaren har blivit sjuk. Du behöver inte göra något. Anslaget på plats är ändrat.\n"
            "Nästa gång: tisdag 15 december kl. 18.00."
        )
        assert item["link"] == "http://samverkan.test/shifts?on=2026-12-08"
        [item] = await something(system, "hugo")
        assert item["title"] == "Cancelled: Language café Tuesday 8 December"
        assert "18:00" in item["text"]
        assert await inbox(system, "lena") == []

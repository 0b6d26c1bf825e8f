"""Asked for a shift and thanked: in the inbox and by mail, judged again when it leaves."""

from datetime import timedelta

import pytest

from shared.contracts import activities
from tests.harness import System
from tests.service.postbox import Postbox, links_in
from tests.service.test_notifications_mail import a_town, became
from tests.service.told import ORGANISER, World


def seats(*seated: str) -> tuple[activities.RoleSeats, ...]:
    return (activities.RoleSeats(role="helper", minimum=1, maximum=1, seated=seated),)


@pytest.mark.promise("P22")
async def test_who_is_asked_has_it_by_mail_and_everyone_learns_that_it_is_solved(
    system: System,
) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=30)
        open_shift = world.session(seats=seats(), municipality="2582", county="25")
        asked = activities.HelpersAsked(people=("vera",), organiser=ORGANISER, by_itself=False)
        await world.tell("s-1", asked, open_shift)
        await became(system, "vera", "waiting")
        system.clock.advance(timedelta(seconds=31))
        await became(system, "vera", "sent")
        [mail] = postbox.to("vera@demo.example")
        assert mail["Subject"] == "Språkcafé tisdag 8 december kl. 18.00 i Boden. Kan du?"
        assert links_in(mail) == ["http://samverkan.test/sessions/s-1"]

        filled = open_shift.model_copy(update={"seats": seats("ali")})
        await world.tell("s-1", activities.HelpersThanked(people=("vera",)), filled)
        await world.settled()
        vera = system.client("notifications", "vera")
        items = (await vera.get("/inbox")).json()["items"]
        assert [one["kind"] for one in items] == ["thanked", "asked"]
        assert items[0]["title"] == "Det löste sig, tack!"
        assert not items[1]["about"][0]["still_true"]

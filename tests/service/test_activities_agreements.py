"""What is planned at a meeting place lies within what is agreed there."""

from tests.harness import System, eventually
from tests.service.registry_world import done, refused
from tests.service.test_activities_reconcile import a_place
from tests.service.world import Place, plan, season


async def test_after_an_early_end_nothing_is_planned_until_a_renewal_is_signed(
    system: System,
) -> None:
    world, place = await a_place(system)
    activity = await world.an_activity(place, schedule=season("2026-12-08", 8))
    last = world.day(30)
    await say(place, "end", party="agency", on=last, reason="not_needed")
    cora = place.coordinator.activities

    async def only_within() -> bool:
        found = [
            await world.session(place.coordinator, one["session"]) for one in activity["meetings"]
        ]
        within = [one["start"][:10] <= last for one in found]
        assert 0 < sum(within) < len(found)
        return [one["status"] == "scheduled" for one in found] == within

    await eventually(only_within)
    later = plan(place, schedule=season("2027-01-12", 2))
    refused(await cora.post("/activities", later), 409, "agreement-ends")

    agreement = {"from": world.day(31), "until": world.day(300)}
    await say(place, "renew", hosts=[place.organisation], agreement=agreement)
    await say(place, "sign-renewal", party="agency")
    await say(place, "sign-renewal", party=place.organisation)
    await world.heard(
        "meeting_place", place.id, {"state.renewal.signed_by_hosts": place.organisation}
    )
    await world.an_activity(place, schedule=season("2027-01-12", 2))


async def test_a_place_on_trial_is_counted_apart(system: System) -> None:
    world, place = await a_place(system)
    done(await place.coordinator.registry.post(f"/meeting-places/{place.id}/close"))
    trial = await world.proposal(
        await world.somebody("cora"), place.house, place.organisation, name="På prov demo"
    )
    place = Place(
        place.organisation, place.house, trial, place.coordinator, place.officer,
        place.administrator,
    )  # fmt: skip
    await say(place, "allow-trial", days=30)
    done(await place.coordinator.registry.post(f"/meeting-places/{trial}/open-on-trial"))
    await world.heard("meeting_place", trial, {"state.status": "open_on_trial"})
    beyond = plan(place, schedule=season("2026-12-08", 8))
    refused(await place.coordinator.activities.post("/activities", beyond), 409, "agreement-ends")
    await world.an_activity(place, schedule=season("2026-12-08", 2))

    async def apart() -> bool:
        shown = done(await place.officer.activities.get(f"/coverage/{place.house}"))
        return (shown["living"], shown["in_use"], shown["on_trial"]) == (False, False, True)

    await eventually(apart)

    await say(place, "sign", party="agency")
    await say(place, "sign", party=place.organisation)

    async def living() -> bool:
        shown = done(await place.officer.activities.get(f"/coverage/{place.house}"))
        return (shown["living"], shown["in_use"], shown["on_trial"]) == (True, True, False)

    await eventually(living)


async def say(place: Place, what: str, **body: object) -> None:
    """The officer says it for the agency, the coordinator for the host."""
    who = place.coordinator if body.get("party") == place.organisation else place.officer
    done(await who.registry.post(f"/meeting-places/{place.id}/{what}", body))

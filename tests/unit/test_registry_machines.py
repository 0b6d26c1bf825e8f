"""No sequence of commands breaks what must always hold of the registry's aggregates."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.registry.domain import accommodation as houses
from services.registry.domain import import_ as imports
from services.registry.domain import meeting_place as places
from services.registry.domain import organisation as organisations
from services.registry.domain import person as persons
from services.registry.domain.accommodation import Details, Figure
from services.registry.domain.accommodation_public import as_everyone_sees, counted
from services.registry.domain.import_ import Import
from services.registry.domain.meeting_place import AGENCY, Standing
from services.registry.domain.meeting_place_parts import Description, Hours, Terms, WantedRoom
from services.registry.domain.organisation import ENDED, Organisation
from services.registry.domain.person import Profile
from services.registry.kinds import KINDS
from shared.clock import local_date
from shared.contracts.bands import band
from shared.contracts.problems import Problem
from shared.contracts.registry import RoleGrant, Scope

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
DAYS = st.integers(-3, 40)


class Machine(RuleBasedStateMachine):
    """Commands on one aggregate as the store would apply them: at once, or not at all."""

    state: Any = None
    now = NOW

    @property
    def today(self) -> date:
        return local_date(self.now)

    def do(self, command: Any, *arguments: Any) -> None:
        with suppress(Problem):
            self.state, events = command(self.state, *arguments)
            assert len({event.type for event in events}) == len(events)

    def pass_time(self, step: timedelta, wake: Any, wakes_at: Any) -> None:
        """Time passes; whoever asked to be woken is, as often as they ask."""
        until = self.now + step
        while (at := wakes_at(self.state)) is not None and at <= until:
            self.now = max(self.now, at.astimezone(UTC))
            self.do(wake, self.now)
            assert wakes_at(self.state) != at, "a wake-up that changes nothing rings for ever"
        self.now = until

    @invariant()
    def what_is_stored_is_read_back(self) -> None:
        if self.state is not None:
            kind = next(one for one in KINDS if one.state is type(self.state))
            stored = self.state.model_dump(mode="json", by_alias=True)
            assert kind.read({"schema": 1, "state": stored}) == self.state
            for name in kind.snapshots:
                assert kind.snapshot(name, self.state, 1)["version"] == 1


class AccommodationMachine(Machine):
    @initialize()
    def registered(self) -> None:
        details = Details(name="Björknäs", municipality="2582", capacity=200)
        self.state, _ = houses.register(details, "A-1")

    @rule()
    def open(self) -> None:
        self.do(houses.open_)

    @rule(ahead=DAYS)
    def close(self, ahead: int) -> None:
        self.do(houses.close, self.today + timedelta(days=ahead), self.today)

    @rule()
    def reopen(self) -> None:
        self.do(houses.reopen)

    @rule(municipality=st.sampled_from(["2582", "1280", "0331"]), hidden=st.booleans())
    def change(self, municipality: str, hidden: bool) -> None:
        level = "county" if hidden else "municipality"
        details = {"name": "X", "municipality": municipality, "capacity": 9}
        self.do(houses.change, Details(**details, confidentiality=level))  # type: ignore[arg-type]

    @rule(
        ahead=DAYS,
        total=st.integers(0, 50),
        groups=st.lists(st.none() | st.integers(0, 20), min_size=4, max_size=4),
    )
    def report(self, ahead: int, total: int, groups: list[int | None]) -> None:
        known = dict(zip(houses.GROUPS, groups, strict=True))
        on = self.today + timedelta(days=ahead)
        self.do(houses.report, Figure(on=on, total=total, **known), self.today)

    @rule(days=st.integers(0, 30))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), houses.wake, houses.wakes_at)

    @invariant()
    def a_closing_one_has_a_day_to_come(self) -> None:
        if self.state is not None and self.state.status == "closing":
            assert self.state.closes_on > self.today
        if self.state is not None and self.state.status in ("planned", "open"):
            assert self.state.closes_on is None

    @invariant()
    def the_county_follows(self) -> None:
        if self.state is not None:
            assert self.state.county == self.state.municipality[:2]

    @invariant()
    def figures_are_one_a_day_in_order_and_fit(self) -> None:
        if self.state is not None:
            days = [figure.on for figure in self.state.residents]
            assert days == sorted(set(days))
            assert len(days) <= houses.FIGURES_KEPT
            for figure in self.state.residents:
                known = [getattr(figure, group) or 0 for group in houses.GROUPS]
                assert sum(known) <= figure.total


class MeetingPlaceMachine(Machine):
    closed = False
    host = "active"

    @property
    def standing(self) -> Standing:
        return Standing(("25",), "2582", self.closed, self.host)  # type: ignore[arg-type]

    @initialize(start=st.integers(-5, 10), days=st.integers(0, 40))
    def proposed(self, start: int, days: int) -> None:
        first = self.today + timedelta(days=start)
        terms = Terms(from_=first, until=max(first, self.today) + timedelta(days=days))
        self.state, _ = places.propose(
            _description(1), ["H"], ["A", "B"], terms, self.standing, self.today
        )

    @rule(party=st.sampled_from([AGENCY, "A", "B", "C"]))
    def sign(self, party: str) -> None:
        self.do(places.sign, party, "somebody", self.now)

    @rule()
    def open(self) -> None:
        self.do(places.open_, self.standing, self.today)

    @rule()
    def pause(self) -> None:
        self.do(places.pause, "host")

    @rule()
    def resume(self) -> None:
        self.do(places.resume, self.standing, self.today)

    @rule()
    def close(self) -> None:
        self.do(places.close, "officer")

    @rule(rooms=st.integers(1, 4))
    def change(self, rooms: int) -> None:
        before = {} if self.state is None else {room.id for room in self.state.rooms}
        self.do(places.change, _description(rooms))
        assert (
            all(room.id not in before for room in self.state.rooms) or self.state.status == "closed"
        )

    @rule(closed=st.booleans(), host=st.sampled_from(["active", "inactive", "ended"]))
    def around(self, closed: bool, host: str) -> None:
        """What it stands on changes; the reaction follows."""
        self.closed, self.host = closed, host
        self.do(places.reconcile, self.standing)

    @rule(days=st.integers(0, 30))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), places.wake, places.wakes_at)

    @invariant()
    def open_only_on_firm_ground(self) -> None:
        if self.state is not None and self.state.status == "open":
            agreement = self.state.agreement
            assert agreement.from_ <= self.today <= agreement.until
            assert places.all_signed(self.state)
            assert not self.closed
            assert self.host == "active"

    @invariant()
    def in_force_means_signed_and_in_time(self) -> None:
        if self.state is not None and places.in_force(self.state):
            assert places.all_signed(self.state)
            assert self.state.agreement.from_ <= self.today <= self.state.agreement.until


def _description(rooms: int) -> Description:
    return Description(
        name="Hemmet",
        door="Ring på.",
        rooms=tuple(WantedRoom(name=f"Rum {n}") for n in range(rooms)),
        opening_hours=(Hours(weekday=2, opens="17:00", closes="01:00"),),
    )


class OrganisationMachine(Machine):
    parent: Any = None

    @initialize(branch=st.booleans())
    def applied(self, branch: bool) -> None:
        kind, parent = ("branch", "P") if branch else ("partner", None)
        profile = organisations.Profile(name="Krets", kind=kind, parent=parent)  # type: ignore[arg-type]
        self.state, _ = organisations.apply(profile, "vera")
        self.parent = Organisation(name="Riks", kind="national", status="approved")
        self.steps: list[str] = []

    @rule(
        command=st.sampled_from(
            ["review", "pause", "resume", "leave", "exclude", "approve", "decline", "ask"]
        )
    )
    def command(self, command: str) -> None:
        before = self.state.status
        more: dict[str, tuple[Any, ...]] = {
            "approve": (self.parent,), "decline": ("Nej.",), "ask": ("Vad?",)
        }  # fmt: skip
        name = {"ask": "request_information"}.get(command, command)
        self.do(getattr(organisations, name), *more.get(command, ()))
        if before in ENDED:
            assert self.state.status == before

    @rule(status=st.sampled_from(["approved", "paused", "left"]))
    def parent_changes(self, status: str) -> None:
        self.parent = self.parent.model_copy(update={"status": status})

    @invariant()
    def words_stand_only_where_they_are_meant(self) -> None:
        if self.state is not None and self.state.words is not None:
            assert self.state.status != "approved"


class PersonMachine(Machine):
    @initialize()
    def registered(self) -> None:
        self.state, _ = persons.register(Profile(name="Vera", mail="v@demo.example"), "key")

    @rule(
        role=st.sampled_from(["coordinator", "volunteer"]),
        organisation=st.sampled_from("AB"),
        days=st.none() | st.integers(1, 20),
        once=st.booleans(),
    )
    def grant(self, role: Any, organisation: str, days: int | None, once: bool) -> None:
        until = None if days is None else self.now + timedelta(days=days)
        scope = Scope(kind="organisation", ids=(organisation,))
        grant = RoleGrant(
            id=f"{role}{organisation}", role=role, scope=scope, from_=self.now, until=until
        )
        self.do(persons.grant_once if once else persons.grant, grant)

    @rule(id=st.sampled_from(["coordinatorA", "volunteerB"]))
    def revoke(self, id: str) -> None:
        self.do(persons.revoke, id)
        assert all(held.id != id for held in self.state.roles)

    @rule(on=st.booleans())
    def suspend(self, on: bool) -> None:
        self.do(persons.suspend, on)

    @rule(on=st.booleans())
    def protect(self, on: bool) -> None:
        self.do(persons.protect, on)

    @rule(name=st.sampled_from(["Vera", "Vera V"]))
    def change(self, name: str) -> None:
        self.do(persons.change, Profile(name=name))

    @rule(days=st.integers(0, 15))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), persons.end_roles, persons.wakes_at)

    @rule()
    def erase(self) -> None:
        self.do(persons.erase)

    @invariant()
    def no_role_outlives_its_end(self) -> None:
        if self.state is not None:
            assert all(held.until is None or held.until > self.now for held in self.state.roles)

    @invariant()
    def nothing_is_left_of_who_is_erased(self) -> None:
        if self.state is not None and self.state.status == "erased":
            left = self.state.model_dump(exclude={"name", "status", "preferred_language"})
            assert not any(left.values())
            assert self.state.name == "—"

    @invariant()
    def a_protected_name_stays_here(self) -> None:
        if self.state is not None and self.state.protected:
            kind = next(one for one in KINDS if one.name == "registry.person")
            assert kind.snapshot("registry.person", self.state, 1)["name"] in ("V.", "V.V.")


class ImportMachine(Machine):
    @initialize(rows=st.integers(1, 60), faulty=st.integers(0, 1))
    def checked(self, rows: int, faulty: int) -> None:
        self.state = Import(
            kind="organisations", importer="ada", separator=";", encoding="utf-8-sig", columns=(),
            rows=rows, new=rows - faulty, existing=0, faulty=faulty,
            batch="b", expires_at=self.now + imports.KEPT_FOR,
        )  # fmt: skip

    @rule()
    def commit(self) -> None:
        self.do(imports.commit, "chain", self.now)

    @rule(behind=st.integers(0, 1))
    def a_copy_advances(self, behind: int) -> None:
        since = max(0, self.state.position - 25 * behind)
        rows = min(25, self.state.rows - since)
        self.do(imports.advance, since, rows, rows, 0, self.now)

    @rule(seconds=st.integers(0, 30) | st.just(4 * 24 * 3600))
    def later(self, seconds: int) -> None:
        self.pass_time(timedelta(seconds=seconds), imports.wake, imports.wakes_at)

    @invariant()
    def what_is_expired_was_never_begun(self) -> None:
        if self.state is not None and self.state.status == "expired":
            assert self.state.position == 0
            with pytest.raises(Problem, match="import-expired"):
                imports.commit(self.state, "chain", self.now)

    @invariant()
    def each_row_is_counted_once(self) -> None:
        if self.state is not None:
            assert self.state.made + self.state.failed == self.state.position <= self.state.rows
            assert (self.state.position > 0) <= (self.state.faulty == 0)
            assert (self.state.status == "done") == (self.state.position == self.state.rows)


for machine in (
    AccommodationMachine,
    MeetingPlaceMachine,
    OrganisationMachine,
    PersonMachine,
    ImportMachine,
):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

TestAccommodation = AccommodationMachine.TestCase
TestMeetingPlace = MeetingPlaceMachine.TestCase
TestOrganisation = OrganisationMachine.TestCase
TestPerson = PersonMachine.TestCase
TestImport = ImportMachine.TestCase


def test_groups_that_do_not_add_up_are_told_in_the_words_of_the_field() -> None:
    details = Details(name="X", municipality="2582", capacity=200)
    house, _ = houses.register(details, "A-1")
    figure = {"on": NOW.date(), "total": 180, "women": 60, "men": 80, "girls": 20, "boys": 16}
    with pytest.raises(Problem) as told:
        houses.report(house, Figure(**figure), NOW.date())  # type: ignore[arg-type]
    assert told.value.detail.sv == (
        "Grupperna blir 176 men du skrev 180 personer. "
        "Ändra en siffra, eller spara med 4 som 'vet inte än'."
    )
    assert houses.report(house, Figure(**figure, not_known_yet=4), NOW.date())  # type: ignore[arg-type]


@pytest.mark.case("R23")
def test_codes_of_municipalities_are_those_that_hold_now() -> None:
    from pydantic import TypeAdapter, ValidationError

    from services.registry.domain.places import COUNTIES, MUNICIPALITIES, Municipality

    assert (len(MUNICIPALITIES), len(COUNTIES)) == (290, 21)
    assert MUNICIPALITIES["0319"].name == "Älvkarleby"
    assert MUNICIPALITIES["0331"].county == "03"
    with pytest.raises(ValidationError, match="former-code"):
        TypeAdapter(Municipality).validate_python("1917")


@pytest.mark.case("R19")
def test_all_spellings_of_an_organisation_number_are_one() -> None:
    from pydantic_core import PydanticCustomError

    from services.registry.domain.numbers import organisation_number

    spellings = [
        "8024000005", "802400-0005", "802400–0005", "168024000005", "16802400-0005",
        "SE802400000501", "802400-0005 ",
    ]  # fmt: skip
    assert {organisation_number(text) for text in spellings} == {"8024000005"}
    reasons = {}
    for text in ("8024000003", "0730000007", "121212-1212", "0000000000", "8012000009"):
        with pytest.raises(PydanticCustomError) as told:
            organisation_number(text)
        reasons[text] = told.value.type
    assert reasons == {
        "8024000003": "wrong-check-digit",
        "0730000007": "not-an-organisation-number",
        "121212-1212": "personal-number",
        "0000000000": "not-an-organisation-number",
        "8012000009": "not-an-organisation-number",
    }


def _a_house(**more: Any) -> Any:
    details = {"name": "Björknäs", "municipality": "2582", "capacity": 200, **more}
    return houses.register(Details(**details), "A-1")[0]


@pytest.mark.promise("P15")
@given(
    before=st.integers(0, 300),
    after=st.integers(0, 300),
    move=st.sampled_from(["2582", "2580", "2581"]),
)
def test_the_public_version_counts_what_everyone_sees_and_nothing_else(
    before: int, after: int, move: str
) -> None:
    today = NOW.date()
    one, _ = houses.report(
        _a_house(confidentiality="county"), Figure(on=today, total=before), today
    )
    moved = one.model_copy(update={"municipality": move})
    other, _ = houses.report(moved, Figure(on=today, total=after), today)
    same = as_everyone_sees(one, today) == as_everyone_sees(other, today)
    assert same == (band(before) == band(after))
    assert counted(one, other, today).public_version == one.public_version + (not same)


def test_a_day_that_is_a_slip_of_the_pen_closes_no_house() -> None:
    today = NOW.date()
    house, _ = houses.open_(_a_house())
    with pytest.raises(Problem) as told:
        houses.close(house, today - timedelta(days=366), today)
    assert told.value.fields[0].field == "closes_on"
    assert "årtalet" in told.value.fields[0].detail.sv
    assert houses.close(house, today - timedelta(days=7), today)[0].status == "closed"


def test_a_figure_older_than_all_that_are_kept_is_refused_not_dropped() -> None:
    today, house = NOW.date(), _a_house()
    for days in range(houses.FIGURES_KEPT):
        house, _ = houses.report(house, Figure(on=today - timedelta(days=days), total=1), today)
    oldest = house.residents[0].on
    with pytest.raises(Problem) as told:
        houses.report(house, Figure(on=oldest - timedelta(days=1), total=1), today)
    assert told.value.fields[0].field == "on"
    assert houses.report(house, Figure(on=oldest, total=7), today)[0].residents[0].total == 7

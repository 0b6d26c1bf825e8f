"""Who somebody is now, and what becomes of what was theirs: the pure rules of merging."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.domain.merging import move_person
from services.activities.domain.recurrence import Meeting
from services.activities.domain.seats import ACTIVE, HOLDING, Moment, RoleNeed, Seat, taken
from services.activities.domain.session import Session
from services.registry.domain import organisation_merging, person_merging
from services.registry.domain.merging import Merger, who_yields
from services.registry.domain.organisation import Organisation
from services.registry.domain.person import Person, grant, revoke
from shared import aliases
from shared.contracts.problems import Problem
from shared.contracts.registry import RoleGrant, Scope

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
IDS = st.sampled_from("ABCDEF")
POINTERS = st.dictionaries(IDS, IDS)


@pytest.mark.case("R22")
@given(into=POINTERS, id=IDS)
def test_whoever_asks_by_whatever_id_of_a_chain_gets_one_and_the_same(
    into: dict[str, str], id: str
) -> None:
    now = aliases.follow(id, into)
    assert aliases.follow(now, into) == now
    assert now == id or id in into
    if id in into:
        assert aliases.follow(into[id], into) == now


@given(into=POINTERS, ids=st.sets(IDS))
async def test_a_chain_is_looked_up_pointer_by_pointer_and_each_once(
    into: dict[str, str], ids: set[str]
) -> None:
    looked: list[str] = []

    async def look(some: Collection[str]) -> Mapping[str, str]:
        looked.extend(some)
        return {id: into[id] for id in some if id in into}

    assert await aliases.now(ids, look) == {id: aliases.follow(id, into) for id in ids}
    assert len(looked) == len(set(looked))


@pytest.mark.promise("P5")
@given(
    pointers=st.dictionaries(IDS, st.tuples(IDS, st.integers(0, 3)), min_size=1),
    order=st.permutations("ABCDEF"),
)
def test_of_mergers_that_lead_round_one_yields_and_whoever_looks_finds_the_same_one(
    pointers: dict[str, tuple[str, int]], order: list[str]
) -> None:
    mergers = {
        id: Merger(into=into, at=NOW + timedelta(seconds=at), before="approved")
        for id, (into, at) in pointers.items()
    }
    found = {id: who_yields(id, mergers) for id in order}
    for id, yielding in found.items():
        if yielding is None:
            continue
        circle, one = {id}, mergers[id].into
        while one != id:
            circle.add(one)
            one = mergers[one].into
        assert yielding in circle
        assert {found[member] for member in circle} == {yielding}
    left = {id: merger for id, merger in mergers.items() if id not in found.values()}
    assert all(who_yields(id, left) is None for id in order)


STATUSES = st.sampled_from(
    ["applied", "under_review", "approved", "paused", "declined", "left", "excluded", "merged"]
)
KINDS = st.sampled_from(["national", "branch", "independent", "partner"])


@given(loser=st.tuples(STATUSES, KINDS), winner=st.tuples(STATUSES, KINDS))
def test_only_what_fits_is_merged_once_and_undoing_brings_back_what_was(
    loser: tuple[str, str], winner: tuple[str, str]
) -> None:
    one = Organisation.model_construct(name="En", status=loser[0], kind=loser[1])
    other = Organisation.model_construct(name="Två", status=winner[0], kind=winner[1])
    try:
        merged, events = organisation_merging.merge("A", one, "B", other, NOW)
    except Problem:
        return
    assert (loser[1], len(events)) == (winner[1], 1)
    assert not {loser[0], winner[0]} & {"declined", "left", "excluded", "merged"}
    assert organisation_merging.merge("A", merged, "B", other, NOW) == (merged, ())
    with pytest.raises(Problem, match="merged-already"):
        organisation_merging.merge("A", merged, "C", other, NOW)
    assert merged.merged is not None
    assert organisation_merging.undo(merged, merged.merged)[0] == one


def _role(id: str, organisation: str, role: str = "volunteer") -> RoleGrant:
    scope = Scope(kind="organisation", ids=(organisation,))
    return RoleGrant(id=id, role=role, scope=scope, from_=NOW)  # type: ignore[arg-type]


@pytest.mark.case("R22")
def test_roles_are_united_once_and_one_that_is_taken_back_later_does_not_return() -> None:
    alma, _ = grant(Person(name="Alma"), _role("a", "O1"))
    berit, _ = grant(Person(name="Berit", identity="b"), _role("b1", "O1"))
    berit, _ = grant(berit, _role("b2", "O2", "coordinator"))
    merged, _ = person_merging.merge("B", berit, "A", alma, NOW)
    united, events = person_merging.absorb(alma, "B", merged)
    assert [held.id for held in united.roles] == ["a", "b2"]
    assert (len(events), united.absorbed) == (1, ("B",))
    taken, _ = revoke(united, "b2")
    assert person_merging.absorb(taken, "B", merged) == (taken, ())
    left, _ = person_merging.hand_over(merged)
    assert (left.identity, left.name, left.roles, left.mail) == ("b", "—", (), None)
    with pytest.raises(Problem, match="merged-already"):
        grant(left, _role("c", "O3"))
    assert left.merged is not None
    assert person_merging.undo(left, left.merged) == (left, ()), "handed over is handed over"


def test_a_role_in_a_merged_organisation_goes_on_in_the_other_and_remembers_the_name() -> None:
    person, _ = grant(Person(name="Alma"), _role("a", "O1"))
    person, _ = grant(person, _role("b", "O2"))
    moved, events = person_merging.follow_organisations(person, {"O1": "O2", "O2": "O2"})
    [held] = moved.roles
    assert (held.scope.ids, held.formerly, moved.joined) == (("O2",), ("O1",), ("O2",))
    assert len(events) == 1
    assert person_merging.follow_organisations(moved, {"O1": "O2", "O2": "O2"}) == (moved, ())


SEATS = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"),
        st.sampled_from(["helper", "driver"]),
        st.sampled_from(["seated", "offered", "waiting", "withdrawn", "lapsed"]),
    ),
    max_size=5,
    unique_by=lambda seat: seat[0],
)


def _session(seats: list[tuple[str, str, str]]) -> Session:
    start = NOW + timedelta(days=7)
    meeting = Meeting(number=1, start=start, end=start + timedelta(hours=2))
    standing = tuple(
        Seat(person=person, role=role, status=status, since=NOW + timedelta(minutes=at))  # type: ignore[arg-type]
        for at, (person, role, status) in enumerate(seats)
    )
    needs = tuple(
        RoleNeed(role=role, maximum=taken(standing, role))  # type: ignore[arg-type]
        for role in ("helper", "driver")
    )
    return Session(
        activity="a", number=1, kind="language_cafe", title={"sv": "X"}, target_groups=("all",),
        places=9, organiser="O1", meeting_place="p", planned_at=NOW, original_start=meeting.start,
        start=meeting.start, end=meeting.end, needs=needs, seats=standing,
        accommodations=(), municipality=None, county="25",
    )  # fmt: skip


@pytest.mark.case("R22")
@given(seats=SEATS)
def test_one_human_has_one_seat_the_better_one_and_the_freed_one_goes_to_who_waits(
    seats: list[tuple[str, str, str]],
) -> None:
    before = _session(seats)
    after, events = move_person(before, "B", "A", Moment(NOW))
    people = [seat.person for seat in after.seats]
    assert "B" not in people
    assert len(people) == len(set(people))
    assert {seat.person for seat in before.seats} - {"B"} <= set(people)
    for need in after.needs:
        held = taken(after.seats, need.role)
        waits = any(s.role == need.role and s.status == "waiting" for s in after.seats)
        assert held <= need.maximum
        assert held == need.maximum or not waits, "a seat stays free while somebody waits"
    mine = [seat for seat in before.seats if seat.person in ("A", "B")]
    [kept] = [seat for seat in after.seats if seat.person == "A"] or [None]
    if any(seat.status in HOLDING for seat in mine):
        assert kept is not None
        assert kept.status in HOLDING
    elif any(seat.status in ACTIVE for seat in mine):
        assert kept is not None
        assert kept.status in ACTIVE
    assert bool(events) == any(seat.person == "B" for seat in before.seats)
    assert move_person(after, "B", "A", Moment(NOW)) == (after, ())

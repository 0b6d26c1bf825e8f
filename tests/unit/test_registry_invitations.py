"""Invitations by their rules alone: no sequence of commands gives a role twice or keeps an address."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import invitation as rules
from services.registry.domain.invitation import HOLDS, Invitation, Offer
from services.registry.kinds import INVITATION
from shared.contracts.problems import Gone, Problem, Refused
from shared.contracts.registry import Scope
from tests.unit.machine import NOW, Machine

ADA, VERA, MALIN = "ada@demo.example", "vera@demo.example", "malin@demo.example"
VOLUNTEER = Offer(role="volunteer", scope=Scope(kind="organisation", ids=("A",)))


class InvitationMachine(Machine):
    """Sent, sent again, withdrawn, accepted by this one or that one, by old links and new."""

    state: Invitation | None = None

    def __init__(self) -> None:
        super().__init__()
        self.links: list[datetime] = []
        self.accepted: list[str] = []
        self.ended = False

    @initialize(days=st.none() | st.integers(1, 30))
    def invited(self, days: int | None) -> None:
        until = None if days is None else self.now + timedelta(days=days)
        offer = VOLUNTEER.model_copy(update={"until": until})
        self.state, _ = rules.invite("i", offer, VERA, "sv", "cora", self.now)
        self.links.append(self.state.expires_at)

    @rule(mail=st.sampled_from([None, ADA, VERA]))
    def resend(self, mail: str | None) -> None:
        self.do(lambda state: rules.resend("i", state, mail, "cora", self.now))
        if self.state.expires_at != self.links[-1]:
            self.links.append(self.state.expires_at)

    @rule()
    def withdraw(self) -> None:
        self.do(rules.withdraw)

    @rule(hours=st.integers(1, 24 * 8))
    def time_passes(self, hours: int) -> None:
        self.pass_time(timedelta(hours=hours), rules.expire, rules.wakes_at)

    @rule(
        person=st.sampled_from(["vera", "ada", "malin"]),
        address=st.sampled_from([ADA, VERA, VERA.upper(), MALIN]),
        link=st.integers(0, 5),
    )
    def accept(self, person: str, address: str, link: int) -> None:
        number = link % len(self.links)
        before = self.state
        with suppress(Problem):
            self.state, _ = rules.accept(
                before, person, self.links[number], [address], False, self.now
            )
            self.accepted.append(person)
            assert number == len(self.links) - 1, "an old link"
            assert before.mail is not None
            assert before.mail.casefold() == address.casefold(), "somebody else"
            assert self.now < before.expires_at, "too late"

    @invariant()
    def the_role_is_given_once_and_is_the_one_that_was_offered(self) -> None:
        if self.state is None:
            return
        assert len(self.accepted) <= 1
        assert (self.state.status == "accepted") == bool(self.accepted)
        role = rules.offered("g", self.state, self.now)
        assert (role.role, role.scope) == (VOLUNTEER.role, VOLUNTEER.scope)
        assert role.until == self.state.until

    @invariant()
    def an_address_is_kept_only_while_it_waits(self) -> None:
        if self.state is None:
            return
        waits = self.state.status == "open"
        assert (self.state.mail is not None) == waits
        if not waits:
            stored: Any = self.state.model_dump(mode="json", by_alias=True)
            assert "@" not in str([stored, INVITATION.keys(self.state)])
        public = INVITATION.snapshots["registry.invitation"](self.state)
        assert "@" not in str(public)
        assert len(self.links) == len(set(self.links)), "two sendings share a link"


TestInvitation = InvitationMachine.TestCase
TestInvitation.settings = settings(max_examples=100, stateful_step_count=30)
TestInvitation = pytest.mark.case("X19")(TestInvitation)


def test_an_invitation_holds_fourteen_days_and_no_longer_than_its_role() -> None:
    invitation, _ = rules.invite("i", VOLUNTEER, VERA, "sv", "cora", NOW)
    assert invitation.expires_at == NOW + HOLDS
    with pytest.raises(Gone):
        rules.insist_on_link(invitation, invitation.expires_at, NOW + HOLDS)
    short = VOLUNTEER.model_copy(update={"until": NOW + timedelta(days=1)})
    assert rules.invite("i", short, VERA, "sv", "cora", NOW)[0].expires_at == short.until
    with pytest.raises(Refused):
        rules.invite("i", short, VERA, "sv", "cora", NOW + timedelta(days=1))


def test_it_is_sent_a_few_times_and_no_more() -> None:
    invitation, _ = rules.invite("i", VOLUNTEER, VERA, "sv", "cora", NOW)
    for _ in range(rules.MOST_SENDINGS - 1):
        invitation, _ = rules.resend("i", invitation, None, "cora", NOW)
    with pytest.raises(Refused):
        rules.resend("i", invitation, None, "cora", NOW)

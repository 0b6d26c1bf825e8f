"""What can be done with invitations: offer a role by mail, send again, withdraw, accept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.registry.commands.active import active_organisations
from services.registry.commands.granting import Granting
from services.registry.commands.invited_addresses import ENOUGH
from services.registry.commands.people import People
from services.registry.domain import invitation as rules
from services.registry.domain import person as persons
from services.registry.domain.invitation import Invitation, Offer
from services.registry.domain.person import Person, Profile
from services.registry.kinds import INVITATION
from shared import failpoints
from shared.access import PersonNotKnown, PersonSuspended
from shared.caller import Caller
from shared.causes import following
from shared.contracts.problems import Gone, NotAllowed, NotFound, NotYetKnown, Refused
from shared.contracts.registry import InvitationLanguage, RoleGrant
from shared.database import Document
from shared.kind import By, Change, Stored, derived_id, new_id
from shared.links import Link
from shared.store import Store
from shared.tokens import Identity


@dataclass(frozen=True)
class Answer:
    """Who accepts: by which link, signed in as whom, with what words of themselves.

    `sent_to` is the address that they say the invitation was sent to.
    """

    link: Link
    identity: Identity
    profile: Profile | None = None
    sent_to: str | None = None


class Invitations:
    """Use cases of the invitation aggregate."""

    def __init__(self, store: Store, people: People, granting: Granting) -> None:
        self._store = store
        self._people = people
        self._granting = granting

    async def load(self, id: str) -> Stored[Invitation]:
        """One invitation; NotFound when there is none."""
        return await self._store.load(INVITATION, id)

    async def invite(
        self, offer: Offer, mail: str, language: InvitationLanguage, caller: Caller, by: By
    ) -> Stored[Invitation]:
        """Offer a role to an address.

        NotAllowed when the caller may not give that role; Refused when the same offer waits there
        already, when too many wait, and while the organisation is not active.
        """
        born = await self._store.born(INVITATION, by)
        if born is not None:
            return born
        id, now = new_id(by), self._store.clock.now()
        invitation, events = rules.invite(id, offer, mail, language, caller.person_id, now)
        await self._granting.only_as_first(caller.grants, _role(id, invitation, now))
        await self._insist_on_active(offer)
        await self._insist_on_new(invitation)
        return await self._store.create(INVITATION, id, Change(invitation, events), by)

    async def resend(self, id: str, mail: str | None, caller: Caller, by: By) -> Stored[Invitation]:
        """Send it anew; earlier links end. NotAllowed when the caller may not give that role now."""
        now = self._store.clock.now()
        role = _role(id, (await self.load(id)).state, now)
        await self._granting.only_as_first(caller.grants, role)
        return await self._change(
            id, lambda one: rules.resend(id, one, mail, caller.person_id, now), by
        )

    async def withdraw(self, id: str, by: By) -> Stored[Invitation]:
        """End it before it is accepted."""
        return await self._change(id, rules.withdraw, by)

    async def linked(self, link: Link) -> Stored[Invitation]:
        """What a link invites to, as long as it may be accepted; NotFound, or Gone."""
        stored = await self.load(link.subject)
        rules.insist_on_link(stored.state, link.until, self._store.clock.now())
        await self._only_as_first(stored)
        return stored

    async def accept(self, id: str, answer: Answer, by: By) -> Stored[Invitation]:
        """The role becomes theirs, once. A person is made of who is not known, as by PUT /me.

        Gone when the link holds no more, or the one who invited may not give the role any more;
        Refused for another address, PersonNotKnown without words of a new person, and whatever
        `People.register` refuses with.
        """
        if answer.link.subject != id:
            raise NotFound()
        stored = await self.load(id)
        known = await self._people.by_identity(answer.identity.key)
        if known is None and answer.profile is None:
            rules.insist_on_link(stored.state, answer.link.until, self._store.clock.now())
            raise PersonNotKnown()
        addresses = _addresses(known.state if known else answer.profile, answer.sent_to)
        now = self._store.clock.now()
        if stored.state.status == "open" or known is None or by.repeat is None:
            rules.insist_on_acceptable(stored.state, answer.link.until, addresses, now)
        first = await self._only_as_first(stored)
        person = await self._person(known, answer, by)
        persons.grant(person.state, _role(id, stored.state, now))
        accepted = await self._change(
            id,
            lambda one: rules.accept(one, person.id, answer.link.until, addresses, first, now),
            replace(by, actor=person.id),
        )
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        if not await self._granted(accepted, by):
            raise Gone()
        return accepted

    async def reconcile(self, id: str, by: By) -> None:
        """See that who has accepted has got the role, if a killed process left that undone."""
        await self._granted(await self.load(id), by)

    async def wake(self, id: str, by: By) -> None:
        """What nobody has answered in time expires."""
        now = self._store.clock.now()
        await self._change(id, lambda one: rules.expire(one, now), by)

    async def _granted(self, stored: Stored[Invitation], by: By) -> bool:
        """Whether the role is (or was once) given; False where another became the first meanwhile."""
        invitation = stored.state
        if invitation.accepted_by is None:
            return False
        role = _role(stored.id, invitation, self._store.clock.now())
        on = replace(following(by), actor=invitation.accepted_by)
        return await self._people.roles.grant_invited(
            invitation.accepted_by, role, on, invitation.first
        )

    async def _person(self, known: Stored[Person] | None, answer: Answer, by: By) -> Stored[Person]:
        if known is not None and known.state.status == "suspended":
            raise PersonSuspended()
        if answer.profile is not None:
            return await self._people.register(answer.identity, answer.profile, following(by))
        assert known is not None
        return known

    async def _only_as_first(self, stored: Stored[Invitation]) -> bool:
        """Judged anew: may who invited still give it, and only as a first coordinator's? Else Gone."""
        invitation = stored.state
        offered = _role(stored.id, invitation, self._store.clock.now())
        inviter, role = await self._people.roles.as_now(invitation.invited_by, offered)
        try:
            await self._insist_on_active(role)
            own = await self._granting.roles_of(inviter)
            first = await self._granting.only_as_first(own, role) is not None
        except (NotAllowed, NotYetKnown, Refused) as error:
            raise Gone() from error
        if first and await self._people.roles.has_coordinator(role.scope.ids[0]):
            raise Gone()
        return first

    async def _insist_on_active(self, offer: Offer | RoleGrant) -> None:
        ids = offer.scope.ids if offer.scope.kind == "organisation" else ()
        if len(await active_organisations(self._store, ids)) < len(ids):
            raise Refused(
                "organisation-not-active",
                sv="Organisationen är inte med i nätverket just nu. Vänta tills den är det.",
                en="The organisation is not active in the network now. Wait until it is.",
            )

    async def _insist_on_new(self, invitation: Invitation) -> None:
        assert invitation.mail is not None
        there: Document = {"keys.mail": rules.folded(invitation.mail)}
        waiting = await self._store.find(INVITATION, there, limit=ENOUGH)
        if any(_same(one.state, invitation) for one in waiting):
            raise Refused(
                "already-invited",
                sv="Samma inbjudan väntar redan på svar där. Skicka den igen i stället.",
                en="The same invitation waits for an answer there already. Send it again instead.",
            )
        own: Document = {"keys.open_by": invitation.invited_by}
        if len(await self._store.find(INVITATION, own, limit=rules.MOST_OPEN)) >= rules.MOST_OPEN:
            raise Refused(
                "too-many-invitations",
                sv=f"Du har {rules.MOST_OPEN} inbjudningar som väntar på svar. Ta tillbaka någon först.",
                en=f"You have {rules.MOST_OPEN} invitations waiting for an answer. Withdraw one first.",
            )

    async def _change(
        self, id: str, rule: Callable[[Invitation], rules.Decision], by: By
    ) -> Stored[Invitation]:
        def change(one: Invitation) -> Change[Invitation]:
            changed, events = rule(one)
            return Change(changed, events, _result(id, changed))

        return await self._store.change(INVITATION, id, change, by)


def _role(id: str, invitation: Invitation, now: datetime) -> RoleGrant:
    """The role on offer; the grant's id follows from the invitation's, so that it is given once."""
    return rules.offered(derived_id(id, "invited"), invitation, now)


def _same(one: RoleGrant | Offer, other: Offer) -> bool:
    return (one.role, one.scope, one.until) == (other.role, other.scope, other.until)


def _addresses(who: Profile | None, sent_to: str | None) -> set[str]:
    given = (who.mail if who else None, sent_to)
    return {address for address in given if address}


def _result(id: str, invitation: Invitation) -> dict[str, Any]:
    return {"id": id, "status": invitation.status}

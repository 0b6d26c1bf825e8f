"""The registry: the one place where its parts meet."""

from typing import Any

from fastapi import FastAPI

from services.registry import reactions
from services.registry.commands.accommodations import Accommodations
from services.registry.commands.accounts import Accounts
from services.registry.commands.agreements import Agreements
from services.registry.commands.branches import Branches
from services.registry.commands.closing_plans import ClosingPlans
from services.registry.commands.complaints import Complaints
from services.registry.commands.coordination import Coordination
from services.registry.commands.granting import Granting
from services.registry.commands.grounds import Grounds
from services.registry.commands.import_kept import ROWS, ROWS_INDEXES
from services.registry.commands.imports import Imports
from services.registry.commands.incidents import READS as INCIDENT_READS
from services.registry.commands.incidents import READS_INDEXES as INCIDENT_READS_INDEXES
from services.registry.commands.incidents import READS_KEPT as INCIDENT_READS_KEPT
from services.registry.commands.incidents import Incidents
from services.registry.commands.invitations import Invitations
from services.registry.commands.leaving import PEOPLES_HISTORY_KEPT, Leaving
from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.commands.organisation_merging import OrganisationMerging
from services.registry.commands.organisations import Organisations
from services.registry.commands.people import People
from services.registry.commands.person_merging import PersonMerging
from services.registry.commands.places_of import Places
from services.registry.commands.presence import Presence
from services.registry.commands.site_contacts import SiteContacts
from services.registry.commands.support_cases import SupportCases
from services.registry.commands.volunteering import Volunteering
from services.registry.commands.ways import READS, READS_INDEXES, READS_KEPT, Ways
from services.registry.domain.account import Limits
from services.registry.kinds import (
    ACCOMMODATION,
    ACCOUNT,
    COMPLAINT,
    IMPORT,
    INCIDENT,
    INVITATION,
    KINDS,
    MEETING_PLACE,
    PERSON,
    SUPPORT_CASE,
)
from services.registry.routes import accommodations as accommodation_routes
from services.registry.routes import accounts as account_routes
from services.registry.routes import agreements as agreement_routes
from services.registry.routes import branches as branch_routes
from services.registry.routes import closing_plans as closing_plan_routes
from services.registry.routes import complaints as complaint_routes
from services.registry.routes import imports as import_routes
from services.registry.routes import incidents as incident_routes
from services.registry.routes import invitations as invitation_routes
from services.registry.routes import joining as joining_routes
from services.registry.routes import likenesses as likeness_routes
from services.registry.routes import links as link_pages
from services.registry.routes import meeting_places as meeting_place_routes
from services.registry.routes import memberships as membership_routes
from services.registry.routes import merging as merging_routes
from services.registry.routes import noticeboards as noticeboard_routes
from services.registry.routes import organisations as organisation_routes
from services.registry.routes import people as people_routes
from services.registry.routes import responsible as responsible_routes
from services.registry.routes import site_contacts as site_contact_routes
from services.registry.routes import support_cases as support_case_routes
from services.registry.routes import volunteering as volunteering_routes
from services.registry.routes import ways as way_routes
from services.registry.routes.here import Merging, Registry
from shared.causes import by_event
from shared.clock import Clock
from shared.kind import Kind
from shared.links import Links
from shared.operate import operator_routes
from shared.service import Plumbing, Service, application
from shared.settings import Settings

NAME = "registry"


def create(settings: Settings, clock: Clock | None = None, prefix: str = "") -> FastAPI:
    """The registry's app. `clock` and the collections' `prefix` are given in tests only."""
    plumbing = Plumbing(NAME, settings, clock, prefix)
    registry = _use_cases(plumbing)
    sleepers = {
        PERSON.name: registry.people.wake,
        ACCOUNT.name: registry.accounts.wake,
        ACCOMMODATION.name: registry.accommodations.wake,
        MEETING_PLACE.name: registry.meeting_places.wake,
        IMPORT.name: registry.imports.wake,
        SUPPORT_CASE.name: registry.support_cases.wake,
        INVITATION.name: registry.invitations.wake,
        INCIDENT.name: registry.incidents.wake,
        COMPLAINT.name: registry.complaints.wake,
    }

    async def wake(kind: Kind[Any], id: str) -> None:
        await sleepers[kind.name](id, by_event())

    replicas = (registry.grounds.sessions,)
    app = application(
        Service(
            plumbing=plumbing,
            people=registry.people,
            kinds=KINDS,
            routers=(
                merging_routes.router,
                organisation_routes.router,
                membership_routes.router,
                branch_routes.router,
                likeness_routes.router,
                people_routes.router,
                account_routes.router,
                responsible_routes.router,
                joining_routes.router,
                invitation_routes.router,
                volunteering_routes.router,
                accommodation_routes.router,
                closing_plan_routes.router,
                way_routes.router,
                site_contact_routes.router,
                meeting_place_routes.router,
                agreement_routes.router,
                import_routes.router,
                support_case_routes.router,
                incident_routes.router,
                complaint_routes.router,
                noticeboard_routes.router,
                operator_routes(plumbing, KINDS, replicas),
            ),
            subscriptions=reactions.subscriptions(registry),
            wake=wake,
            replicas=replicas,
            tasks=(registry.imports.run, registry.accounts.run),
            seen=registry.accounts.seen,
            kept=(READS_KEPT, INCIDENT_READS_KEPT, PEOPLES_HISTORY_KEPT),
            pages=(link_pages.router,),
            indexes={
                READS: READS_INDEXES,
                ROWS: ROWS_INDEXES,
                INCIDENT_READS: INCIDENT_READS_INDEXES,
            },
            file_paths=import_routes.FILE_PATHS,
        )
    )
    app.state.registry = registry
    return app


def _use_cases(plumbing: Plumbing) -> Registry:
    store = plumbing.store
    people = People(store)
    meeting_places = MeetingPlaces(store, people)
    organisations = Organisations(store, people.roles, meeting_places)
    accommodations = Accommodations(store, meeting_places)
    grounds = Grounds(store, plumbing.database)
    granting = Granting(store, meeting_places)
    settings = plumbing.settings
    places, presence = Places(store, meeting_places), Presence(store, grounds.sessions)
    return Registry(
        store=store,
        links=Links(settings.secret_key.get_secret_value()),
        public_url=settings.public_url,
        organisations=organisations,
        branches=Branches(store, organisations),
        people=people,
        accounts=Accounts(store, people, grounds.has_a_seat, _limits(settings)),
        leaving=Leaving(store, plumbing.failed),
        accommodations=accommodations,
        closing_plans=ClosingPlans(store, accommodations, meeting_places),
        meeting_places=meeting_places,
        agreements=Agreements(meeting_places, store.clock),
        grounds=grounds,
        ways=Ways(store, plumbing.database, grounds),
        site_contacts=SiteContacts(store, grounds),
        imports=Imports(
            store, plumbing.database, plumbing.relay, organisations, people, accommodations
        ),
        support_cases=SupportCases(store),
        granting=granting,
        volunteering=Volunteering(store),
        coordination=Coordination(store),
        invitations=Invitations(store, people, granting),
        places=places,
        incidents=Incidents(store, plumbing.database, presence, places),
        complaints=Complaints(store, meeting_places, places),
        merging=Merging(
            OrganisationMerging(store, organisations, meeting_places), PersonMerging(store, people)
        ),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        warned=settings.account_warned_months,
        suspended=settings.account_suspended_months,
        officers_warned=settings.officer_warned_months,
        officers_suspended=settings.officer_suspended_months,
        erased=settings.account_erased_months,
    )

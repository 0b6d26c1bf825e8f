"""A world told to notifications by real messages, as registry and activities would publish them."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractRobustChannel, AbstractRobustConnection

from shared.contracts import activities, registry
from shared.contracts.base import Facts, Snapshot
from shared.kind import event_id
from shared.people import HEARTBEAT
from shared.relay import CONTACTS_EXCHANGE, CONTENT_TYPE, EVENTS_EXCHANGE, encode
from shared.tokens import Identity
from tests.harness import PASSWORDS, System, eventually

ROOM = "place-1"
ORGANISER, HOST = "organisation-organiser", "organisation-host"


class World:
    """Publishes for the services that are not running; every aggregate keeps its version."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.versions: dict[str, int] = {}
        self._connections: list[AbstractRobustConnection] = []
        self._channels: dict[str, AbstractRobustChannel] = {}

    async def __aenter__(self) -> Self:
        for service in ("registry", "activities"):
            url = self.system.vhost.url_for(service, PASSWORDS[service])
            connection = await aio_pika.connect_robust(url)
            self._connections.append(connection)
            self._channels[service] = await connection.channel()
        await self.beat()
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._connections:
            await connection.close()

    async def beat(self) -> None:
        """The registry's heartbeat, without which nobody is let in."""
        await self.send("registry", HEARTBEAT, "heartbeat", {}, {"version": 1})

    async def send(
        self,
        service: str,
        type: str,
        subject: str,
        facts: dict[str, Any],
        state: dict[str, Any] | None,
        *,
        actor: str | None = None,
        correlation: str | None = None,
        version: int = 1,
    ) -> bytes:
        """Publish one event; returns the message, to be sent again at will."""
        event = {
            "id": event_id(subject, version, type) if type != HEARTBEAT else str(uuid4()),
            "type": type,
            "time": self.system.clock.now(),
            "actor": actor,
            "correlation": correlation or str(uuid4()),
            "cause": None,
            "traceparent": "",
            "facts": facts,
        }
        body = encode(service, subject, version, event, state)
        await self.publish(service, type, event["id"], body)
        return body

    async def publish(self, service: str, type: str, id: str, body: bytes) -> None:
        """Publish a message as the service's own user."""
        contacts = type.startswith("registry.contact") or type == "registry.snapshot.contact"
        exchange = await self._channels[service].get_exchange(
            CONTACTS_EXCHANGE if contacts else EVENTS_EXCHANGE, ensure=False
        )
        message = aio_pika.Message(
            body,
            content_type=CONTENT_TYPE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=id,
            user_id=service,
        )
        await exchange.publish(message, routing_key=type, mandatory=True)

    async def again(self, body: bytes) -> None:
        """The same message once more."""
        event = json.loads(body)
        await self.publish(event["source"].strip("/"), event["type"], event["id"], body)

    async def tell(
        self, subject: str, facts: Facts, snapshot: Snapshot | None, **more: Any
    ) -> bytes:
        """An event of the contracts with the aggregate's next version."""
        version = more.pop("version", None) or self.versions.get(subject, 0) + 1
        self.versions[subject] = max(version, self.versions.get(subject, 0))
        state = {"version": version, "erased": True}
        if snapshot is not None:
            state = {"version": version, **snapshot.model_dump(mode="json", by_alias=True)}
        return await self.send(
            facts.type.split(".")[0],
            facts.type,
            subject,
            facts.model_dump(mode="json", by_alias=True),
            state,
            version=version,
            **more,
        )

    async def person(
        self,
        id: str,
        *roles: registry.RoleGrant,
        mail: str | None = "",
        language: str = "sv",
        **more: Any,
    ) -> str:
        """Somebody who signs in by their id; reachable by mail unless None."""
        identity = Identity(self.system.issuer.url, id).key
        snapshot = registry.PersonSnapshot(
            name=id, identity=identity, preferred_language=language, roles=roles, **more
        )
        await self.tell(id, registry.PersonChanged(fields=("name",)), snapshot)
        address = f"{id}@demo.example" if mail == "" else mail
        contact = registry.ContactSnapshot(mail=address)
        await self.tell(id, registry.ContactChanged(), contact, version=self.versions[id])
        return id

    async def volunteer(self, id: str, **more: Any) -> str:
        """A volunteer of the organiser."""
        return await self.person(id, grant("volunteer", ORGANISER), **more)

    async def coordinator(self, id: str, organisation: str = ORGANISER, **more: Any) -> str:
        """A coordinator of an organisation."""
        return await self.person(id, grant("coordinator", organisation), **more)

    async def organisation(
        self,
        id: str,
        name: str = "Majblomman demo",
        status: registry.OrganisationStatus = "approved",
    ) -> str:
        """A member of the network."""
        snapshot = registry.OrganisationSnapshot(name=name, kind="independent", status=status)
        facts = registry.OrganisationChanged(fields=("name",))
        await self.tell(id, facts, snapshot)
        return id

    async def organisations(self) -> None:
        """The organiser and the host of every session."""
        await self.organisation(ORGANISER)
        await self.organisation(HOST, "Folkets hus demo")

    def session(self, **more: Any) -> activities.SessionSnapshot:
        """A language café on the Tuesday after, 18.00 Swedish time."""
        start = more.pop("start", datetime.fromisoformat("2026-12-08T17:00:00+00:00"))
        return activities.SessionSnapshot(
            **{
                "activity": "activity-1",
                "kind": "language_cafe",
                "title": {"sv": "Språkcafé", "en": "Language café"},
                "number": 1,
                "status": "scheduled",
                "start": start,
                "end": start + timedelta(hours=2),
                "meeting_place": ROOM,
                "accommodations": (),
                "county": "14",
                "organiser": ORGANISER,
                **more,
            }
        )

    async def planned(self, id: str, snapshot: activities.SessionSnapshot) -> None:
        """A session becomes known."""
        facts = activities.SessionPlanned(activity=snapshot.activity)
        await self.tell(id, facts, snapshot)

    async def cancelled(
        self,
        id: str,
        concerned: Sequence[str],
        reason: activities.CancelReason = "illness",
        session: activities.SessionSnapshot | None = None,
        **more: Any,
    ) -> bytes:
        """A session is cancelled."""
        session = session or self.session()
        session = session.model_copy(update={"status": "cancelled", "cancel_reason": reason})
        facts = activities.SessionCancelled(
            reason=reason,
            concerned=tuple(concerned),
            start=session.start,
            organiser=session.organiser,
            hosts=(HOST,),
        )
        return await self.tell(id, facts, session, **more)

    async def moved_up(
        self, id: str, person: str, until: datetime | None = None, **more: Any
    ) -> bytes:
        """Somebody moves up from the queue."""
        seats = activities.RoleSeats(
            role="helper",
            minimum=1,
            maximum=2,
            seated=() if until else (person,),
            offered=(person,) if until else (),
        )
        moved = activities.MovedUp(person=person, role="helper", until=until)
        session = more.pop("session", None) or self.session(seats=(seats,))
        return await self.tell(id, activities.SeatsOffered(moved_up=(moved,)), session, **more)

    async def settled(self) -> None:
        """Return when everything that was published before has been taken in."""
        marker = f"marker-{len(self.versions)}"
        await self.organisation(marker)
        await self.volunteer(marker)
        await self.planned(marker, self.session(activity=marker))
        for name in (
            "activities_session",
            "registry_contact",
            "registry_person",
            "registry_organisation",
        ):
            replica = self.system.raw("notifications", f"replica_{name}")
            await eventually(lambda replica=replica: replica.find_one({"_id": marker}))

    async def erased(self, id: str) -> None:
        """A person is erased from everywhere."""
        await self.tell(id, registry.PersonErased(), None)
        await self.tell(id, registry.ContactErased(), None, version=self.versions[id])


def grant(
    role: registry.RoleName, organisation: str, until: datetime | None = None
) -> registry.RoleGrant:
    """A role in an organisation since long ago."""
    return registry.RoleGrant(
        id=f"{role}-{organisation}",
        role=role,
        scope=registry.Scope(kind="organisation", ids=(organisation,)),
        from_=datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
        until=until,
    )


async def planned_activity(world: World, id: str) -> bytes:
    """The organiser plans football on Tuesdays."""
    snapshot = activities.ActivitySnapshot(
        kind="sport",
        title={"sv": "Fotboll"},
        status="planned",
        organiser=ORGANISER,
        meeting_place=ROOM,
        accommodations=(),
        target_groups=("all",),
        first_start=world.session().start,
    )
    facts = activities.ActivityPlanned(organiser=ORGANISER, meeting_place=ROOM, sessions=18)
    return await world.tell(id, facts, snapshot)

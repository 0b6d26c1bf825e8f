"""The grammar of the public language: what an event and a snapshot are.

One file per publishing service beside this one holds the words. A contract changes compatibly
(new optional fields) or gets a new version: consumers ignore what they do not know.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

PersonId = str
OrganisationId = str
AccommodationId = str
MeetingPlaceId = str
ActivityId = str
SessionId = str
Version = Annotated[int, Field(ge=1)]

DATASCHEMA = "https://samverkan.example/contracts/{type}/1"


class Contract(BaseModel):
    """Immutable, and tolerant of fields that a newer publisher has added."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Snapshot(Contract):
    """What everyone may know of one aggregate; never a contact, address or free text about people.

    `aggregate` is the full name, `registry.organisation`; its first part is the publisher.
    """

    aggregate: ClassVar[str]

    def __init_subclass__(cls, aggregate: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        if aggregate:
            cls.aggregate = aggregate
            SNAPSHOTS[aggregate] = cls


class Facts(Contract):
    """What happened, in the past tense: person ids and places, never names or contacts.

    `type` is the routing key, `registry.organisation.approved`.
    """

    type: ClassVar[str]

    def __init_subclass__(cls, type: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        if type:
            cls.type = type
            FACTS[type] = cls


SNAPSHOTS: dict[str, type[Snapshot]] = {}
FACTS: dict[str, type[Facts]] = {}


class EventData(Contract):
    """`state` is the public snapshot with its own `version`; `erased` marks a tombstone."""

    facts: dict[str, Any] = {}
    state: dict[str, Any] | None = None


class Event(Contract):
    """A CloudEvents 1.0 event in structured JSON mode, as it travels and as consumers see it."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    aggregateversion: int
    dataschema: str = ""
    datacontenttype: str = "application/json"
    traceparent: str = ""
    actor: str | None = None
    correlationid: str
    causationid: str | None = None
    data: EventData

    @property
    def aggregate(self) -> str:
        """`registry.person` for both `registry.person.registered` and `registry.snapshot.person`."""
        publisher, kind, what = self.type.split(".")
        return f"{publisher}.{what if kind == 'snapshot' else kind}"

    @property
    def is_snapshot(self) -> bool:
        """True for a resync: it overwrites replicas and tells nobody."""
        return self.type.split(".")[1] == "snapshot"


def is_contact(aggregate: str) -> bool:
    """Whether it is told on the road of contacts, apart from everything else (P11).

    `registry.contact`, and the `..._contact` of anything else that has an address.
    """
    name = aggregate.rsplit(".", 1)[-1]
    return name == "contact" or name.endswith("_contact")


def aggregate_of(event_type: str) -> str:
    """`registry.person` of `registry.person.registered`."""
    return event_type.rsplit(".", 1)[0]

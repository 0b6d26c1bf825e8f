"""The plan of the broker: who may say what, and that nothing foreign ever fits."""

import base64
import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import admin
from deploy.databases import ServiceDatabase
from deploy.topology.compare import Change, Stage, changes
from deploy.topology.conflicts import conflicts
from deploy.topology.plan import (
    CONTACTS,
    EVENTS,
    NOTHING,
    Rights,
    TopicRights,
    Topology,
    topology,
)
from deploy.topology.state import FoundBinding, FoundQueue, FoundUser, State
from shared.bus import queues_of
from shared.contracts.base import FACTS, SNAPSHOTS
from tests.debian_root import Unavailable, debian_mirror
from tests.topology_words import LISTENS, PLAN, PUBLISHES

pytestmark = [pytest.mark.promise("P10"), pytest.mark.promise("P11")]

RIGHTS = {each.user: each for each in PLAN.rights}
KEYS = {(each.user, each.exchange): each.write for each in PLAN.topic_rights}
SERVICES = [*PUBLISHES]
VOCABULARY = sorted(
    {
        *SERVICES,
        *(name for names in PUBLISHES.values() for name in names),
        *("snapshot", "dead", "approved", "heartbeat", "events", "contacts", "samverkan"),
        *("#", "*", "", " ", "|", "^", "$", ".*", "x", "A", "\n", "é"),
    }
)

words = st.sampled_from(VOCABULARY)
keys = st.lists(words, max_size=5).map(".".join) | st.lists(words, max_size=5).map("".join)


def owner_and_exchange(key: str) -> tuple[str, str] | None:
    """Whose key it is and where it travels, told from the rules and not from the regexes."""
    parts = key.removesuffix("\n").split(".")  # the end of a line counts as the end of the key
    if len(parts) != 3:
        return None
    service, kind, what = parts
    aggregate = what if kind == "snapshot" else kind
    fits = kind == "snapshot" or re.fullmatch("[a-z][a-z0-9_]*", what)
    if aggregate not in PUBLISHES.get(service, ()) or not fits:
        return None
    return service, CONTACTS if aggregate.endswith("contact") else EVENTS


@given(key=keys, user=st.sampled_from(SERVICES), exchange=st.sampled_from([EVENTS, CONTACTS]))
def test_a_key_fits_its_owner_on_its_exchange_and_nobody_else(
    key: str, user: str, exchange: str
) -> None:
    """The broker asks for both: the right on the exchange and the one on the key."""
    may_write = re.search(RIGHTS[user].write, exchange)
    allowed = bool(may_write and re.search(KEYS[user, exchange], key))
    assert allowed == (owner_and_exchange(key) == (user, exchange))


@given(
    reader=st.sampled_from(SERVICES),
    name=st.sampled_from([queue.name for queue in PLAN.queues]),
    before=words,
    after=words,
)
def test_a_queue_is_read_by_the_service_it_is_named_after_and_by_its_exact_name(
    reader: str, name: str, before: str, after: str
) -> None:
    assert (re.search(RIGHTS[reader].read, name) is not None) == name.startswith(f"{reader}.")
    if before or after.strip("\n"):
        assert not re.search(RIGHTS[reader].read, f"{before}{name}{after}")


def test_the_services_publish_and_listen_as_written_down() -> None:
    assert admin.plan() == PLAN


def test_everything_the_contracts_know_may_be_said_by_its_owner() -> None:
    for kind in FACTS:
        service, aggregate, _ = kind.split(".")
        exchange = CONTACTS if aggregate.endswith("contact") else EVENTS
        assert re.search(KEYS[service, exchange], kind), kind
    for name in SNAPSHOTS:
        service, aggregate = name.split(".")
        exchange = CONTACTS if aggregate.endswith("contact") else EVENTS
        assert re.search(KEYS[service, exchange], f"{service}.snapshot.{aggregate}"), name


def test_nobody_configures_anything_or_binds_anything() -> None:
    assert {each.configure for each in PLAN.rights} == {NOTHING}
    assert {each.read for each in PLAN.topic_rights} == {NOTHING}
    for each in PLAN.rights:
        assert not any(re.search(each.read, exchange.name) for exchange in PLAN.exchanges)


def test_every_user_has_a_row_for_every_topic_exchange() -> None:
    """An exchange without one is open to every key."""
    assert {*KEYS} == {(user, exchange) for user in SERVICES for exchange in (EVENTS, CONTACTS)}


def test_contacts_go_from_registry_to_notifications_alone() -> None:
    bound = {(each.queue, each.key) for each in PLAN.bindings if each.exchange == CONTACTS}
    assert bound == {
        ("notifications.registry.contact", "registry.contact.*"),
        ("notifications.registry.contact", "registry.snapshot.contact"),
        ("notifications.registry.invitation_contact", "registry.invitation_contact.*"),
        ("notifications.registry.invitation_contact", "registry.snapshot.invitation_contact"),
    }
    assert [user for user in SERVICES if re.search(RIGHTS[user].write, CONTACTS)] == ["registry"]
    assert [user for user in SERVICES if KEYS[user, CONTACTS] != NOTHING] == ["registry"]


def test_nobody_writes_on_the_default_exchange_or_the_nets() -> None:
    for each in PLAN.rights:
        for exchange in ("amq.default", "amq.topic", "samverkan.dead", "samverkan.unrouted"):
            assert not re.search(each.write, exchange)


def test_the_queues_are_those_the_services_consume() -> None:
    for service in SERVICES:
        planned = {each.name for each in PLAN.queues if each.name.startswith(f"{service}.")}
        assert planned == {*queues_of(service, LISTENS[service]), f"{service}.dead"}


def test_every_queue_is_quorum_with_a_delivery_limit_of_its_own_and_consumers_have_a_net() -> None:
    for queue in PLAN.queues:
        arguments = dict(queue.arguments)
        assert arguments["x-queue-type"] == "quorum"
        assert int(arguments["x-delivery-limit"]) >= 200
        if queue.name.split(".")[-1] in ("dead", "unrouted"):
            continue
        assert arguments["x-dead-letter-exchange"] == "samverkan.dead"
        assert arguments["x-dead-letter-routing-key"] == f"{queue.name.split('.')[0]}.dead"
        assert arguments["x-dead-letter-strategy"] == "at-least-once"
        assert arguments["x-overflow"] == "reject-publish"


@pytest.mark.parametrize(
    ("publishes", "listens", "sentence"),
    [
        (PUBLISHES, {"activities": ("registry.persn",)}, "registry.persn, which no service"),
        (PUBLISHES, {"activities": ("registry.contact",)}, "only notifications may read contacts"),
        ({"registry": ("snapshot",)}, {}, "'snapshot' cannot name"),
        ({"registry": ("a|b",)}, {}, "'a|b' cannot name"),
        ({"reg.istry": ()}, {}, "'reg.istry' cannot name"),
    ],
)
def test_a_plan_that_cannot_be_right_is_refused(
    publishes: dict[str, tuple[str, ...]], listens: dict[str, tuple[str, ...]], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        topology(publishes, listens)


# -- comparing ---------------------------------------------------------------------------------

SECRETS = {service: f"{service}-secret" for service in PLAN.services}
ADMIN = Rights("root", ".*", ".*", ".*")


def user(name: str, password: str, *tags: str) -> FoundUser:
    salt = b"salt"
    digest = hashlib.sha256(salt + password.encode()).digest()
    stored = base64.b64encode(salt + digest).decode()
    return FoundUser(name, stored, "rabbit_password_hashing_sha256", tags)


def as_planned(plan: Topology = PLAN) -> State:
    return State(
        exchanges={each.name: each for each in plan.exchanges},
        queues={
            each.name: FoundQueue(each.name, "quorum", True, each.arguments) for each in plan.queues
        },
        bindings=tuple(
            FoundBinding(each.exchange, each.queue, "queue", each.key, each.key or "~", True)
            for each in plan.bindings
        ),
        rights={each.user: each for each in (*plan.rights, ADMIN)},
        topic_rights=plan.topic_rights,
        users={name: user(name, SECRETS[name]) for name in plan.services},
    )


def difference(state: State) -> list[Change]:
    return changes(PLAN, state, "v", "root", SECRETS)


def test_a_broker_as_planned_needs_nothing() -> None:
    assert conflicts(PLAN, as_planned()) == []
    assert difference(as_planned()) == []


def test_an_empty_broker_gets_everything_in_an_order_that_works() -> None:
    todo = difference(State())
    assert [each.stage for each in todo] == sorted(each.stage for each in todo)
    assert not {Stage.CLOSE, Stage.UNBIND, Stage.REMOVE} & {each.stage for each in todo}
    assert sum(each.stage is Stage.BIND for each in todo) == len(PLAN.bindings)


def test_a_changed_password_closes_connections_and_a_first_grant_does_not() -> None:
    state = as_planned()
    users = {**state.users, "registry": user("registry", "old")}
    said = [each.sentence for each in difference(replace(state, users=users))]
    assert said == [
        "user registry given its password and no tags",
        "connections of registry closed",
    ]
    granted = difference(replace(state, rights={"root": ADMIN}, topic_rights=()))
    assert Stage.CLOSE not in {each.stage for each in granted}


def test_an_administrator_keeps_rights_and_a_service_loses_tags() -> None:
    state = as_planned()
    ops, guest = Rights("ops", ".*", ".*", ".*"), Rights("guest", "", "", ".*")
    found = replace(
        state,
        rights={**state.rights, "ops": ops, "guest": guest},
        users={
            **state.users,
            "ops": user("ops", "x", "administrator"),
            "activities": user("activities", SECRETS["activities"], "management"),
        },
        topic_rights=(
            *state.topic_rights,
            TopicRights("activities", "amq.topic", ".*", ".*"),
            TopicRights("ops", EVENTS, ".*", ".*"),
        ),
    )
    assert [each.sentence for each in difference(found)] == [
        "user activities given its password and no tags",
        "rights of guest withdrawn",
        "rights of activities on amq.topic withdrawn",
        "connections of activities closed",
        "connections of guest closed",
    ]


def test_a_binding_with_arguments_or_to_an_exchange_is_not_a_planned_one() -> None:
    state = as_planned()
    odd = [
        FoundBinding(
            EVENTS, "registry.registry.person", "queue", "registry.person.*", "k~h", False
        ),
        FoundBinding(EVENTS, "spies", "exchange", "#", "%23", True),
    ]
    todo = difference(replace(state, bindings=(*state.bindings, *odd)))
    assert [each.where for each in todo] == [
        "/api/bindings/v/e/samverkan.events/q/registry.registry.person/k~h",
        "/api/bindings/v/e/samverkan.events/e/spies/%2523",
    ]


def test_no_password_shows_when_a_change_is_printed() -> None:
    assert not any(secret in repr(difference(State())) for secret in SECRETS.values())


def test_what_only_deleting_could_change_is_named_in_a_sentence() -> None:
    state = as_planned()
    classic = FoundQueue("registry.dead", "classic", True, ())
    topic = replace(state.exchanges[EVENTS], arguments=())
    found = replace(
        state,
        queues={**state.queues, "registry.dead": classic},
        exchanges={**state.exchanges, EVENTS: topic},
        fragile_exchanges=("samverkan.dead",),
        flags_off=("stream_queue",),
    )
    flag, *others = conflicts(PLAN, found)
    assert "rabbitmqctl enable_feature_flag stream_queue" in flag
    assert [each.split(":")[0] for each in others] == [
        "Exchange samverkan.events has alternate-exchange unset where the plan says samverkan.unrouted",
        "Exchange samverkan.dead is not a lasting direct exchange",
        "Queue registry.dead is not a lasting quorum queue",
    ]


# -- the command -------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith("SAMVERKAN_"):
            monkeypatch.delenv(name)
    return monkeypatch


def test_all_that_is_missing_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(admin.CannotGoOn) as refusal:
        admin.settings(("registry",))
    for name in (
        "SAMVERKAN_MONGODB_ADMIN_URL",
        "SAMVERKAN_RABBITMQ_ADMIN_URL",
        "SAMVERKAN_REGISTRY_MONGODB_PASSWORD",
        "SAMVERKAN_REGISTRY_RABBITMQ_PASSWORD",
    ):
        assert name in str(refusal.value)


def test_a_value_may_stand_in_a_file_and_a_service_may_have_its_own_server(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    environment.setenv("SAMVERKAN_RABBITMQ_ADMIN_URL", "http://root:pw@broker:15672")
    environment.setenv("SAMVERKAN_REGISTRY_MONGODB_ADMIN_URL", "mongodb://own/")
    environment.setenv("SAMVERKAN_REGISTRY_MONGODB_PASSWORD_FILE", str(secret))
    environment.setenv("SAMVERKAN_REGISTRY_RABBITMQ_PASSWORD_FILE", str(secret))
    found = admin.settings(("registry",))
    assert found.databases == (ServiceDatabase("registry", "from-a-file", "mongodb://own/"),)
    assert found.broker_passwords == {"registry": "from-a-file"}
    assert (found.vhost, found.broker_url) == ("samverkan", "http://root:pw@broker:15672")
    assert "from-a-file" not in repr(found)


def test_waiting_ends_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "PAUSE_SECONDS", 0)
    with pytest.raises(admin.CannotGoOn, match="MongoDB is not ready after 0 s: asleep"):
        admin.wait_for("MongoDB", lambda: "asleep", 0)


def test_the_mirror_is_the_one_apt_uses() -> None:
    modern = (
        "Types: deb\nURIs: https://a.example/debian-security\n\nURIs: https://a.example/debian/\n"
    )
    assert debian_mirror([modern]) == "https://a.example/debian"
    assert debian_mirror(["deb [signed-by=/k] http://b.example/debian x main"]) == (
        "http://b.example/debian"
    )
    with pytest.raises(Unavailable):
        debian_mirror(
            ["# deb http://c.example/debian x main", "deb http://u.example/ubuntu x main"]
        )

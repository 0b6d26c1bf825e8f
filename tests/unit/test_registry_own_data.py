"""Nothing is kept without a line that says who answers for it; every field has a name for people."""

from importlib import import_module

import pytest

from services.registry.commands.erasures import ERASURES
from services.registry.commands.import_kept import ROWS
from services.registry.commands.incidents import READS as INCIDENT_READS
from services.registry.commands.ways import READS
from services.registry.queries.responsible import RESPONSIBLE, as_page, listed
from services.registry.views.people import PERSON_FIELDS
from services.registry.views.person_words import FIELD_WORDS
from shared.contracts.registry import ContactSnapshot, PersonSnapshot

BESIDE_THE_KINDS = {f"registry.{name}" for name in (ERASURES, ROWS, INCIDENT_READS, READS, "history")} | {
    "activities.history",
    "notifications.notifications",
    "notifications.deliveries",
    "failed",
}  # fmt: skip


@pytest.mark.promise("P16")
def test_whatever_is_kept_has_somebody_who_answers_for_it() -> None:
    kinds = {
        kind.name
        for service in ("registry", "activities", "notifications")
        for kind in import_module(f"services.{service}.kinds").KINDS
    }
    assert RESPONSIBLE.keys() == kinds | BESIDE_THE_KINDS


def test_the_page_says_the_same_in_both_languages() -> None:
    assert len(listed("sv")) == len(listed("en")) == len(RESPONSIBLE)
    assert as_page("sv").count("<tr>") == as_page("en").count("<tr>") == len(RESPONSIBLE) + 1


def test_every_field_that_somebody_sees_has_a_name_for_people() -> None:
    told = PersonSnapshot.model_fields.keys() | ContactSnapshot.model_fields.keys()
    assert (PERSON_FIELDS.fields.keys() | told) - FIELD_WORDS.keys() == set()

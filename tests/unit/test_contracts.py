"""The public language changes only in ways that nobody trips over (P25)."""

import copy

import pytest

from deploy.contracts import breaks, committed, schemas


@pytest.mark.promise("P25")
def test_no_contract_breaks_whoever_speaks_the_committed_version() -> None:
    assert list(breaks(committed(), schemas())) == []


@pytest.mark.promise("P25")
@pytest.mark.parametrize(
    ("name", "harm", "complaint"),
    [
        ("registry.person.snapshot", lambda s: s["properties"].pop("name"), "name is gone"),
        (
            "registry.person.snapshot",
            lambda s: s["required"].append("languages"),
            "languages is asked for now",
        ),
        (
            "registry.person.snapshot",
            lambda s: s["properties"]["protected"].update(type="string"),
            "protected changes",
        ),
        (
            "registry.organisation.snapshot",
            lambda s: s["properties"]["status"]["enum"].remove("left"),
            "loses the word left",
        ),
        ("registry.person.snapshot", None, "is gone"),
    ],
)
def test_a_breaking_change_is_seen(name: str, harm: object, complaint: str) -> None:
    today = schemas()
    changed = copy.deepcopy(today)
    if callable(harm):
        harm(changed[name])
    else:
        del changed[name]
    assert any(complaint in fault for fault in breaks(today, changed))


@pytest.mark.promise("P25")
def test_a_new_optional_field_and_a_new_word_break_nobody() -> None:
    today = schemas()
    grown = copy.deepcopy(today)
    grown["registry.person.snapshot"]["properties"]["nickname"] = {"type": "string"}
    grown["registry.organisation.snapshot"]["properties"]["status"]["enum"].append("asleep")
    assert list(breaks(today, grown)) == []

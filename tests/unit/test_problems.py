"""Problems and texts: what a rule says, and what people may write."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from shared.contracts import problems, texts
from shared.contracts.problems import NotSignedIn, Problem, Refused, Text
from shared.contracts.texts import Body, Line, Prose, Translations


def kinds(of: type[Problem] = Problem) -> set[type[Problem]]:
    return {of} | {deeper for kind in of.__subclasses__() for deeper in kinds(kind)}


class Inner(Body):
    count: int = 0


class Written(Body):
    line: Line = "-"
    prose: Prose = "-"
    title: Translations = {"sv": "-"}
    yes: bool = False
    share: float = 0.0
    inner: list[Inner] = []


def faults(**values: object) -> list[tuple[object, ...]]:
    with pytest.raises(ValidationError) as caught:
        Written.model_validate(values)
    return [(".".join(map(str, fault["loc"])), fault["type"]) for fault in caught.value.errors()]


@pytest.mark.promise("P17")
def test_every_kind_of_problem_has_a_kebab_case_code_and_words_in_both_languages() -> None:
    for kind in kinds():
        problem = kind()
        assert problem.code == problem.code.lower()
        assert " " not in problem.code
        for text in (problem.title, problem.detail):
            assert text.sv
            assert text.en
            assert text.sv != text.en


@pytest.mark.promise("P17")
def test_only_503_and_our_own_defect_are_5xx() -> None:
    assert {kind.status for kind in kinds() if kind.status >= 500} == {500, 503}


def test_a_rule_gives_its_own_code_and_words() -> None:
    refused = Refused("session-is-over", sv="Tillfället är slut.", en="The session is over.")
    assert (refused.code, refused.status, str(refused)) == (
        "session-is-over",
        409,
        "session-is-over",
    )
    assert refused.detail == Text("Tillfället är slut.", "The session is over.")


def test_words_are_filled_in_with_named_values() -> None:
    text = Text("Högst {limit}.", "At most {limit}.").filled(limit=4)
    assert (text.in_language("sv"), text.in_language("en")) == ("Högst 4.", "At most 4.")


def test_headers_of_one_problem_do_not_reach_the_next() -> None:
    NotSignedIn(headers={"X-One": "1"})
    assert NotSignedIn().headers == {"WWW-Authenticate": "Bearer"}


def test_a_line_has_no_breaks_controls_or_direction_overrides() -> None:
    assert Written(line="  Anna\r\nBcc: x\u202e\u200b\x07 \u2028 Eva ").line == "Anna Bcc: x Eva"


def test_a_text_keeps_its_paragraphs_and_the_joiners_of_persian() -> None:
    assert Written(prose="a  \r\n\r\n\r\n\r\nb").prose == "a\n\nb"
    assert Written(line="می\u200cشود").line == "می\u200cشود"


@pytest.mark.parametrize("empty", ["", "   ", "\u200b", "\u200c\u200d", "\n\t"])
def test_a_text_that_nobody_can_see_is_empty(empty: str) -> None:
    assert faults(line=empty) == [("line", "string_too_short")]


@pytest.mark.case("X21")
@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"line": {"$ne": ""}}, ("line", "string_type")),
        ({"line": "a\0b"}, ("line", "not-plain-text")),
        ({"$set": 1}, ("$set", "extra_forbidden")),
        ({"a.b": 1}, ("a.b", "extra_forbidden")),
        ({"__proto__": {}}, ("__proto__", "extra_forbidden")),
        ({"title": {"$ne": ""}}, ("title.$ne.[key]", "literal_error")),
        ({"title": {"sv": {"$ne": ""}}}, ("title.sv", "string_type")),
        ({"title": {"sv": "a\0"}}, ("title.sv", "not-plain-text")),
        ({"title": {}}, ("title", "too_short")),
        ({"line": "a\ud800"}, ("line", "string_unicode")),
    ],
)
def test_no_operator_or_nul_gets_into_a_body(
    sent: dict[str, object], fault: tuple[str, str]
) -> None:
    assert fault in faults(**sent)


@pytest.mark.parametrize(
    "sent",
    [
        {"inner": [{"count": "12"}]},
        {"inner": [{"count": True}]},
        {"inner": [{"count": 10**30}]},
        {"inner": [{"count": -(10**30)}]},
        {"inner": [{"count": 1.0}]},
        {"yes": 1},
        {"yes": "true"},
        {"share": float("inf")},
        {"share": float("nan")},
        {"share": "0.5"},
    ],
)
def test_a_number_is_a_number_that_the_database_can_hold(sent: dict[str, object]) -> None:
    assert len(faults(**sent)) == 1


def test_a_whole_number_will_do_where_a_share_is_asked_for() -> None:
    assert Written(share=1).share == 1.0


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    for clean in (texts.clean_line, texts.clean_prose):
        try:
            once = clean(text)
        except ValueError:
            assert "\0" in text
            continue
        assert clean(once) == once


@given(st.text())
def test_a_cleaned_line_is_one_line(text: str) -> None:
    class Model(BaseModel):
        line: Line

    try:
        line = Model(line=text).line
    except ValidationError:
        return
    assert len(line.splitlines()) == 1


def test_the_languages_of_translations_are_those_of_the_vocabulary() -> None:
    assert len(get_args(texts.LanguageCode)) == 17
    assert set(get_args(problems.Language)) <= set(get_args(texts.LanguageCode))

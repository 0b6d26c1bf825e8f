"""Swedish words: finding without accents, sorting with å ä ö last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.words import fold, sort_key

ALPHABET = "abcdefghijklmnopqrstuvwxyzåäö"


@pytest.mark.promise("P20")
def test_a_municipality_is_found_without_its_accents() -> None:
    assert fold("Östersund") == fold("ostersund") == "ostersund"
    assert fold("ÅRE") == "are"
    assert fold("Łódź") == "lodz"
    assert fold("Straße") == "strasse"


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_does_not_matter_for_folding(text: str) -> None:
    assert fold(text.casefold()) == fold(text)


@pytest.mark.promise("P20")
def test_places_stand_in_swedish_order() -> None:
    places = ["Arvika", "Eva", "Évian", "Umeå", "Zinkgruvan", "Åre", "Åsele", "Älmhult", "Örebro"]
    assert sorted(set(places), key=sort_key) == places


@pytest.mark.promise("P20")
@given(st.text(alphabet=ALPHABET), st.text(alphabet=ALPHABET))
def test_keys_sort_as_the_swedish_alphabet_does(one: str, other: str) -> None:
    by_alphabet = [ALPHABET.index(a) for a in one] < [ALPHABET.index(b) for b in other]
    assert (sort_key(one).encode() < sort_key(other).encode()) == by_alphabet


@given(st.text(), st.text())
def test_keys_sort_the_same_as_text_and_as_bytes(one: str, other: str) -> None:
    a, b = sort_key(one), sort_key(other)
    assert (a < b) == (a.encode() < b.encode())


@given(st.text(alphabet=ALPHABET + ALPHABET.upper() + " -.:'{|}~_"))
def test_case_and_signs_do_not_change_the_order(text: str) -> None:
    words = "".join(sign if sign.isalnum() else " " for sign in text).split()
    assert sort_key(text) == sort_key(text.upper()) == sort_key(" ".join(words))

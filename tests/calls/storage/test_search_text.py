"""What is spoken is found however it is written, once its turn has its search text."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calls.core.turns import Source, Turn
from calls.storage.records import TurnSaved
from calls.storage.rows import write
from calls.storage.search_text import search_text, words
from tests.calls.spoken_and_searched import FOUND, found, mistaken
from tests.calls.storage.sample_records import STARTED

TURN = Turn(1, 0, 900, "הוא בצה״ל", Source.EARLY)


@pytest.mark.django_db
def test_what_is_spoken_is_found_however_it_is_written():
    assert len(FOUND) >= 27
    assert mistaken() == []


@given(text=st.text() | st.text("אב־״'\"’\u05b8 -.,:1٢/_\u200f½Ǆß"))
@example("½ ² ﷺ 𝟙")
@example("10:30")
def test_the_one_form_has_no_further_one(text):
    once = search_text(text)
    assert search_text(once) == once
    assert not re.search(r"^\s|\s$|\s\s|[^\w ]|_", once)


@given(text=st.text())
def test_any_query_has_its_words(text):
    for word in words(text):
        assert word.spoken and word.number and word.typed


def test_a_phrase_never_runs_from_a_text_into_its_revision():
    assert search_text("שתי", "פיצות") == "שתי\nפיצות"
    assert search_text("שתי", None) == search_text("שתי", "") == "שתי"


@pytest.mark.django_db
def test_late_words_are_found_and_so_are_those_that_were_handed_on():
    write([STARTED, TurnSaved("CA1", TURN)])
    write([TurnSaved("CA1", TURN.revised("הוא במע״מ"))])
    assert found('"בצה״ל"') == found("מע״מ") == ["CA1"]
    write([TurnSaved("CA1", replace(TURN, text="ישן", revision=0))])
    assert found("ישן") == []

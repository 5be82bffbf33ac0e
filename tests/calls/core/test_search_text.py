"""What is spoken is found however it is written, once its turn has its search text."""

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from hypothesis import example, given
from hypothesis import strategies as st

from calls.core.search_text import MOST_WORDS, search_text, words
from calls.core.secret_words import SecretWords
from calls.core.turns import Source, Turn
from calls.desk.review.corrections import save
from calls.models import Correction, Transcript
from calls.storage.records import TurnSaved, ValueSaved
from calls.storage.rows import write
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


@pytest.mark.django_db
def test_what_a_person_has_corrected_is_found_as_it_stands():
    write([STARTED, TurnSaved("CA1", TURN), TurnSaved("CA1", replace(TURN, number=2, text="המספר 0527654321"))])
    turn, user = Transcript.objects.get(number=1), User.objects.create_user("dana")
    save(turn, user, seen=0, text="הוא שירת בצה״ל")
    assert found("שירת") == found("שירת צה״ל") == found("הוא") == ["CA1"]
    assert found("שירת בצה״ל 0501234567") == found("שירת 052-765-4321") == ["CA1"]
    assert found("שירת פיצה") == []
    save(turn, user, seen=1, text="הוא גר בחיפה")
    assert found("שירת") == []
    assert found('"גר בחיפה"') == found("בצה״ל") == ["CA1"]
    save(turn, user, seen=2, withdrawn=True)
    assert found("בחיפה") == []


@pytest.mark.django_db
def test_a_secret_is_found_no_more_in_the_turn_that_said_it():
    """Which is stored as it was said, until a dialogue has read it."""
    said, secrets = replace(TURN, text="הקוד הוא 84-71"), SecretWords()
    write([STARTED, TurnSaved("CA1", secrets.hidden(said))])
    assert found("8471") == ["CA1"]
    (again,), _answers = secrets.found("8471")
    write([TurnSaved("CA1", secrets.hidden(again)), ValueSaved("CA1", "code", "8471", secret=True)])
    assert (found("8471"), found("84"), found("הקוד")) == ([], [], ["CA1"])


@pytest.mark.django_db
def test_corrections_of_before_are_found_once_they_are_filled():
    write([STARTED, TurnSaved("CA1", TURN)])
    turn, user = Transcript.objects.get(), User.objects.create_user("dana")
    for seen, text in enumerate(("הוא שירת", "הוא גר בחיפה")):
        save(turn, user, seen=seen, text=text)
    Correction.objects.update(search_text=None)
    assert found("בחיפה") == []
    call_command("fill_search_text")
    assert (found("שירת"), found("בחיפה")) == ([], ["CA1"])


def test_a_word_is_asked_for_once_and_so_many_words_at_most():
    assert [word.spoken for word in words("שלום רב שלום " * 1000)] == ["שלום", "רב"]
    assert len(list(words(" ".join(f"w{number}" for number in range(3000))))) == MOST_WORDS

"""What is spoken is found however it is written, once its turn has its search text."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from calls.core.turns import Source, Turn
from calls.desk.admin.listing import search
from calls.models import Call, Transcript
from calls.storage import search_filler
from calls.storage import search_text as search_text_module
from calls.storage.records import CallStarted, TurnSaved
from calls.storage.rows import write
from calls.storage.search_filler import Filler, fill, missing
from tests.calls.spoken_and_searched import FOUND, mistaken

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TURN = Turn(1, 0, 900, "הוא בצה״ל", Source.EARLY)


@pytest.mark.django_db
def test_what_is_spoken_is_found_however_it_is_written():
    assert len(FOUND) >= 27
    assert mistaken() == []


@given(text=st.text() | st.text("אב־״'\"’\u05b8 -.,:1٢/_\u200f½Ǆß"))
@example("½ ² ﷺ 𝟙")
@example("10:30")
def test_the_one_form_has_no_further_one(text):
    once = search_text_module.search_text(text)
    assert search_text_module.search_text(once) == once
    assert not re.search(r"^\s|\s$|\s\s|[^\w ]|_", once)


@given(text=st.text())
def test_any_query_has_its_words(text):
    for word in search_text_module.words(text):
        assert word.spoken and word.number and word.typed


def test_a_phrase_never_runs_from_a_text_into_its_revision():
    assert search_text_module.search_text("שתי", "פיצות") == "שתי\nפיצות"
    assert search_text_module.search_text("שתי", None) == search_text_module.search_text("שתי", "") == "שתי"


def found(query):
    return [call.call_sid for call in search(Call.objects.order_by("-pk"), query)]


@pytest.mark.django_db
def test_late_words_are_found_and_so_are_those_that_were_handed_on():
    write([CallStarted("CA1", "MZ1", NOW), TurnSaved("CA1", TURN)])
    write([TurnSaved("CA1", TURN.revised("הוא במע״מ"))])
    assert found('"בצה״ל"') == found("מע״מ") == ["CA1"]
    write([TurnSaved("CA1", replace(TURN, text="ישן", revision=0))])
    assert found("ישן") == []


def turn_of_an_old_process(sid, text="הוא בצה״ל", ended=True, started_at=NOW, **values):
    call = Call.objects.create(call_sid=sid, started_at=started_at, ended_at=NOW if ended else None)
    return Transcript.objects.create(
        call=call, number=1, text=text, started_ms=0, ended_ms=900, source="final", **values
    )


@pytest.mark.django_db
def test_turns_of_before_are_found_once_they_are_filled():
    for sid in ("CA1", "CA2", "CA3"):
        turn_of_an_old_process(sid, revised_text="ארבע" if sid == "CA2" else None)
    assert found('צה"ל') == [] and missing()
    last = fill(most=2)
    assert found('צה"ל') == ["CA3", "CA2"]
    assert found("ארבע") == ["CA2"]
    assert fill(fill(last)) is None
    assert found('צה"ל') == ["CA3", "CA2", "CA1"]
    assert not missing()


@pytest.mark.django_db
def test_a_running_calls_turn_is_left_to_its_process():
    """It may be an older one, which revises the words and leaves the search text as it is."""
    turn_of_an_old_process("CA1", ended=False, started_at=timezone.now())
    turn_of_an_old_process("CA2", ended=False, started_at=timezone.now() - timedelta(days=2))
    assert fill(fill()) is None
    assert found('צה"ל') == ["CA2"]
    Call.objects.update(ended_at=NOW)
    fill()
    assert found('צה"ל') == ["CA2", "CA1"]


@pytest.mark.django_db
def test_what_has_its_search_text_is_left_alone():
    turn_of_an_old_process("CA1", search_text="משהו אחר")
    assert fill() is None
    assert Transcript.objects.get().search_text == "משהו אחר"


@pytest.mark.django_db
def test_a_person_fills_all_at_once(capsys, monkeypatch):
    monkeypatch.setattr("calls.management.commands.fill_search_text.BATCH_TURNS", 2)
    for number in range(5):
        turn_of_an_old_process(f"CA{number}")
    turn_of_an_old_process("CArunning", ended=False, started_at=timezone.now())
    call_command("fill_search_text")
    assert len(found('צה"ל')) == 5
    assert "but for 1 turns" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_list_says_when_old_turns_are_not_found_yet(admin_client):
    url = f"{reverse('admin:calls_call_changelist')}?q=שלום"
    turn = turn_of_an_old_process("CA1")
    assert "עוד לא ניתן למצוא" in admin_client.get(url).content.decode()
    fill()
    turn.refresh_from_db()
    assert turn.search_text == "הוא בצהל"
    assert "עוד לא ניתן למצוא" not in admin_client.get(url).content.decode()


def test_the_thread_goes_on_after_a_database_that_was_away(monkeypatch):
    done = threading.Event()
    answers = iter([DatabaseError(), 7, None])

    def filled(before):
        answer = next(answers, "over")
        if answer == "over":
            done.set()
            return None
        if isinstance(answer, DatabaseError):
            raise answer
        return answer

    monkeypatch.setattr(search_filler, "fill", filled)
    monkeypatch.setattr(search_filler, "close_old_connections", lambda: None)
    monkeypatch.setattr(search_filler, "LOOK_S", 0.001)
    monkeypatch.setattr(search_filler, "PAUSE_S", 0.001)
    filler = Filler()
    filler.start()
    try:
        assert done.wait(10)
    finally:
        filler.stop()

"""Turns that have no search text get it: at once by a command, slowly by a server's thread."""

import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from calls.models import Call, SavedValue, Transcript
from calls.storage import rows_thread, search_filler
from calls.storage.search_filler import Filler, fill, fill_values, missing
from tests.calls.spoken_and_searched import found
from tests.calls.storage.sample_records import NOW
from tests.waiting import PATIENCE_S


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
    last = fill(max_turns=2)
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


def value_of_an_old_process(call, key, value, **values):
    return SavedValue.objects.create(call=Call.objects.get(call_sid=call), key=key, value=value, **values)


@pytest.mark.django_db
def test_kept_values_of_before_are_found_once_they_are_filled():
    for sid, ended in (("CA1", True), ("CA2", True), ("CA3", False)):
        turn_of_an_old_process(sid, "כן", ended, started_at=timezone.now())
        value_of_an_old_process(sid, "sum", "1,250")
    value_of_an_old_process("CA1", "code", "7,777", secret=True)
    assert fill_values(fill_values(fill_values(max_values=1))) is None
    assert found("1250") == ["CA2", "CA1"]
    assert found("7777") == [] and SavedValue.objects.get(secret=True).search_text == ""
    Call.objects.update(ended_at=NOW)
    call_command("fill_search_text")
    assert found("1250") == ["CA3", "CA2", "CA1"]


@pytest.mark.django_db
def test_the_thread_fills_values_and_turns():
    turn_of_an_old_process("CA1")
    value_of_an_old_process("CA1", "unit", "צה״ל")
    filler = Filler()
    pauses = [filler._fill_some() for _ in range(4)]
    assert found("צהל") == ["CA1"] and not missing()
    assert not SavedValue.objects.filter(search_text=None).exists()
    assert pauses[-1] == search_filler.SCAN_INTERVAL_S


@pytest.mark.django_db
def test_a_person_fills_all_at_once(capsys, monkeypatch):
    monkeypatch.setattr("calls.management.commands.fill_search_text.BATCH_TURNS", 2)
    for number in range(5):
        turn_of_an_old_process(f"CA{number}")
    turn_of_an_old_process("CArunning", ended=False, started_at=timezone.now())
    call_command("fill_search_text")
    assert len(found('צה"ל')) == 5
    assert "but for 1 turn:" in capsys.readouterr().out


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
    monkeypatch.setattr(search_filler, "fill_values", lambda before: None)
    monkeypatch.setattr(rows_thread, "close_old_connections", lambda: None)
    monkeypatch.setattr(rows_thread, "AWAY_S", 0.001)
    monkeypatch.setattr(search_filler, "SCAN_INTERVAL_S", 0.001)
    monkeypatch.setattr(search_filler, "PAUSE_S", 0.001)
    filler = Filler()
    filler.start()
    try:
        assert done.wait(PATIENCE_S)
    finally:
        filler.stop()

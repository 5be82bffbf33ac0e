"""Correcting a turn: what stands, who said so, and what is never overwritten."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from calls.core.turns import Source, Turn
from calls.desk.review import corrections
from calls.desk.review.models import MOST_LETTERS
from calls.models import Call, Correction, Transcript
from calls.storage import rows
from calls.storage.records import TurnSaved
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.django_db


def url(call, number=1):
    return reverse("review-correct", args=[call.pk, number])


def page(client, call, query=""):
    return unmarked(client.get(reverse("admin:calls_call_change", args=[call.pk]) + query))


def unmarked(answer):
    """The page without the marks of words that another text has not."""
    return re.sub("</?(?:ins|del)>", "", answer.content.decode())


def correct(client, call, text, seen=0, number=1, **extra):
    return client.post(url(call, number), {"text": text, "seen": seen, **extra})


def row(shown, number=1):
    return re.search(rf'<tr[^>]* id="turn-{number}">.*?</tr>', shown, re.DOTALL)[0]


def test_a_correction_stands_beside_what_was_heard_with_who_and_when(sign_in, call):
    client = sign_in("reviewer")
    answer = correct(client, call, " שלום\n לך ", turns=1)
    assert answer["Location"] == reverse("admin:calls_call_change", args=[call.pk]) + "?turns=1#turn-1"
    shown = row(page(client, call))
    assert '<span dir="rtl" class="heard">שלום</span>' in shown
    assert '<span dir="rtl" class="corrected">שלום לך</span>' in shown
    assert "<bdi>reviewer</bdi>" in shown
    assert f"{timezone.localtime():%d.%m.%Y}" in shown
    assert 'class="corrected"' not in row(page(client, call), 2)


def test_an_empty_one_says_that_nothing_was_said(sign_in, call):
    client = sign_in("reviewer")
    correct(client, call, "  ")
    assert "לא נאמר דבר" in row(page(client, call))


def test_one_that_is_withdrawn_is_history(sign_in, call):
    client = sign_in("reviewer")
    correct(client, call, "שלום לך")
    correct(client, call, "", seen=1, withdrawn="on")
    shown = row(page(client, call))
    assert 'class="correction"' not in shown
    assert "שלום לך" in shown  # in the history
    assert [one.withdrawn for one in Correction.objects.all()] == [False, True]
    correct(client, call, "שלום לכם", seen=2)
    assert '<p class="correction">' in row(page(client, call))


def test_nothing_is_withdrawn_where_nothing_stands(sign_in, call):
    correct(sign_in("reviewer"), call, "", withdrawn="on")
    assert not Correction.objects.exists()


def test_a_button_that_is_pressed_twice_says_it_once(sign_in, call):
    client = sign_in("reviewer")
    for _ in range(2):
        assert correct(client, call, "שלום לך").status_code == 302
    assert Correction.objects.count() == 1


def test_the_second_of_two_reviewers_is_told_and_loses_nothing(sign_in, call):
    correct(sign_in("reviewer", "dana"), call, "שלום לך")
    client = sign_in("reviewer", "omer")
    answer = correct(client, call, "שלום לכם", turns=3)
    shown = unmarked(answer)
    assert answer.status_code == 409
    assert "שלום לך" in shown  # what the other one saved
    assert "dana" in shown
    assert "שלום לכם</textarea>" in shown  # what was typed
    assert corrections.standing(Correction.objects.order_by("-number")).text == "שלום לך"
    assert 'name="seen" value="1"' in shown
    assert 'name="turns" value="3"' in shown
    assert correct(client, call, "שלום לכם", seen=1).status_code == 302
    assert [one.text for one in Correction.objects.all()] == ["שלום לך", "שלום לכם"]


def test_a_script_gets_the_turns_cell_alone(sign_in, call):
    client = sign_in("reviewer")
    as_script = {"X-Requested-With": "XMLHttpRequest"}
    answer = client.post(url(call), {"text": "שלום לך", "seen": 0}, headers=as_script)
    assert answer.status_code == 200
    assert answer.content.decode().startswith('<div class="said">')
    sign_in("reviewer", "omer")
    answer = client.post(url(call), {"text": "אחרת", "seen": 0}, headers=as_script)
    assert answer.status_code == 409
    assert '<details class="editor" open>' in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_the_same_moment_one_is_told(call):
    turn = call.turns.get(number=1)
    start = threading.Barrier(4)

    def save(i):
        user = User.objects.create(username=f"r{i}", is_staff=True)
        start.wait(PATIENCE_S)
        try:
            corrections.save(turn, user, seen=0, text=f"שלום {i}")
            return "saved"
        except corrections.CorrectionConflict:
            return "told"
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(save, range(4))) == ["saved", "told", "told", "told"]
    assert Correction.objects.count() == 1


def test_the_writer_and_a_correction_leave_each_other_alone(sign_in, call):
    client = sign_in("reviewer")
    correct(client, call, "שלום לך")
    late = Turn(1, 1000, 1900, "שלום", Source.FINAL).revised("שלום רב")
    rows.write([TurnSaved("CA1", late)])
    shown = row(page(client, call))
    assert 'class="corrected">שלום לך<' in shown
    assert "שלום רב" in shown
    assert "עודכן מאז" in shown
    correct(client, call, "שלום רב לך", seen=1)
    rows.write([TurnSaved("CA1", replace(late, text="שלום"))])
    turn = Transcript.objects.get(call=call, number=1)
    assert (turn.text, turn.revised_text, turn.revision) == ("שלום", "שלום רב", 1)
    assert Correction.objects.order_by("number").last().text == "שלום רב לך"
    assert "עודכן מאז" not in row(page(client, call))


@pytest.mark.parametrize(
    "sent",
    [
        {"text": "א" * (MOST_LETTERS + 1), "seen": 0},
        {"text": "שלום"},
        {"text": "שלום", "seen": "many"},
        {"text": "שלום", "seen": -1},
        {"text": "של\0ום", "seen": 0},
    ],
)
def test_what_makes_no_sense_is_not_saved(sign_in, call, sent):
    answer = sign_in("reviewer").post(url(call), sent)
    assert answer.status_code == 400
    assert "errornote" in answer.content.decode()
    assert not Correction.objects.exists()


def test_what_is_typed_is_text(sign_in, call):
    client = sign_in("reviewer")
    correct(client, call, "<script>alert(1)</script></textarea>")
    assert "<script>alert" not in page(client, call)


def test_a_turn_is_corrected_on_its_own_call_alone(sign_in, call):
    client = sign_in("reviewer")
    other = Call.objects.create(call_sid="CA2")
    assert correct(client, other, "שלום").status_code == 404
    assert correct(client, call, "שלום", number=3).status_code == 404
    assert client.get(url(call)).status_code == 405


@pytest.mark.parametrize("group", ["supervisor", "tuner"])
def test_who_may_not_correct_sees_no_editor_but_what_others_said(sign_in, call, group):
    correct(sign_in("reviewer"), call, "שלום לך")
    client = sign_in(group)
    assert correct(client, call, "אחרת", seen=1).status_code == 403
    shown = page(client, call)
    assert "<textarea" not in shown
    assert 'class="correct"' not in shown
    assert "שלום לך" in shown
    assert Correction.objects.count() == 1


def test_a_forged_form_corrects_nothing(call, sign_in):
    client = Client(enforce_csrf_checks=True)
    client.cookies = sign_in("reviewer").cookies
    assert correct(client, call, "שלום").status_code == 403
    assert not Correction.objects.exists()


def test_a_long_call_is_read_with_as_many_questions_as_a_short_one(sign_in, call, django_assert_max_num_queries):
    user = User.objects.create(username="many")
    more = {"call": call, "source": "final", "text": "שלום"}
    Transcript.objects.bulk_create(
        Transcript(number=n, started_ms=10 * n, ended_ms=10 * n + 900, **more) for n in range(3, 2001)
    )
    made = {"call": call, "turn_revision": 0, "user": user, "username": "many", "made_at": timezone.now()}
    Correction.objects.bulk_create(
        Correction(turn=n, number=i, text="שלום לך", **made) for n in range(1, 2001) for i in (1, 2)
    )
    client = sign_in("reviewer")
    with django_assert_max_num_queries(34):
        shown = page(client, call, "?turns=40")
    assert shown.count('<textarea id="text-') == 50
    assert 'name="turns" value="40"' in shown


def test_corrections_go_with_their_call(sign_in, call, settings):
    correct(sign_in("reviewer"), call, "שלום לך")
    Call.objects.update(ended_at=timezone.now() - timedelta(days=40))
    call_command("purge", "--older-than", "30", "--calls")
    assert not Correction.objects.exists()

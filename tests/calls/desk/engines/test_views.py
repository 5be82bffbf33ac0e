"""The page of who hears best, and its button."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from calls.desk.engines import confusions
from calls.desk.engines.confusions import confused_words
from calls.desk.engines.gold import taken_by
from calls.desk.engines.measuring import keep, measure
from calls.models import EngineMeasurement, QueuedCall, Transcript
from stt.engines.guarded import GuardedEngine
from stt.events import RecognizerError
from stt.tuning import Tuning
from tests.calls.desk.engines.test_measuring import guess, toy
from tests.fakes import FakeEngine
from tests.html import Page

pytestmark = pytest.mark.django_db(transaction=True)
PAGE, HINT = "desk-engines", "desk-engines-hint"


@pytest.fixture
def measurement(corrected, reviewer):
    gold = taken_by(reviewer).turns
    found = measure(gold, {"toy": toy(), "guess": guess()}, ["one-shot"], parallel=2, seed=1)
    return keep(found, reviewer, "", "default@1")


@pytest.fixture
def named(make_call, reviewer):
    """A name that an engine takes for another, in two calls."""
    from tests.calls.desk.engines.conftest import ONE

    for sid in ("CA1", "CA2"):
        make_call(sid, [(ONE, "לוין", "משה לוי")])
    engine = GuardedEngine(lambda _: FakeEngine("משה לוין"))
    found = measure(taken_by(reviewer).turns, {"fake": (engine, Tuning())}, ["one-shot"], parallel=2, seed=1)
    return keep(found, reviewer, "", "default@1")


@pytest.fixture
def sign_in(client):
    def sign_in(group):
        user, _ = User.objects.get_or_create(username=f"me-{group}", is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client.force_login(user)
        return client

    return sign_in


def shown(client, **parameters):
    with translation.override("en"):
        answer = client.get(reverse(PAGE), parameters, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_who_reads_calls_sees_the_figures_of_the_newest_measurement(measurement, sign_in):
    page = shown(sign_in("supervisor"))
    assert "33.3 %" in page and "66.7 %" in page and "+33.3 %" in page
    assert "2.0 $" not in page and "2 $" in page
    assert r'"label": "1 \u2068toy\u2069 \u00b7 one-shot"' in page
    assert "[—]" in page and "below 30 there is no interval" in page


def test_without_a_measurement_the_page_says_how_to_make_one(sign_in):
    page = shown(sign_in("reviewer"))
    assert "manage.py wer" in page and "before that date never count" in page


def test_a_measurement_in_which_everything_failed_says_so_and_is_not_what_opens(measurement, reviewer, line, sign_in):
    dead = toy(error=RecognizerError("unavailable", permanent=True))
    failed = keep(measure(taken_by(reviewer).turns, {"dead": dead}, ["one-shot"], parallel=2, seed=1), reviewer, "", "")
    client = sign_in("tuner")
    assert "33.3 %" in shown(client) and "Every turn failed" not in shown(client)
    page = shown(client, measurement=failed.pk)
    assert "Every turn failed" in page and "every turn failed" in page and "unavailable" in page
    assert reverse(HINT) not in page and confused_words(failed, reviewer) == []
    EngineMeasurement.objects.exclude(pk=failed.pk).delete()
    assert "Every turn failed" in shown(client)


def test_who_reads_no_calls_does_not_see_their_words(client, measurement):
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(reverse(PAGE)).status_code == 403


def test_the_commonest_confusion_comes_first_and_leads_to_its_turns(named, reviewer):
    (one,) = confused_words(named, reviewer)
    assert (one.said, one.heard, one.count, dict(one.counts)) == ("לוי", "לוין", 2, {"fake one-shot": 2})
    assert {turn.name for turn in one.turns} == {"CA1 · 1", "CA2 · 1"}


def test_a_turn_is_found_on_its_page_of_a_long_call(named, client, admin_user):
    call = named.measured_turns.first().call
    for number in range(100, 160):
        Transcript.objects.create(call=call, number=number, started_ms=number, ended_ms=number + 9, source="final")
    (one,) = confused_words(named, admin_user)
    client.force_login(admin_user)
    addresses = [turn.address for turn in one.turns]
    assert any("?turns=2#turn-1" in address for address in addresses)
    for address in addresses:
        assert 'id="turn-1"' in client.get(address).content.decode()


def test_the_second_of_two_reviewers_is_told_no_word_of_a_turn_that_the_first_corrected(named, reviewer, client):
    one, other = (row.call for row in named.measured_turns.all())
    QueuedCall.objects.create(call=one, wanted=2, done=1, last_reviewer=reviewer)
    second = User.objects.create_user("avi", is_staff=True)
    second.groups.add(Group.objects.get(name="reviewer"))
    client.force_login(second)
    (shown_of_one,) = confused_words(named, second)
    assert (shown_of_one.count, [turn.call_sid for turn in shown_of_one.turns]) == (1, [other.call_sid])
    QueuedCall.objects.create(call=other, wanted=2, done=1, last_reviewer=reviewer)
    assert "לוי" not in shown(client) and confused_words(named, reviewer)[0].count == 2
    QueuedCall.objects.update(done=2, last_reviewer=second)
    assert "לוי" in shown(client) and confused_words(named, second)[0].count == 2


def test_the_texts_of_a_measurement_are_compared_once_until_some_of_them_go(named, reviewer, monkeypatch):
    looked_at = []
    compare = confusions.compare
    monkeypatch.setattr(confusions, "compare", lambda *texts: looked_at.append(texts) or compare(*texts))
    (first,), (again,) = confused_words(named, reviewer), confused_words(named, reviewer)
    assert len(looked_at) == 2 and len(again.turns) == len(first.turns) == 2
    named.measured_turns.first().call.delete()
    (left,) = confused_words(named, reviewer)
    assert (left.count, len(looked_at)) == (1, 3)


def test_one_click_makes_the_profile_expect_the_word(named, line, sign_in):
    client = sign_in("tuner")
    page = Page(client.get(reverse(PAGE)).content.decode())
    (form,) = [one for one in page.forms if one.action == reverse(HINT)]
    answer = client.post(form.action, dict(form.fields), follow=True)
    line.profile.refresh_from_db()
    assert line.profile.hints() == ("קיים", "לוי")
    assert line.profile.revision == 2
    newest = line.profile.history.first()
    assert (newest.history_user.username, newest.history_change_reason) == ("me-tuner", "מילה שזוהתה לא נכון")
    assert reverse(HINT) not in answer.content.decode()
    client.post(form.action, dict(form.fields))
    line.profile.refresh_from_db()
    assert line.profile.revision == 2


@pytest.mark.parametrize("group", ["reviewer", "supervisor"])
def test_who_does_not_tune_is_offered_no_button_and_refused(named, line, sign_in, group):
    client = sign_in(group)
    assert reverse(HINT) not in client.get(reverse(PAGE)).content.decode()
    sent = {"word": "לוי", "profile": line.profile.pk, "measurement": named.pk}
    assert client.post(reverse(HINT), sent).status_code == 403
    line.profile.refresh_from_db()
    assert line.profile.hints() == ("קיים",)


def test_the_button_is_a_post_with_a_token(named, line, sign_in):
    sent = {"word": "לוי", "profile": line.profile.pk, "measurement": named.pk}
    assert sign_in("tuner").get(reverse(HINT), sent).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="me-tuner"))
    assert strict.post(reverse(HINT), sent).status_code == 403


def test_a_hint_that_the_engine_would_not_take_is_refused_with_its_sentence(named, line, sign_in):
    line.profile.phrases = (
        "\n".join(f"מילה{'א' * at}" for at in range(90))
        + "\n"
        + "\n".join(f"{at} ועוד מילים רבות" for at in range(5000))
    )
    type(line.profile).objects.filter(pk=line.profile.pk).update(phrases=line.profile.phrases)
    sent = {"word": "לוי", "profile": line.profile.pk, "measurement": named.pk}
    page = sign_in("tuner").post(reverse(HINT), sent, follow=True).content.decode()
    assert re.search(r'class="error"', page)
    line.profile.refresh_from_db()
    assert line.profile.revision == 1


def test_numbers_and_added_words_are_no_hints(measurement, sign_in):
    assert reverse(HINT) not in shown(sign_in("tuner"))

"""What a line says of itself in the admin, and what of its calls is written by people and taken away."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from calls.desk.review.corrections import save
from calls.desk.review.queue.reviewing import write_note
from calls.lines.settings_cache import LineCache
from calls.models import Call, CallNote, Correction, PhoneLine, PrivacyChange, SavedValue, Transcript
from calls.storage.models import SPEECH_SUMS
from stt.models import TuningProfile
from stt.tuning import Tuning
from tests.rows import ANSWERING, LINE

pytestmark = pytest.mark.django_db
SAID = "התעודה 123456782"
NOTHING_KEPT = {"keeps_recordings": "", "keeps_words": "", "redacts": ""}


@pytest.fixture
def line():
    profile = TuningProfile.objects.create(name="default", is_default=True)
    return PhoneLine.objects.create(number=LINE, name="line", profile=profile)


@pytest.fixture
def turn(line):
    now = timezone.now()
    call = Call.objects.create(call_sid="CA1", to_number=LINE, started_at=now, ended_at=now)
    return Transcript.objects.create(call=call, number=1, started_ms=0, ended_ms=900, source="final", text=SAID)


def exported_turn(capsys):
    call_command("export_calls")
    return json.loads(capsys.readouterr().out)["turns"][0]


def test_what_people_write_of_a_call_is_masked_and_so_is_what_an_older_version_stored(turn, capsys):
    boss = User.objects.create_superuser("boss")
    save(turn, boss, seen=0, text=f"{SAID} כן")
    write_note(turn.call, boss, f"אמר {SAID}")
    assert Correction.objects.get().text == "התעודה ••••••••• כן"
    assert CallNote.objects.get().text == "אמר התעודה •••••••••"
    taken = exported_turn(capsys)
    assert (taken["text"], taken["correction"]["text"]) == ("התעודה •••••••••", "התעודה ••••••••• כן")


def test_a_secret_is_in_no_text_that_people_write_or_take(turn, capsys):
    SavedValue.objects.create(call=turn.call, key="code", value="4711", secret=True)
    Transcript.objects.update(text="הקוד 47-11")
    boss = User.objects.create_superuser("boss")
    save(turn, boss, seen=0, text="הקוד ארבע שבע אחת אחת")
    write_note(turn.call, boss, "אמר 4711")
    assert Correction.objects.get().text == "הקוד •••• ••• ••• •••"
    assert CallNote.objects.get().text == "אמר ••••"
    assert exported_turn(capsys)["text"] == "הקוד ••-••"


def test_a_line_that_masks_nothing_gives_what_was_said(line, turn, capsys):
    PhoneLine.objects.update(redacts=False)
    save(turn, User.objects.create_superuser("boss"), seen=0, text=SAID)
    assert exported_turn(capsys)["correction"]["text"] == SAID


def test_words_that_are_not_kept_count_as_heard(turn):
    Transcript.objects.update(text="")
    Transcript.objects.create(call=turn.call, number=2, started_ms=900, ended_ms=1000, source="none", text="")
    assert turn.call.turns.spoken().aggregate(**SPEECH_SUMS) == {"spoken_ms": 1000, "worded_ms": 900}


class TestTheForm:
    @pytest.fixture
    def send(self, line, admin_client):
        people = {"people-TOTAL_FORMS": "0", "people-INITIAL_FORMS": "0"}
        page = reverse("admin:calls_phoneline_change", args=[line.pk])
        named = {"name": "line", "number": LINE, "profile": line.profile_id}
        return lambda **values: admin_client.post(page, {**named, **ANSWERING, **people, **values})

    def test_it_says_since_when_callers_are_told(self, line, send):
        send(notice="השיחה מוקלטת")
        line.refresh_from_db()
        since = line.notice_since
        assert since is not None
        send(notice="שיחה זו מוקלטת ומתומללת")
        line.refresh_from_db()
        assert line.notice_since == since
        send(notice="")
        line.refresh_from_db()
        assert line.notice_since is None
        assert [change.setting for change in PrivacyChange.objects.order_by("pk")] == ["notice"] * 3

    def test_calls_take_what_it_says(self, send):
        send(**NOTHING_KEPT, notice="השיחה מוקלטת", notice_recording="https://example.org/a.mp3")
        cache = LineCache(Tuning(), None, None)
        cache.refresh()
        settings = cache.line(LINE)
        assert (settings.keeps.recordings, settings.keeps.words, settings.keeps.redacts) == (False, False, False)
        assert (settings.notice.text, settings.notice.recording) == ("השיחה מוקלטת", "https://example.org/a.mp3")

    @pytest.mark.parametrize(("name", "value"), [("notice", "..."), ("notice_recording", "http://example.org/a.mp3")])
    def test_what_cannot_be_said_is_refused(self, send, name, value):
        assert set(send(**{name: value}).context["adminform"].form.errors) == {name}

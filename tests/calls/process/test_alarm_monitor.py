"""An alarm is one row, its people hear of it once, and once more when it is over."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from calls.core.line_health import CLEAR_AFTER_S, Trouble, Verdict
from calls.core.status import CallStatus, LineActivity, RecognizerActivity
from calls.lines.models import LABELS
from calls.models import Alarm, AlarmNotice
from calls.process import alarm_monitor, alarm_notices
from calls.process.alarm_monitor import AlarmMonitor, deliver, settle
from calls.process.webhooks.signing import OLDEST_S, signed_headers
from tests.waiting import PATIENCE_S
from voiceapp.runtime import background, metrics

pytestmark = pytest.mark.django_db
DEAF = ("+97231234567", Trouble.DEAF)


class Receiver:
    """Where the webhook goes: refuses the first ``failures`` requests."""

    def __init__(self):
        self.bodies, self.failures = [], 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stamp = self.headers["X-Voiceapp-Timestamp"]
                assert abs(time.time() - int(stamp)) < OLDEST_S
                signed = self.headers["X-Voiceapp-Signature"] == alarm_notices.signature("secret", stamp, body)
                standard = signed_headers("secret", self.headers["webhook-id"], int(stamp), body)
                signed = signed and standard["webhook-signature"] == self.headers["webhook-signature"]
                status = 500 if receiver.failures else 200 if signed else 403
                receiver.failures = max(0, receiver.failures - 1)
                if status == 200:
                    receiver.bodies.append(json.loads(body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver(settings):
    receiver = Receiver()
    settings.ALARM_WEBHOOK_URL = f"http://127.0.0.1:{receiver.server.server_address[1]}/alarm"
    settings.ALARM_WEBHOOK_SECRET = "secret"
    settings.ALARM_EMAILS = ["ops@example.org"]
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def is_stale():
    """Nobody has seen the trouble for a while."""
    Alarm.objects.update(seen_at=timezone.now() - timedelta(seconds=CLEAR_AFTER_S + 1))


def test_people_hear_of_it_once_and_when_it_is_over(receiver):
    for _ in range(3):
        settle({DEAF: Verdict.TROUBLED})
        deliver()
    assert [one["event"] for one in receiver.bodies] == ["raised"]
    assert [message.to for message in mail.outbox] == [["ops@example.org"]]
    assert "+97231234567" in mail.outbox[0].body
    settle({DEAF: Verdict.WELL})
    assert Alarm.objects.get().over_at is None
    is_stale()
    for _ in range(3):
        settle({DEAF: Verdict.WELL})
        deliver()
    assert [one["event"] for one in receiver.bodies] == ["raised", "over"]
    assert len(mail.outbox) == 2
    settle({DEAF: Verdict.TROUBLED})
    assert Alarm.objects.count() == 2


def test_what_one_process_still_sees_another_does_not_close(receiver):
    settle({DEAF: Verdict.TROUBLED})
    is_stale()
    settle({DEAF: Verdict.TROUBLED})
    settle({DEAF: Verdict.WELL})
    assert Alarm.objects.get().over_at is None


def test_a_receiver_that_fails_is_asked_again_and_nobody_else_hears_twice(receiver):
    receiver.failures = 1
    settle({DEAF: Verdict.TROUBLED})
    deliver()
    assert receiver.bodies == []
    assert AlarmNotice.objects.get(channel="webhook").error == "http_status 500"
    deliver()
    assert receiver.bodies == []
    AlarmNotice.objects.update(due_at=timezone.now())
    deliver()
    assert [one["event"] for one in receiver.bodies] == ["raised"]
    assert len(mail.outbox) == 1


def test_who_gives_no_address_is_told_nothing_and_the_alarm_stands(settings):
    settle({DEAF: Verdict.TROUBLED})
    assert (Alarm.objects.count(), AlarmNotice.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_many_processes_make_one_alarm_and_send_each_notice_once(receiver):
    start = threading.Barrier(4)

    def process(_):
        try:
            start.wait(PATIENCE_S)
            settle({DEAF: Verdict.TROUBLED})
            deliver()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        list(pool.map(process, range(4)))
    deliver()
    assert Alarm.objects.count() == 1
    assert [one["event"] for one in receiver.bodies] == ["raised"]
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_a_watchman_hears_of_a_deaf_line_and_tells(receiver, monkeypatch):
    monkeypatch.setattr(alarm_monitor, "EVERY_S", 0.05)
    clock = iter(range(1000))
    monkeypatch.setattr(alarm_monitor, "monotonic", lambda: float(next(clock)))
    watchman = AlarmMonitor()
    watchman.start()
    try:
        looks = [("CA1", DEAF[0], CallStatus(LineActivity.NOTHING, RecognizerActivity.DEAF, 0))]
        until_s = time.monotonic() + 10
        while not receiver.bodies and time.monotonic() < until_s:
            watchman.look(looks)
            time.sleep(0.01)
        assert receiver.bodies[0]["kind"] == "line_deaf"
        assert [one[:2] for one in watchman.open] == [("line_deaf", DEAF[0])]
    finally:
        watchman.stop()


def test_a_thread_that_has_ended_is_an_alarm_until_all_are_at_work(monkeypatch):
    monkeypatch.setattr(alarm_monitor, "EVERY_S", 0)
    watchman, unwell = AlarmMonitor(), {"recording": background.Unwell.ENDED}
    monkeypatch.setattr(background, "unwell", lambda: unwell)
    watchman._decide()
    watchman._decide()
    (alarm,) = Alarm.objects.filter(kind="thread_ended")
    assert (alarm.line, alarm.over_at, watchman.open) == ("", None, [("thread_ended", "", alarm.pk, "")])
    unwell.clear()
    watchman._decide()
    assert Alarm.objects.get().over_at is None, "another process may see trouble of its own"
    Alarm.objects.update(seen_at=timezone.now() - timedelta(seconds=CLEAR_AFTER_S + 1))
    watchman._decide()
    assert (Alarm.objects.get().over_at is None, watchman.open) == (False, [])


def test_settings_that_cannot_be_read_are_an_alarm_of_their_own(monkeypatch):
    monkeypatch.setattr(alarm_monitor, "EVERY_S", 0)
    verdicts = [Verdict.TROUBLED, Verdict.TROUBLED, Verdict.UNKNOWN, Verdict.WELL]
    watchman = AlarmMonitor(settings=lambda: verdicts.pop(0))
    stands = []
    while verdicts:
        is_stale()
        watchman._decide()
        stands.append([one[:2] for one in watchman.open])
    assert stands == [*[[("settings_unreadable", "")]] * 3, []]
    assert str(Alarm.objects.get().get_kind_display()) == "הגדרות הקווים אינן ניתנות לקריאה; תקפות אלה שנקראו לאחרונה"


def test_an_alarm_of_the_whole_service_names_no_line_in_log_and_mail(receiver, caplog):
    settle({("", Trouble.SETTINGS): Verdict.TROUBLED})
    deliver()
    assert "alarm: settings_unreadable on the service" in caplog.text
    (message,) = mail.outbox
    what = str(LABELS[Trouble.SETTINGS])
    assert message.subject.endswith(f": {what}") and message.body.startswith(what) and "קו:" not in message.body


def test_answers_of_a_line_that_fail_are_one_alarm_until_they_are_well(monkeypatch, receiver):
    monkeypatch.setattr(alarm_monitor, "EVERY_S", 0)
    now_s = [0.0]
    monkeypatch.setattr(alarm_monitor, "monotonic", lambda: now_s[0])
    watchman = AlarmMonitor()
    watchman._threads = [threading.current_thread()]

    def answers(*failed):
        for one in failed:
            watchman.answer_ended(DEAF[0], failed=one)
        watchman._decide()
        deliver()
        return [one[:2] for one in watchman.open]

    assert answers(True) == []
    assert answers(True) == answers(False) == [("answers_failing", DEAF[0])]
    assert "תשובות הקו נכשלות" in mail.outbox[0].subject and DEAF[0] in mail.outbox[0].body
    is_stale()
    assert answers(False, False) == [("answers_failing", DEAF[0])], "one has failed just now"
    now_s[0] += CLEAR_AFTER_S
    is_stale()
    assert answers() == []
    assert [(one["kind"], one["event"]) for one in receiver.bodies] == [
        ("answers_failing", "raised"),
        ("answers_failing", "over"),
    ]


def test_an_engine_that_calls_have_left_is_one_alarm_until_somebody_hears_by_it(monkeypatch):
    monkeypatch.setattr(alarm_monitor, "EVERY_S", 0)
    unwell = {"google": True, "second": False}
    watchman = AlarmMonitor(lambda: unwell)
    for _ in range(3):
        watchman._decide()
    (alarm,) = Alarm.objects.filter(kind="engine_down")
    assert (alarm.line, alarm.over_at, watchman.open) == ("google", None, [("engine_down", "google", alarm.pk, "")])
    unwell["google"] = False
    Alarm.objects.update(seen_at=timezone.now() - timedelta(seconds=CLEAR_AFTER_S + 1))
    watchman._decide()
    assert (Alarm.objects.get().over_at is None, watchman.open) == (False, [])


def test_an_alarm_of_an_engine_calls_it_an_engine_in_log_mail_and_list(receiver, admin_client, caplog):
    caplog.set_level("INFO")
    settle({("emulator:deepgram", Trouble.ENGINE): Verdict.TROUBLED})
    deliver()
    is_stale()
    settle({("emulator:deepgram", Trouble.ENGINE): Verdict.WELL})
    assert "alarm: engine_down on engine emulator:deepgram" in caplog.text
    assert "alarm is over: engine_down on engine emulator:deepgram" in caplog.text
    assert "on line" not in caplog.text
    (message,) = mail.outbox
    assert "מנוע הזיהוי emulator:deepgram אינו פעיל; השיחות עברו למנוע אחר" in message.subject
    assert "מנוע: emulator:deepgram" in message.body and "קו:" not in message.body
    alarm = Alarm.objects.get()
    for url in (reverse("admin:calls_alarm_changelist"), reverse("admin:calls_alarm_change", args=[alarm.pk])):
        page = admin_client.get(url).content.decode()
        assert "קו או מנוע" in page and 'מנוע <bdi dir="ltr">emulator:deepgram</bdi>' in page


def test_a_watchman_whose_thread_is_behind_holds_nobody_up():
    watchman = AlarmMonitor()
    watchman._threads = [threading.current_thread()]
    began_s = time.monotonic()
    for _ in range(1000):
        watchman.look([])
    assert time.monotonic() - began_s < PATIENCE_S


def test_a_round_that_fails_is_counted_and_the_next_one_comes(monkeypatch):
    monkeypatch.setattr(alarm_monitor, "EVERY_S", 0)
    watchman, errors = AlarmMonitor(), [DatabaseError("away"), ValueError("unknown")]

    def work():
        if errors:
            raise errors.pop(0)
        watchman._stop.set()

    counted = [metrics.ALARM_ROUNDS_FAILED.labels(code) for code in ("database", "unknown")]
    before = [one._value.get() for one in counted]
    watchman._run(work, 0)
    assert [one._value.get() - was for one, was in zip(counted, before, strict=True)] == [1, 1]


def test_a_price_that_cannot_be_read_stops_no_other_alarm(monkeypatch):
    def broken():
        raise ValueError("a price")

    monkeypatch.setattr(alarm_monitor.costs, "ceilings", broken)
    monkeypatch.setattr(alarm_monitor, "EVERY_S", 0.0)
    monkeypatch.setattr(background, "unwell", lambda: {"recording": background.Unwell.ENDED})
    watchman = AlarmMonitor()
    with pytest.raises(ValueError, match="a price"):
        watchman._decide()
    assert Alarm.objects.get().kind == Trouble.THREAD
    assert [one[0] for one in watchman.open] == [Trouble.THREAD]

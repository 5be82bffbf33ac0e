"""The admin's first page, as a manager sees it in the morning."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calls.desk.first_page import page as page_module
from calls.desk.review.queue.waiting import waiting
from calls.lines.open_alarms import acknowledge
from calls.models import Alarm, Call, CallNote, LineHour, Mention, PhoneLine, Transcript
from calls.storage.line_hours import fold, mark
from calls.storage.queued_calls import queue_ended
from stt.models import TuningProfile

pytestmark = pytest.mark.django_db
LINE = "+97235550100"
FIGURES = ["calls", "minutes", "heard", "p50", "p95", "answer", "failed", "alarms", "cost", "queue"]


def called(sid, at, **changes):
    call = Call.objects.create(
        call_sid=sid, started_at=at, ended_at=at + timedelta(minutes=2), to_number=LINE, twilio_duration_s=120,
        stt_stream_s=120, **changes,
    )  # fmt: skip
    common = {"call": call, "search_text": ""}
    Transcript.objects.create(number=1, started_ms=0, ended_ms=900, text="שלום", source="final", final_ms=700, **common)
    Transcript.objects.create(number=2, started_ms=2000, ended_ms=2100, source="none", **common)
    Transcript.objects.create(
        number=5001, started_ms=1000, ended_ms=2000, speaker="agent", text="כן", total_ms=1200, **common
    )


@pytest.fixture
def today():
    """Three calls today, two a week before, at this moment of the day."""
    PhoneLine.objects.create(number=LINE, name="מכירות", profile=TuningProfile.objects.create(name="default"))
    now = timezone.now()
    for number in range(3):
        called(f"CA{number}", now)
    for number in range(2):
        called(f"CAbefore{number}", timezone.localtime(now) - timedelta(days=7))
    while fold():
        pass
    return now


def shown(client, language="he"):
    answer = client.get(reverse("admin:index"), headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer


def test_today_stands_beside_a_week_before(admin_client, today):
    Alarm.objects.create(kind="line_deaf", line=LINE, raised_at=today, seen_at=today)
    figures = {
        one.name: (one.today.text, one.before and one.before.text) for one in shown(admin_client).context["figures"]
    }
    assert list(figures) == FIGURES
    assert figures | {"p50": 0, "p95": 0, "answer": 0} == {
        "calls": ("3", "2"), "minutes": ("6", "4"), "heard": ("90.0%", "90.0%"), "failed": ("0", "0"),
        "alarms": ("1", "0"),
        "cost": ("0.22", "0.15"), "queue": ("0", None), "p50": 0, "p95": 0, "answer": 0,
    }  # fmt: skip
    assert abs(float(figures["p50"][0]) - 0.7) < 0.022 and abs(float(figures["answer"][1]) - 1.2) < 0.03


def test_behind_each_figure_is_its_list(admin_client, today):
    for figure in shown(admin_client).context["figures"]:
        for value, calls in ((figure.today, 3), (figure.before or figure.today, 2)):
            answer = admin_client.get(value.url)
            assert answer.status_code == 200, value.url
            if figure.name in ("p50", "p95", "answer"):
                # Its calls that have something slower.
                assert answer.context["narrowed"][-1][1].startswith("\u2066> "), value.url
            elif figure.name not in ("failed", "alarms", "cost", "queue"):
                assert len(answer.context["cl"].result_list) == calls, value.url
    finals = next(one for one in shown(admin_client).context["figures"] if one.name == "p95")
    (delay,) = parse_qs(urlsplit(finals.today.url).query)["delay"]
    assert abs(int(delay.removeprefix("over-")) - 700) < 22


def test_answers_that_failed_are_counted_and_lead_to_their_calls(admin_client, today):
    def figure():
        return next(one for one in shown(admin_client).context["figures"] if one.name == "failed")

    assert not figure().is_bad
    Call.objects.filter(call_sid="CA1").update(answers_failed=2)
    Call.objects.filter(call_sid="CAbefore0").update(answers_failed=1)
    mark([call.started_at for call in Call.objects.filter(answers_failed__gt=0)])
    while fold():
        pass
    failed = figure()
    assert (failed.is_bad, failed.today.text, failed.before.text) == (True, "2", "1")
    for value, sid in ((failed.today, "CA1"), (failed.before, "CAbefore0")):
        listed = admin_client.get(value.url).context["cl"].result_list
        assert [call.call_sid for call in listed] == [sid]


def test_a_line_has_its_plot_and_its_calls(admin_client, today):
    answer = shown(admin_client)
    (row,) = answer.context["lines"]
    assert (row.name, row.today.calls, row.before.calls, row.heard) == ("מכירות", 3, 2, "90.0%")
    (bar,) = row.bars
    assert (bar.x, bar.height) == (timezone.localtime(today).hour, page_module.PLOT_HEIGHT)
    assert "שיחות לפי שעה: 3 היום, 2 לפני שבוע" in answer.content.decode()
    assert len(admin_client.get(row.url).context["cl"].result_list) == 3


def test_more_lines_are_not_more_queries(admin_client, today, monkeypatch):
    monkeypatch.setattr(page_module, "MOST_LINES", 5)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            answer = shown(admin_client)
        return len(asked), answer

    shown(admin_client)
    few, _ = queries()
    hour = LineHour.objects.latest("hour").hour
    LineHour.objects.bulk_create(LineHour(hour=hour, line=f"+9723666{n:04}", calls=1) for n in range(60))
    many, answer = queries()
    assert many == few <= 20
    assert "ועוד 56 קווים" in answer.content.decode()


def test_what_is_not_counted_yet_is_told(admin_client, today):
    assert "עדיין בספירה" not in shown(admin_client).content.decode()
    mark([timezone.localtime(today) - timedelta(days=7)])
    assert "שעה אחת עדיין בספירה" in shown(admin_client).content.decode()


def test_who_may_not_read_calls_sees_no_figures(client, today):
    client.force_login(User.objects.create_user("me", is_staff=True))
    answer = shown(client)
    assert "figures" not in answer.context and reverse("console:wall") not in answer.content.decode()


def test_a_day_without_calls_has_dashes(admin_client):
    page = shown(admin_client, "en")
    assert {one.name: one.today.text for one in page.context["figures"]}["p50"] == "—"
    assert "No line has had a call today or a week before." in page.content.decode()


@pytest.mark.parametrize(
    "name", ["admin:index", "admin:calls_call_changelist", "desk-engines", "console:wall", "console:costs"]
)
def test_the_admin_and_the_console_have_one_header(admin_client, name):
    page = admin_client.get(reverse(name)).content.decode()
    header = page[page.index('<header class="site-header">') : page.index("</header>")]
    for other in ("admin:index", "console:wall", "admin:calls_call_changelist", "console:costs", "desk-engines"):
        assert f'href="{reverse(other)}"' in header
    assert header.count('aria-current="page"') == 1


def test_who_reviews_sees_what_waits(admin_client, today, monkeypatch):
    while queue_ended():
        pass
    figure = shown(admin_client).context["figures"][-1]
    count = waiting(User.objects.get(username="admin"), timezone.now())
    assert figure.today.text == str(count) != "0"
    assert admin_client.get(figure.today.url).status_code == 200
    monkeypatch.setattr(page_module, "MOST_COUNTED", count)
    assert shown(admin_client).context["figures"][-1].today.text.endswith("+")


def test_who_does_not_review_is_led_to_no_empty_queue(client, today):
    boss = User.objects.create_user("ronit", is_staff=True)
    boss.groups.add(Group.objects.get(name="supervisor"))
    client.force_login(boss)
    answer = shown(client)
    assert reverse("review-queue") not in answer.content.decode()
    note = CallNote.objects.create(call=Call.objects.first(), text="@ronit", username="dana", made_at=today)
    Mention.objects.create(note=note, user=boss)
    figure = shown(client).context["figures"][-1]
    assert (figure.name, figure.today.text, figure.today.url) == ("mentions", "1", reverse("review-queue"))


def test_an_alarm_that_somebody_sees_to_is_not_red(admin_client, today):
    alarm = Alarm.objects.create(kind="line_deaf", line=LINE, raised_at=today, seen_at=today)

    def is_bad():
        return next(one.is_bad for one in shown(admin_client).context["figures"] if one.name == "alarms")

    assert is_bad()
    acknowledge(alarm.pk, User.objects.get(username="admin"))
    assert not is_bad()


def test_an_emulators_cost_is_called_so(admin_client, today, settings):
    def note():
        return next(one.note for one in shown(admin_client).context["figures"] if one.name == "cost")

    settings.STT_EMULATOR_HOST = "127.0.0.1:9010"
    assert note() == "הדמיה" and "הדמיה" in shown(admin_client).content.decode()
    settings.STT_EMULATOR_HOST = ""
    assert note() == ""

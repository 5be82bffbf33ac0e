"""The admin: calls to read, settings to tune."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from calls.models import Call, PhoneLine, Transcript
from calls.storage.search_filler import fill
from stt.endpointing import silero
from stt.models import TuningProfile
from tests.rows import ANSWERING

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    call = Call.objects.create(
        call_sid="CA1",
        from_number="+972501234567",
        to_number="+97235550100",
        hearing="degraded",
        started_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    common = {"call": call, "started_ms": 0, "ended_ms": 900, "engine": "google"}
    Transcript.objects.create(number=1, text="שלום", revised_text="שלום לך", source="partial", final_ms=670, **common)
    Transcript.objects.create(number=2, text="", source="none", code="no_words", final_ms=2500, **common)
    fill()
    return call


def test_a_call_shows_what_was_heard_and_what_was_handed_on(admin_client, call):
    page = admin_client.get(reverse("admin:calls_call_change", args=[call.pk])).content.decode()
    assert 'dir="rtl"' in page
    assert "שלום לך" in page
    assert '<bdi dir="ltr">670 ms</bdi>' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("slowest=slow", True),
        ("slowest=2000", False),
        ("slowest=over-3399", True),
        ("slowest=over-3400", False),
        ("interrupted=interrupted", True),
        ("interrupted=false_start", False),
    ],
)
def test_calls_are_found_by_their_slowest_answer_and_by_who_spoke_over_it(admin_client, call, query, found):
    for number, total_ms in ((5001, 1200), (5002, 3400)):
        call.turns.create(number=number, speaker="agent", started_ms=0, ended_ms=900, total_ms=total_ms)
    call.events.create(number=1, at=call.started_at, code="interrupted")
    page = admin_client.get(f"{reverse('admin:calls_call_changelist')}?{query}").content.decode()
    assert ('title="CA1"' in page) is found


@pytest.mark.parametrize(
    "query",
    ["slowest=whatever", "delay=over-", "delay=over-12345678", "interrupted=whatever", "corrected=perhaps", "what=1"],
)
def test_a_filter_that_there_is_not_is_said_so(admin_client, call, query):
    answer = admin_client.get(f"{reverse('admin:calls_call_changelist')}?{query}", follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain and 'title="CA1"' in page and "מסנן שאינו קיים" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("turns__source=partial", True),
        ("turns__source=early", False),
        ("delay=slow", True),
        ("delay=500", False),
        ("turns__code=no_words", True),
        ("hearing=degraded", True),
        ("hearing=down", False),
        ("turns__engine=google", True),
        ("corrected=yes", False),
        ("corrected=no", True),
        ("q=לך", True),
        ("q=CA1", True),
        ("q=nothing", False),
    ],
)
def test_calls_are_found_by_filters_and_search(admin_client, call, query, found):
    page = admin_client.get(f"{reverse('admin:calls_call_changelist')}?{query}").content.decode()
    assert ('title="CA1"' in page) is found


def test_corrected_calls_are_marked_in_the_list_and_found(admin_client, admin_user, call):
    def listed(query=""):
        return admin_client.get(f"{reverse('admin:calls_call_changelist')}?{query}").content.decode()

    def correct(number, *, withdrawn=False):
        call.corrections.create(
            turn=1, number=number, text="x", withdrawn=withdrawn, turn_revision=0, user=admin_user, username="x",
            made_at=call.started_at,
        )  # fmt: skip

    assert "✎" not in listed()
    correct(1)
    assert "✎ אחת תוקנה" in listed()
    assert ['title="CA1"' in listed(f"corrected={asked}") for asked in ("yes", "no")] == [True, False]
    correct(2, withdrawn=True)
    assert "✎" not in listed()
    assert ['title="CA1"' in listed(f"corrected={asked}") for asked in ("yes", "no")] == [False, True]


def test_a_line_stands_in_the_list_by_its_name_and_narrows_it(admin_client, call):
    PhoneLine.objects.create(number=call.to_number, name="מכירות", profile=TuningProfile.objects.create(name="default"))
    url = reverse("admin:calls_call_changelist")
    page = admin_client.get(url).content.decode()
    assert '<bdi title="+97235550100">מכירות</bdi>' in page
    assert '<a href="?line=%2B97235550100">מכירות</a>' in page
    found = [f'title="{call}"' in admin_client.get(f"{url}?line=%2B9723555010{n}").content.decode() for n in (0, 1)]
    assert found == [True, False]


@pytest.mark.parametrize("engine", ["emulator", "emulator:deepgram"])
def test_turns_of_an_emulator_say_so_and_no_others(admin_client, call, engine):
    pages = (
        reverse("admin:calls_call_change", args=[call.pk]),
        reverse("console:call", args=[call.call_sid]),
    )
    badge = '<span class="emulated" title="כאן האזינה תוכנת הדמיה'
    for path in pages:
        assert badge not in admin_client.get(path).content.decode()
    call.turns.filter(number=1).update(engine=engine)
    for path in pages:
        assert admin_client.get(path).content.decode().count(badge) == 1
    told = admin_client.get(reverse("console:call_state", args=[call.call_sid])).json()["turns"]
    assert [turn["engine"] for turn in told] == [engine, "google"]


def test_our_own_words_given_back_are_shown_grey_and_say_so(admin_client, call):
    review, console = reverse("admin:calls_call_change", args=[call.pk]), reverse("console:call", args=[call.call_sid])
    badge = '<span class="emulated" title="המילים של הקו עצמו'
    assert all(badge not in admin_client.get(path).content.decode() for path in (review, console))
    call.turns.filter(number=1).update(echo=True)
    for path, grey in ((review, '<p class="echo">'), (console, '<li class="echo" ')):
        page = admin_client.get(path).content.decode()
        assert (page.count(badge), page.count(grey)) == (1, 1)
    told = admin_client.get(reverse("console:call_state", args=[call.call_sid])).json()["turns"]
    assert [turn["echo"] for turn in told] == [True, False]


@pytest.mark.parametrize(("host", "is_said"), [("127.0.0.1:9", True), ("", False)])
def test_the_costs_of_emulated_calls_are_said_to_be_nobodys(admin_client, settings, host, is_said):
    settings.STT_EMULATOR_HOST = host
    page = admin_client.get(reverse("console:costs")).content.decode()
    assert ("אין חיוב על השמע שלה" in page) is is_said


def test_a_call_cannot_be_changed_or_deleted(admin_client, call):
    assert admin_client.post(reverse("admin:calls_call_delete", args=[call.pk])).status_code == 403
    assert admin_client.get(reverse("admin:calls_call_add")).status_code == 403


def test_the_list_asks_as_often_for_many_calls_as_for_one(admin_client, call, django_assert_max_num_queries):
    for i in range(30):
        Call.objects.create(call_sid=f"CB{i}", started_at=datetime.now(UTC))
    with django_assert_max_num_queries(15):
        admin_client.get(reverse("admin:calls_call_changelist"))


def test_a_profile_says_its_bounds_and_units_and_refuses_what_is_beyond(admin_client):
    page = admin_client.get(reverse("admin:stt_tuningprofile_add")).content.decode()
    assert "20–400 ms" in page
    values = {
        name: str(TuningProfile._meta.get_field(name).default)
        for name in (*_numbers(), "vad_engine", "turn_model", "echo_canceller", "half_close", "engines")
    }
    url = reverse("admin:stt_tuningprofile_add")
    assert "stt_batch_ms" in admin_client.post(url, {**values, "name": "x", "stt_batch_ms": "5"}).content.decode()
    assert admin_client.post(url, {**values, "name": "x"}).status_code == 302
    assert TuningProfile.objects.get(name="x").tuning().stt_batch_ms == 80


def test_every_field_that_may_be_changed_is_in_its_form_or_in_that_which_makes_it(rf, admin_user):
    request = rf.get("/")
    request.user = admin_user
    missing = []
    for model, options in admin.site._registry.items():
        if options.has_add_permission(request) or options.has_change_permission(request):
            made, new = (options.get_fieldsets(request, one) for one in (model.objects.first() or model(pk=1), None))
            offered = set(flatten_fieldsets([*made, *new]))
            ours = [field for field in model._meta.fields if field.editable and not field.primary_key]
            missing += [str(field) for field in ours if field.name not in offered]
    assert missing == []


def test_a_line_has_its_months_ceiling(admin_client):
    line = PhoneLine.objects.create(number="+97235550100", name="x", profile=TuningProfile.objects.create(name="p"))
    people = {"people-TOTAL_FORMS": 0, "people-INITIAL_FORMS": 0, **ANSWERING}
    values = {"name": line.name, "number": line.number, "profile": line.profile_id, "monthly_ceiling": "50.5"}
    url = reverse("admin:calls_phoneline_change", args=[line.pk])
    assert admin_client.post(url, {**values, **people}).status_code == 302
    line.refresh_from_db()
    assert line.monthly_ceiling == Decimal("50.50")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("monthly_ceiling", "0", "תקרה היא יותר מכלום"),
        ("monthly_ceiling", "-1", "תקרה היא יותר מכלום"),
        ("name", "\u202e", "איש לא רואה את השם הזה"),
        ("people-0-name", "\u202e", "איש לא רואה את השם הזה"),
        ("gold_since_0", "0001-01-01", "שנה מ־1970 עד 8999"),
        ("gold_since_0", "9999-12-31", "שנה מ־1970 עד 8999"),
    ],
)
def test_what_no_line_can_have_is_said_in_its_form_and_what_was_typed_stays(admin_client, name, value, said):
    line = PhoneLine.objects.create(number="+97235550100", name="x", profile=TuningProfile.objects.create(name="p"))
    people = {
        "people-TOTAL_FORMS": 1,
        "people-INITIAL_FORMS": 0,
        "people-0-name": "דנה",
        "people-0-number": "03-5550111",
    }
    values = {"name": line.name, "number": line.number, "profile": line.profile_id, **people, **ANSWERING}
    values |= {"gold_since_0": "2026-11-27", "gold_since_1": "00:00"}
    shown = admin_client.post(
        reverse("admin:calls_phoneline_change", args=[line.pk]), {**values, "greeting": "שלום וברכה", name: value}
    )
    page = shown.content.decode()
    assert (shown.status_code, said in page, "שלום וברכה" in page) == (200, True, True)


def test_a_profile_cannot_want_silero_where_it_is_not_installed(monkeypatch):
    profile = TuningProfile(name="noisy", vad_engine="silero")
    monkeypatch.setattr(silero, "installed", lambda: False)
    with pytest.raises(ValidationError, match="requirements-silero"):
        profile.clean()
    monkeypatch.setattr(silero, "installed", lambda: True)
    profile.clean()
    assert profile.tuning().vad_engine == "silero"


def test_a_profile_made_by_a_process_of_before_the_voice_detectors_is_webrtcvads(db):
    fields = [field.column for field in TuningProfile._meta.fields if field.column not in ("id", "vad_engine")]
    TuningProfile.objects.create(name="new")
    columns = ", ".join(f'"{column}"' for column in fields)
    values = columns.replace('"name"', "'old'")
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO stt_tuningprofile ({columns}) SELECT {values} FROM stt_tuningprofile")  # noqa: S608
    assert TuningProfile.objects.get(name="old").tuning().vad_engine == "webrtc"


def _numbers():
    from stt.tuning import BOUNDS

    return list(BOUNDS)

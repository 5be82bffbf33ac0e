"""A call's page: its head, its health, its turns' times and texts, the settings it ran with."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from calls.models import Call, Correction, PhoneLine
from stt.models import TuningProfile

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 7, 23, 6, 3, 21, tzinfo=UTC)
"""Nine o'clock in Israel."""


@pytest.fixture
def profile():
    return TuningProfile.objects.create(name="default")


@pytest.fixture
def call(profile):
    PhoneLine.objects.create(number="+97235550100", name="מכירות", profile=profile)
    call = Call.objects.create(
        call_sid="CA1", from_number="+972501234567", to_number="+97235550100", started_at=BEGAN,
        ended_at=BEGAN + timedelta(seconds=61), frames_received=900, frames_lost=100, status="completed",
        end_reason="stop", tuning=profile.tuning().as_dict(), tuning_profile=profile.pk, tuning_revision=1,
    )  # fmt: skip
    common = {"call": call, "engine": "google", "end_reason": "silence"}
    call.turns.create(
        number=1, started_ms=0, ended_ms=3000, text="שתי פיצות", revised_text="שתי פיצות גדולות", source="early",
        partial_ms=2500, final_ms=220, **common,
    )  # fmt: skip
    call.turns.create(number=2, started_ms=5000, ended_ms=6000, source="none", code="no_words", **common)
    return call


@pytest.fixture
def page(admin_client, call):
    def read(of=call, query=""):
        return admin_client.get(reverse("admin:calls_call_change", args=[of.pk]) + query).content.decode()

    return read


def test_its_head_says_whose_when_how_long_and_how_it_ended(page):
    head = page().split('<section class="module head"')[1].split("</section>")[0]
    for said in (
        "<bdi>מכירות</bdi>",
        '<bdi dir="ltr">+972501234567</bdi>',
        '<bdi dir="ltr">23.07.2026 09:03:21</bdi></time> <span class="quiet">שעון ישראל</span>',
        '<bdi dir="ltr">0:01:01</bdi>',
        '<span title="stop">',
        '<bdi dir="ltr">default@1</bdi>',
        "USD</bdi>",
    ):
        assert said in head


def test_its_health_is_one_figure_with_its_parts(page, call):
    assert '<bdi dir="ltr">67.5%</bdi>' in page()  # 900 of 1000 frames, 3 of 4 seconds
    call.turns.filter(number=2).update(echo=True)
    assert '<bdi dir="ltr">90.0%</bdi>' in page()
    call.turns.all().delete()
    assert "לא היה דיבור" in page()


def test_a_turn_says_where_its_time_went_in_figures_too(page, call):
    bar = page().split('class="bar turn-bar"')[1].split("</svg>")[0]
    assert "2500 ms" in bar
    assert "220 ms" in bar
    assert 'class="first-partial"' in bar
    listed = page().split('class="turn-times"')[1].split("</details>")[0]
    assert '<bdi dir="ltr">220 ms</bdi>' in listed
    assert '<bdi dir="ltr">2500 ms</bdi>' in listed
    call.turns.filter(number=1).update(final_ms=None, partial_ms=None)
    assert "<svg" not in page().split('id="turn-1"')[1].split("</tr>")[0]


def test_the_early_text_and_what_came_later_differ_visibly(page):
    assert '<span dir="rtl" class="heard">שתי פיצות <ins>גדולות</ins></span>' in page()


def test_a_correction_marks_what_it_strikes_out_and_puts_in(page, call, admin_user):
    Correction.objects.create(
        call=call, turn=1, number=1, text="שלוש פיצות גדולות", turn_revision=0, user=admin_user, username="x",
        made_at=BEGAN,
    )  # fmt: skip
    told = page()
    assert '<span dir="rtl" class="heard"><del>שתי</del> פיצות גדולות</span>' in told
    assert '<span dir="rtl" class="corrected"><ins>שלוש</ins> פיצות גדולות</span>' in told
    assert '<bdi dir="ltr">1</bdi> <a href="#turn-1">אמירה 1</a>' in told
    assert "has-correction" in told


def test_the_settings_that_differ_today_stand_first(page, profile, call):
    assert "ההגדרות לא השתנו מאז" in page()
    profile.vad_hangover_ms = 400
    profile.save()
    table = page().split('class="module ran-with"')[1].split("<details")[0]
    assert (table.count("<tr>"), "220" in table, "400" in table) == (2, True, True)
    PhoneLine.objects.all().delete()
    profile.delete()
    assert "אין למה להשוות" in page()


def test_calls_before_and_after_are_those_of_the_list_it_was_opened_from(page, call):
    common = {"to_number": call.to_number, "call_sid": "x"}
    rows = {
        name: Call.objects.create(**{**common, "call_sid": name, "started_at": at, "to_number": to})
        for name, at, to in (
            ("older", BEGAN - timedelta(days=1), "+97235550100"),
            ("same", BEGAN, "+97235550101"),
            ("newer", BEGAN + timedelta(days=1), "+97235550100"),
            ("never", None, "+97235550100"),
        )
    }

    def beside(of, query=""):
        told = page(of, query)
        return [
            next((name for name, row in rows.items() if f'rel="{rel}" href="/admin/calls/call/{row.pk}/' in told), None)
            for rel in ("prev", "next")
        ]

    assert beside(call) == ["same", "older"]
    assert beside(rows["older"])[1] == "never"
    assert beside(rows["never"]) == ["older", None]
    assert beside(rows["newer"])[0] is None
    assert beside(rows["newer"], "?_changelist_filters=q%3Dolder") == [None, "older"]
    assert f"/{rows['older'].pk}/change/?_changelist_filters=q%3Dolder" in page(
        rows["newer"], "?_changelist_filters=q%3Dolder"
    )
    assert beside(call, "?_changelist_filters=no_field%3D1") == ["same", "older"]

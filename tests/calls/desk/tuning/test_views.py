"""The desk's pages, with rows behind them."""

import hashlib
import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import escape
from django.utils.translation import gettext

from calls.desk.tuning import selectors
from calls.desk.tuning.figures import ANSWER_RATIOS, PERCENTILES, Measure
from calls.desk.tuning.selectors import MOST_CALLS, measured
from calls.desk.tuning.words import LABELS, LEFT_OUT, MOVES, UNITS
from calls.models import Call, CallEvent, Correction, PhoneLine, Transcript, Trial
from calls.process.services import services
from calls.whatif.comparison import UNKNOWABLE
from stt.engines.half_close import FinalChoice
from stt.engines.kept_finals import Kind
from stt.models import SETTINGS, TuningProfile
from tests.calls.whatif.test_comparison import answered_call, kept_call  # noqa: F401 - fixtures
from tests.fakes import FakeEngine, recognition_by
from tests.paths import ROOT

pytestmark = pytest.mark.django_db
VENDORS = [ROOT / "calls" / "static" / room / "vendor" for room in ("desk", "calls")]


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def profile():
    profile = TuningProfile.objects.create(name="quick")
    profile.vad_hangover_ms = 400
    profile.save()
    return profile


def test_of_one_revision_there_is_nothing_to_compare_yet(admin_client):
    only = TuningProfile.objects.create(name="only")
    calls(only, 1, 3, 500)
    with translation.override("en"):
        page = admin_client.get(reverse("desk-profile", args=[only.pk]), headers={"accept-language": "en"})
    said = page.content.decode()
    assert page.context["comparison"] is None
    assert "There is nothing to compare yet" in said and "another profile can be chosen" not in said
    (row,) = page.context["history"]
    assert all(figure.value in said for figure in row.figures) and len(row.figures) == 4
    TuningProfile.objects.create(name="other")
    same = f"?a={only.pk}.1&b={only.pk}.1"
    said = admin_client.get(reverse("desk-profile", args=[only.pk]) + same, headers={"accept-language": "en"})
    assert "another profile can be chosen" in said.content.decode()


def test_a_revision_is_not_compared_with_itself(admin_client, profile):
    same = f"?a={profile.pk}.2&b={profile.pk}.2"
    page = admin_client.get(reverse("desk-profile", args=[profile.pk]) + same, headers={"accept-language": "en"})
    assert page.context["comparison"] is None
    assert "Choose two different revisions." in page.content.decode()


def calls(profile, revision, count, final_ms, *, to="+1", turns=6, seed=1):
    """Ended calls of a revision, one a minute, with turns about so late."""
    random, now = Random(seed), timezone.now()
    rows = Call.objects.bulk_create(
        Call(
            call_sid=f"CA{profile.pk}-{revision}-{seed}-{i}",
            to_number=to,
            started_at=now - timedelta(minutes=i),
            ended_at=now,
            tuning_profile=profile.pk,
            tuning_revision=revision,
        )
        for i in range(count)
    )
    Transcript.objects.bulk_create(
        Transcript(
            call=row,
            number=n + 1,
            started_ms=3000 * n,
            ended_ms=3000 * n + 1500,
            text="שלום לך",
            revised_text="שלום רב" if n == 0 else None,
            source="early" if n % 2 else "final",
            final_ms=round(random.gauss(final_ms, 100)),
        )
        for row in rows
        for n in range(turns)
    )
    return rows


def answers(rows, pause_ms, into_pauses):
    """To every turn of these calls, one of so many into a pause; each had one withdrawn before it."""
    Transcript.objects.bulk_create(
        Transcript(
            call=row, number=5001 + n, speaker="agent", text="בבקשה", answers=n + 1, withdrawals=1, characters=5,
            started_ms=3000 * n + (2200 if n % into_pauses == 0 else 1700), ended_ms=3000 * n + 2900, outcome="played",
            floor_rule="open", floor_ms=pause_ms, first_audio_ms=100, total_ms=pause_ms + 100,
        )
        for row in rows
        for n in range(5)
    )  # fmt: skip
    Call.objects.filter(pk__in=[row.pk for row in rows]).update(reply_characters=50)


def test_what_the_answering_settings_did_stands_beside_them(admin_client, profile):
    """A longer pause: every answer later, fewer of them into a pause."""
    profile.answer_pause_ms = 1600
    profile.save()
    answers(calls(profile, 2, 40, 900), 1000, into_pauses=1)
    answers(calls(profile, 3, 40, 900, seed=2), 1600, into_pauses=5)
    before, after = measured(profile.pk, 2).sample.measures(), measured(profile.pk, 3).sample.measures()
    assert (before[Measure.PAUSES_ANSWERED], after[Measure.PAUSES_ANSWERED]) == (1, 0.2)
    assert (before[Measure.TOTAL_P50], after[Measure.TOTAL_P50], after[Measure.FLOOR_P50]) == (1100, 1700, 1600)
    assert (after[Measure.WITHDRAWN], after[Measure.WITHDRAWALS], after[Measure.CHARACTERS_WITHDRAWN]) == (1, 1, 0.5)
    page = admin_client.get(reverse("desk-profile", args=[profile.pk])).content.decode()
    changed = page[page.index('<li class="changed">') :].split("</li>")[0]
    assert 'class="code quiet">answer_pause_ms</bdi>' in changed
    with translation.override("he"):
        for measure, mood in ((Measure.PAUSES_ANSWERED, "better"), (Measure.TOTAL_P50, "worse")):
            assert f'<div class="{mood}"><dt>{LABELS[measure]}</dt>' in changed


def test_answers_are_no_turns_of_the_caller(profile):
    rows = calls(profile, 1, 2, 900)
    without = measured(profile.pk, 1).sample.measures()
    cache.clear()
    answers(rows, 1000, into_pauses=5)
    with_answers = measured(profile.pk, 1).sample
    assert with_answers.turns == 12
    caller = set(Measure) - {*ANSWER_RATIOS, Measure.FLOOR_P50, Measure.FLOOR_P95, Measure.TOTAL_P50, Measure.TOTAL_P95}
    found = with_answers.measures()
    assert {one: found[one] for one in caller} == {one: without[one] for one in caller}


def test_two_revisions_stand_side_by_side_with_what_they_did(admin_client, profile):
    calls(profile, 1, 40, 900)
    calls(profile, 2, 40, 700, seed=2)
    page = admin_client.get(reverse("desk-profile", args=[profile.pk])).content.decode()
    assert 'dir="rtl"' in page
    assert page.count('class="better"') >= 2  # final p50 and p95
    assert '<bdi dir="ltr">quick@1</bdi>' in page
    assert "40" in page
    for name in SETTINGS:
        assert f'class="code quiet">{name}</bdi>' in page


def test_a_profile_that_no_call_ran_with_says_so(admin_client, profile):
    page = admin_client.get(reverse("desk-profile", args=[profile.pk])).content.decode()
    assert "שום שיחה" in page


def test_an_unknown_revision_is_asked_for_again(admin_client, profile):
    response = admin_client.get(reverse("desk-profile", args=[profile.pk]), {"a": "x", "b": "1.99"})
    assert response.status_code == 200


def test_the_way_back_is_a_button(admin_client, admin_user, profile):
    first = profile.history.get(revision=1)
    response = admin_client.post(reverse("desk-back", args=[profile.pk, first.history_id]))
    assert response.status_code == 302
    profile.refresh_from_db()
    assert (profile.vad_hangover_ms, profile.revision) == (220, 3)
    assert profile.history.first().history_user == admin_user
    assert admin_client.get(reverse("desk-back", args=[profile.pk, first.history_id])).status_code == 405


def test_who_may_see_may_not_turn(client, profile):
    user = get_user_model().objects.create_user("reviewer", is_staff=True)
    client.force_login(user)
    page, back = (
        reverse("desk-profile", args=[profile.pk]),
        reverse("desk-back", args=[profile.pk, profile.history.last().history_id]),
    )
    assert client.get(page).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_tuningprofile"))
    assert client.get(page).status_code == 200
    assert back not in client.get(page).content.decode()
    assert client.post(back).status_code == 403
    client.logout()
    assert client.get(page).url.startswith("/admin/login/")


def compared_in_english(admin_client, profile):
    page = admin_client.get(reverse("desk-profile", args=[profile.pk]), headers={"accept-language": "en"})
    return page, unescape(re.sub("<[^>]*>", "", page.content.decode()))


def test_nothing_is_better_where_the_calls_came_in_on_other_lines(admin_client, profile):
    calls(profile, 1, 40, 900)
    calls(profile, 2, 40, 400, to="+2", seed=2)
    page, said = compared_in_english(admin_client, profile)
    assert 'class="better"' not in page.content.decode()
    assert "the line that was called: +1 – 100% of the calls of quick@1, 0% of the calls of quick@2" in said


def test_better_is_said_where_the_calls_are_of_one_mix(admin_client, profile):
    calls(profile, 1, 40, 900)
    calls(profile, 2, 40, 400, seed=2)
    page, said = compared_in_english(admin_client, profile)
    assert 'class="better"' in page.content.decode() and "another mix" not in said


def test_nothing_is_better_where_callers_called_from_elsewhere_at_another_hour(admin_client, profile):
    rows = calls(profile, 1, 40, 900) + calls(profile, 2, 40, 400, seed=2)
    noon = timezone.localtime().replace(hour=13) - timedelta(days=1)
    for number, row in enumerate(rows):
        row.started_at = noon if number < 40 else noon.replace(hour=23)
        row.from_number = "+972521234567" if number < 40 else "Anonymous"
    Call.objects.bulk_update(rows, ["started_at", "from_number"])
    page, said = compared_in_english(admin_client, profile)
    assert 'class="better"' not in page.content.decode()
    assert "time of day: afternoon, 12–17 – 100% of the calls of quick@1, 0%" in said
    assert "where callers call from: Israeli mobile – 100% of the calls of quick@1, 0%" in said


@pytest.mark.parametrize(("setting", "is_other_mix"), [({}, True), ({"streaming": False}, False)])
def test_another_engine_is_another_mix_unless_the_settings_chose_it(admin_client, profile, setting, is_other_mix):
    calls(profile, 1, 40, 900)
    Transcript.objects.update(engine="google")
    revision = 2
    for name, value in setting.items():
        setattr(profile, name, value)
        profile.save()
        revision = profile.revision
    calls(profile, revision, 40, 400, seed=2)
    Transcript.objects.filter(engine="").update(engine="whisper")
    page, said = compared_in_english(admin_client, profile)
    assert ("the engine that heard: " in said) is is_other_mix
    assert ('class="better"' in page.content.decode()) is not is_other_mix


def test_the_admins_history_is_this_page(admin_client, profile):
    response = admin_client.get(reverse("admin:stt_tuningprofile_history", args=[profile.pk]))
    assert response.url == reverse("desk-profile", args=[profile.pk])


def test_only_the_newest_calls_are_read_and_the_page_says_of_how_many(profile, monkeypatch):
    monkeypatch.setattr(selectors, "MOST_CALLS", 10)
    rows = calls(profile, 1, 30, 900)
    calls(profile, 2, 5, 900, seed=2)
    found = measured(profile.pk, 1)
    assert (len(found.sample.calls), found.calls, found.sample.turns) == (10, 30, 60)
    assert min(found.started) == rows[9].started_at


def test_a_turn_that_the_vad_missed_is_no_utterance_of_its_call(profile):
    calls(profile, 1, 1, 900)
    Transcript.objects.filter(number__in=[2, 6]).update(unvoiced=True)
    (call,) = measured(profile.pk, 1).sample.calls
    assert (call.turns, call.utterances) == (6, 4)


def test_more_turns_than_are_read_leave_whole_calls(profile, monkeypatch):
    monkeypatch.setattr(selectors, "MOST_TURNS", 20)
    calls(profile, 1, 10, 900)
    found = measured(profile.pk, 1)
    assert [call.turns for call in found.sample.calls] == [6, 6, 6]


def test_a_revision_is_read_with_a_few_queries_however_many_calls(profile, django_assert_max_num_queries):
    calls(profile, 1, MOST_CALLS + 20, 900, turns=2)
    with django_assert_max_num_queries(4):
        measured(profile.pk, 1)
    with django_assert_max_num_queries(1):
        measured(profile.pk, 1)  # kept, until another call ends


def correct(call, turn, text, number=1, **values):
    Correction.objects.create(
        call=call, turn=turn, number=number, text=text, turn_revision=0, username="dana",
        made_at=timezone.now(), **values
    )  # fmt: skip


def test_words_are_wrong_against_what_people_corrected_and_the_words_as_they_stood_in_the_end(profile):
    first, second = calls(profile, 2, 2, 900, turns=3)
    assert measured(profile.pk, 2).estimates[Measure.WORD_ERRORS].value is None
    cache.clear()
    correct(first, 1, "שלום רב")  # revised to this
    correct(first, 2, "שלום לכם")
    correct(second, 1, "שלום", 1)
    correct(second, 1, "שלום רב לך", 2)
    correct(second, 2, "היי", 1)
    correct(second, 2, "", 2, withdrawn=True)
    assert measured(profile.pk, 2).estimates[Measure.WORD_ERRORS].value == 2 / 7


@pytest.mark.parametrize(("count", "is_said"), [(3, False), (30, True)])
def test_a_trial_compares_its_sides_by_the_words_that_people_corrected(admin_client, profile, trial, count, is_said):
    to = trial.line.number
    for revision, heard in ((1, "שלום לך"), (2, "שלום")):
        for call in calls(profile, revision, count, 900, to=to, turns=2, seed=revision):
            Transcript.objects.filter(call=call, number=2).update(text=heard)
            correct(call, 2, "שלום לך")
    Call.objects.update(started_at=timezone.now())
    page = admin_client.get(reverse("desk-trial", args=[trial.pk]), headers={"Accept-Language": "en"}).content.decode()
    row = page.partition("word errors in corrected turns")[2].partition("</tr>")[0]
    assert [value in row for value in ("0.0 %", "50.0 %", "+50.0 %", "worse")] == [True, True, True, is_said]
    assert ("Too few calls" in page) is not is_said


def test_a_call_that_still_runs_is_not_counted(profile):
    calls(profile, 1, 2, 900)
    Call.objects.update(ended_at=None)
    assert measured(profile.pk, 1).calls == 0


@pytest.mark.parametrize(("count", "slot"), [(30, "0:01:00"), (90, "0:10:00"), (400, "0:10:00")])
def test_finals_are_spread_over_slots_and_time(profile, count, slot):
    calls(profile, 1, count, 900, turns=2)
    found = measured(profile.pk, 1)
    assert sum(found.distribution()) == pytest.approx(1)
    points = found.over_time()
    assert (str(found.slot), len(points) <= 49) == (slot, True)
    assert sum(point.calls for point in points) == count


@pytest.fixture
def trial(profile, admin_user):
    line = PhoneLine.objects.create(number="+1", name="מכירות", profile=profile)
    trial = Trial.objects.create(
        line=line, a=profile.history.get(revision=1), b=profile.history.get(revision=2), started_by=admin_user
    )
    Trial.objects.update(started_at=timezone.now() - timedelta(days=1))
    return trial


def test_a_trial_says_when_it_is_enough(admin_client, profile, trial):
    url = reverse("desk-trial", args=[trial.pk])
    calls(profile, 1, 5, 900)
    assert "עדיין לא" in admin_client.get(url).content.decode()
    calls(profile, 1, 200, 900, seed=3)
    calls(profile, 2, 200, 700, seed=4)
    calls(profile, 2, 50, 9000, to="+2", seed=5)  # another line's
    page = admin_client.get(url).content.decode()
    assert 'class="verdict enough"' in page
    assert page.count('class="better"') == 2


def test_a_trial_is_begun_and_ended_in_the_admin(admin_client, admin_user, profile):
    line = PhoneLine.objects.create(number="+1", name="מכירות", profile=profile)
    a, b = profile.history.get(revision=1), profile.history.get(revision=2)
    values = {"line": line.pk, "a": a.history_id, "b": b.history_id, "share_b_percent": 30}
    add = reverse("admin:calls_trial_add")
    assert admin_client.post(add, {**values, "b": a.history_id}).status_code == 200  # refused
    assert admin_client.post(add, values).status_code == 302
    assert admin_client.post(add, values).status_code == 200  # one at a time
    trial = Trial.objects.get()
    assert (trial.started_by, trial.ended_at) == (admin_user, None)
    admin_client.post(reverse("admin:calls_trial_changelist"), {"action": "end", "_selected_action": [trial.pk]})
    trial.refresh_from_db()
    assert trial.ended_at is not None
    assert trial.ended_by == admin_user


def test_a_call_at_other_settings(admin_client, kept_call):  # noqa: F811
    quick = TuningProfile.objects.create(name="quick", settle_ms=0, stt_timeout_ms=150, model="x")
    url = reverse("desk-call", args=[kept_call.call_sid])
    page = admin_client.get(url, {"profile": quick.pk}).content.decode()
    assert '<tr class="changed">' in page
    assert '<p class="verdict">מודל: ' in page
    same = TuningProfile.objects.create(name="same")
    assert '<tr class="changed">' not in admin_client.get(url, {"profile": same.pk}).content.decode()
    Call.objects.update(streams={})
    assert "trace_missing" in admin_client.get(url).content.decode()


def test_a_call_at_other_settings_begins_with_its_own_and_says_which_call_it_is(admin_client, kept_call):  # noqa: F811
    TuningProfile.objects.create(name="a")
    own = TuningProfile.objects.create(name="z")
    PhoneLine.objects.create(number="+97231110000", name="מכירות", profile=own)
    began = datetime(2026, 11, 27, 12, 17, 5, tzinfo=UTC)
    Call.objects.update(tuning_profile=own.pk, to_number="+97231110000", started_at=began)
    answer = admin_client.get(reverse("desk-call", args=[kept_call.call_sid]))
    assert answer.context["chosen"] == own
    assert answer.context["title"] == "סימולציה: מכירות · \u206627.11.2026 14:17:05\u2069"


def test_a_profile_whose_settings_the_engine_refuses_says_so(admin_client):
    one = TuningProfile.objects.create(name="quick")
    url = reverse("desk-profile", args=[one.pk])
    assert 'class="warning"' not in admin_client.get(url).content.decode()
    for number, code in enumerate(["hints_refused", "hints_refused", "fallback"]):
        call = Call.objects.create(call_sid=f"CA{number}", tuning_profile=one.pk, tuning_revision=one.revision)
        CallEvent.objects.create(call=call, number=1, at=timezone.now(), code=code)
    page = admin_client.get(url).content.decode()
    assert page.count('class="warning"') == 1
    assert re.search(r'<li class="warning">.*<bdi dir="ltr">2</bdi></li>', page)
    TuningProfile.objects.filter(pk=one.pk).update(phrases="ש" * 144, revision=2)
    page = admin_client.get(url).content.decode()
    assert page.count('class="warning"') == 1
    assert str(LEFT_OUT) in unescape(page)


def test_what_cannot_be_known_is_said_in_hebrew_with_each_of_its_reasons(admin_client, kept_call):  # noqa: F811
    other = TuningProfile.objects.create(
        name="other",
        model="x",
        vad_engine="silero",
        stt_batch_ms=40,
        stt_partial_debounce_ms=60,
        noise_margin_db=3,
        silence_reprompt_ms=9000,
    )
    page = admin_client.get(reverse("desk-call", args=[kept_call.call_sid]), {"profile": other.pk}).content.decode()
    assert page.count("מרווח מעל הרעש: ") == 1
    (Path(settings.VAR_DIR) / "recordings" / "call.vrec").unlink()
    page = admin_client.get(reverse("desk-call", args=[kept_call.call_sid]), {"profile": other.pk}).content.decode()
    assert page.count("מרווח מעל הרעש: ") == 2
    with translation.override("he"):
        for code, sentence in UNKNOWABLE.items():
            assert str(escape(gettext(sentence))) in page, code


def test_an_answer_is_shown_at_other_settings_in_hebrew(admin_client, answered_call):  # noqa: F811
    url = reverse("desk-call", args=[answered_call.call_sid])
    own = TuningProfile.objects.create(name="own", answer_pause_ms=500)
    page = admin_client.get(url, {"profile": own.pk}).content.decode()
    assert "התשובות של הקו" in page
    assert "<td>ללא שינוי</td>" in page
    assert '<tr class="changed">' not in page
    later = TuningProfile.objects.create(name="later", answer_pause_ms=650)
    page = admin_client.get(url, {"profile": later.pk}).content.decode()
    assert '<td>מאוחר יותר · <bdi dir="ltr">150 ms</bdi></td>' in page
    assert page.count('<tr class="changed">') == 1
    assert "אי אפשר לדעת מה המתקשר היה אומר לתשובה במועד אחר" in page


def test_a_call_whose_settings_are_out_of_todays_bounds_says_so(admin_client, kept_call):  # noqa: F811
    url = reverse("desk-call", args=[kept_call.call_sid])
    profile = TuningProfile.objects.create(name="other")
    TuningProfile.objects.update(vad_hangover_ms=5)
    assert "settings_out_of_bounds" in admin_client.get(url, {"profile": profile.pk}).content.decode()
    TuningProfile.objects.update(vad_hangover_ms=220)
    Call.objects.update(tuning={"vad_hangover_ms": 5})
    assert "settings_out_of_bounds" in admin_client.get(url, {"profile": profile.pk}).content.decode()
    with pytest.raises(CommandError, match="settings_out_of_bounds"):
        call_command("whatif", "--call", kept_call.call_sid)


def test_every_measure_has_its_words_and_every_setting_its_measures():
    assert set(LABELS) == set(UNITS) == set(Measure)
    assert set(MOVES) == set(SETTINGS)
    assert {UNITS[measure] for measure in PERCENTILES} == {"ms"}


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda folder: folder.parent.name)
def test_vendored_files_are_what_was_published_and_name_no_map(vendor):
    sums = dict(reversed(line.split()) for line in (vendor / "SHA256SUMS").read_text().splitlines()[1:])
    assert {path.name for path in vendor.iterdir()} == {*sums, "SHA256SUMS"}
    for name, checksum in sums.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == checksum
        assert b"sourceMappingURL" not in (vendor / name).read_bytes()


def test_a_profiles_page_says_what_half_closing_was_found_to_gain(admin_client, monkeypatch, profile):
    monkeypatch.setattr(services(), "recognition", recognition_by(FakeEngine()))
    memory, now_ms = services().recognition.streaming.half_closing, time.monotonic() * 1000

    def said():
        page = admin_client.get(reverse("desk-profile", args=[profile.pk]), headers={"accept-language": "en"})
        text = re.sub(r"[\u2066\u2069]", "", re.sub(r"<[^>]+>", " ", unescape(page.content.decode())))
        return " ".join(text.split())

    assert "Half-closing fake Finals are asked for. Forced: no final yet. Natural: no final yet." in said()
    for _ in range(3):
        memory.final_came(Kind.NATURAL, 900.0, now_ms)
    for _ in range(10):
        memory.final_came(Kind.FORCED, 880.0, now_ms)
    memory.checked(Kind.FORCED, now_ms, lacks=False)
    found = said()
    assert re.search(r"Rests until \d\d:\d\d, because finals come hardly sooner by it\.", found)
    assert "Forced: median 880 ms over 10. Of 1 compared with the one-shot recogniser 0 lacked words." in found
    assert "Natural: median 900 ms over 3." in found
    assert memory.ask(now_ms + 600_001, 0, 600) is FinalChoice.FORCE
    assert "Tried again after a rest, because finals come hardly sooner by it." in said()

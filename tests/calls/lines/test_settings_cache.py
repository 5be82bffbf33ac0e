"""Which settings a call starts with."""

from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from calls.core.line_health import Verdict
from calls.lines import costs, settings_cache, settings_troubles
from calls.lines.settings_cache import LineCache, first_profile, warn_of_differences
from calls.models import PhoneLine, Trial
from calls.process.change_notices import ChangeNotices
from stt.endpointing.silero import SileroThread
from stt.models import TuningProfile
from stt.tuning import Tuning
from voiceapp.runtime import metrics, seldom

ENVIRONMENT = Tuning(vad_hangover_ms=300)


def cache_of(environment):
    return LineCache(environment, ChangeNotices(""), SileroThread())


def test_until_the_database_was_read_the_environment_rules():
    assert cache_of(ENVIRONMENT).tuning_for("+1", "CA1") == ENVIRONMENT


@pytest.mark.django_db
def test_lines_are_known_once_they_were_read():
    cache = cache_of(ENVIRONMENT)
    assert not cache.wait_until_known(0)
    first_profile(ENVIRONMENT)
    cache.refresh()
    assert cache.are_known and cache.wait_until_known(0)


@pytest.mark.django_db
def test_a_line_has_its_own_profile_and_others_the_default():
    first_profile(ENVIRONMENT)
    quick = TuningProfile.objects.create(name="quick", vad_hangover_ms=150, phrases="רחוב הרצל\n\nדיזנגוף\n")
    PhoneLine.objects.create(number="+97231234567", name="sales", profile=quick)
    cache = cache_of(ENVIRONMENT)
    cache.refresh()
    assert cache.tuning_for("+1", "CA1").vad_hangover_ms == 300
    mine = cache.tuning_for("+97231234567", "CA1")
    assert (mine.vad_hangover_ms, mine.phrase_hints) == (150, ("רחוב הרצל", "דיזנגוף"))
    assert mine.profile == "quick@1"


@pytest.mark.django_db
def test_a_change_reaches_the_next_call_and_a_bad_row_does_not():
    profile = first_profile(ENVIRONMENT)
    cache = cache_of(ENVIRONMENT)
    cache.refresh()
    TuningProfile.objects.filter(pk=profile.pk).update(vad_hangover_ms=400)
    cache.refresh()
    assert cache.tuning_for("+1", "CA1").vad_hangover_ms == 400
    TuningProfile.objects.filter(pk=profile.pk).update(vad_hangover_ms=5)
    cache.refresh()
    assert cache.tuning_for("+1", "CA1").vad_hangover_ms == 400


@pytest.mark.django_db
def test_without_a_ticked_default_everything_is_read_and_nothing_is_made():
    """A tuner once unticked it, and no process read anything any more."""
    profile = first_profile(ENVIRONMENT)
    PhoneLine.objects.create(number="+1", name="sales", profile=profile)
    cache = cache_of(Tuning())
    assert cache.read_again()
    TuningProfile.objects.filter(pk=profile.pk).update(is_default=False)
    PhoneLine.objects.update(keeps_words=False, greeting="שלום")
    for read in (cache, cache_of(Tuning())):
        assert read.read_again()
        assert (read.line("+1").keeps.words, read.line("+1").greeting, read.trouble) == (False, "שלום", "")
        assert read.tuning_for("+2", "CA1").vad_hangover_ms == 300
    assert TuningProfile.objects.count() == 1


@pytest.mark.django_db
def test_a_default_that_cannot_be_made_stops_no_reading(monkeypatch, caplog):
    PhoneLine.objects.create(
        number="+1", name="sales", profile=TuningProfile.objects.create(name="quick"), keeps_words=False
    )

    def refused(*_):
        raise DatabaseError("a read-only copy")

    monkeypatch.setattr(settings_cache, "first_profile", refused)
    cache = cache_of(ENVIRONMENT)
    assert cache.read_again() and cache.are_known
    assert not cache.line("+1").keeps.words
    assert cache.tuning_for("+2", "CA1").vad_hangover_ms == 300
    assert "no default profile could be made" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [("monthly_ceiling", "much"), ("max_agent_turns", "x"), ("temperature", "warm"), ("words_days", "")],
)
def test_a_line_that_cannot_be_read_leaves_the_others_readable_and_keeps_nothing(column, value, caplog):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's columns hold what they are made for")
    profile = first_profile(ENVIRONMENT)
    bad, good = (PhoneLine.objects.create(number=number, name="x", profile=profile) for number in ("+1", "+2"))
    began = cache_of(ENVIRONMENT)
    assert began.read_again()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = 1")
        damage = f"UPDATE calls_phoneline SET {column} = %s WHERE id = %s"  # noqa: S608 - of this test's own columns
        cursor.execute(damage, [value, bad.pk])
        cursor.execute("PRAGMA ignore_check_constraints = 0")
    PhoneLine.objects.filter(pk=good.pk).update(greeting="שלום")
    fresh = cache_of(ENVIRONMENT)
    for cache in (began, fresh):
        assert cache.read_again()
        assert cache.line("+2").greeting == "שלום"
        assert set(cache.unread) == {f"line {bad.pk}"}
    assert "settings_row_unread: line" in caplog.text
    kept = [(cache.line("+1").keeps.recordings, cache.line("+1").keeps.words) for cache in (began, fresh)]
    assert kept == [(True, True), (False, False)]
    assert fresh.line("+2").keeps.words and fresh.line("+3").keeps.words
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM calls_phoneline WHERE id = %s", [bad.pk])


@pytest.mark.django_db
def test_prices_and_a_profile_that_cannot_be_read_leave_the_lines_readable(monkeypatch):
    profile, bad = first_profile(ENVIRONMENT), TuningProfile.objects.create(name="bad")
    PhoneLine.objects.create(number="+1", name="x", profile=bad, greeting="שלום", keeps_recordings=False)
    TuningProfile.objects.filter(pk=bad.pk).update(vad_hangover_ms=5)

    def broken():
        raise ValueError("a price")

    monkeypatch.setattr(costs, "answer_prices", broken)
    cache = cache_of(ENVIRONMENT)
    assert cache.read_again()
    assert dict(cache.unread) == {"prices": "ValueError", f"profile {bad.pk}": "settings_out_of_bounds"}
    line = cache.line("+1")
    assert (line.greeting, line.keeps.recordings, line.tuning.profile) == ("שלום", False, f"{profile.name}@1")


@pytest.mark.django_db
def test_a_price_that_cannot_be_read_takes_no_default_away(monkeypatch):
    profile = first_profile(ENVIRONMENT)
    TuningProfile.objects.filter(pk=profile.pk).update(is_default=False, vad_hangover_ms=410)
    monkeypatch.setattr(costs, "answer_prices", Mock(side_effect=ValueError("a price")))
    cache = cache_of(ENVIRONMENT)
    assert cache.read_again()
    assert dict(cache.unread) == {"prices": "ValueError"}
    assert cache.line("+1").tuning.vad_hangover_ms == 410


@pytest.mark.django_db
def test_a_reading_that_fails_for_long_is_told_again_and_again(monkeypatch, caplog):
    monkeypatch.setattr(seldom, "INTERVAL_S", 0.0)
    cache = cache_of(ENVIRONMENT)

    def unreadable(*_):
        raise DatabaseError("no such column")

    monkeypatch.setattr(settings_cache, "read_settings", unreadable)
    before = metrics.SETTINGS_ROUNDS_FAILED.labels("settings_unreadable")._value.get()
    rounds = [(cache.read_again(), cache.verdict) for _ in range(3)]
    assert rounds == [(False, Verdict.UNKNOWN), (False, Verdict.UNKNOWN), (False, Verdict.TROUBLED)]
    assert cache.trouble == "settings_unreadable"
    assert metrics.SETTINGS_ROUNDS_FAILED.labels("settings_unreadable")._value.get() == before + 3
    assert caplog.text.count("settings_unreadable: profiles could not be read") == 3
    # What its line says of its calls is not known: nothing of them is kept.
    assert (cache.line("+1").keeps.recordings, cache.line("+1").keeps.words) == (False, False)
    monkeypatch.undo()
    assert cache.read_again()
    assert (cache.trouble, cache.verdict, cache.line("+1").keeps.words) == ("", Verdict.WELL, True)


@pytest.mark.django_db
def test_a_database_that_is_away_is_no_alarm_and_calls_are_kept_by_the_defaults(monkeypatch):
    def away(*_):
        raise DatabaseError("away")

    monkeypatch.setattr(settings_cache, "read_settings", away)
    monkeypatch.setattr(settings_troubles.connection, "cursor", away)
    cache = cache_of(ENVIRONMENT)
    assert [cache.read_again() for _ in range(4)] == [False] * 4
    assert (cache.trouble, cache.verdict, cache.line("+1").keeps.words) == ("database_away", Verdict.UNKNOWN, True)


@pytest.mark.django_db
def test_hints_from_before_there_were_bounds_take_no_line_down_and_are_told_at_start(caplog):
    profile = first_profile(ENVIRONMENT)
    TuningProfile.objects.filter(pk=profile.pk).update(vad_hangover_ms=400, phrases="רחוב הרצל\n" + "ש" * 144)
    cache = cache_of(ENVIRONMENT)
    cache.refresh()
    tuning = cache.tuning_for("+1", "CA1")
    assert (tuning.vad_hangover_ms, tuning.phrase_hints) == (400, ("רחוב הרצל",))
    warn_of_differences(ENVIRONMENT)
    assert "profile default: hint_too_long" in caplog.text


@pytest.mark.django_db
def test_streaming_off_in_the_environment_always_wins():
    first_profile(ENVIRONMENT)
    cache = cache_of(replace(ENVIRONMENT, streaming=False))
    cache.refresh()
    tuning = cache.tuning_for("+1", "CA1")
    assert (tuning.streaming, tuning.profile, tuning.profile_id) == (False, "default@1", 0)


@pytest.mark.django_db
def test_a_differing_environment_is_warned_about(caplog):
    first_profile(Tuning())
    warn_of_differences(ENVIRONMENT, {"VAD_HANGOVER_MS"})
    assert "VAD_HANGOVER_MS=300 differs from the profile default (220): the profile rules" in caplog.text


@pytest.mark.django_db
def test_a_profile_that_differs_from_what_nobody_has_set_is_no_warning(caplog):
    first_profile(Tuning())
    TuningProfile.objects.update(vad_hangover_ms=300)
    warn_of_differences(Tuning(), {"STT_BATCH_MS"})
    assert caplog.text == ""
    warn_of_differences(Tuning(), {"VAD_HANGOVER_MS"})
    assert "VAD_HANGOVER_MS=220 differs" in caplog.text


@pytest.mark.django_db
def test_silero_is_loaded_once_a_profile_wants_it():
    started = []
    detector = SimpleNamespace(start=lambda on_lost: started.append(on_lost))
    profile = first_profile(Tuning())
    cache = LineCache(Tuning(), ChangeNotices(""), detector)
    cache.refresh()
    assert started == []
    TuningProfile.objects.filter(pk=profile.pk).update(vad_engine="silero")
    cache.refresh()
    assert started == [metrics.SILERO_LOST.inc]
    assert cache.tuning_for("+1", "CA1").vad_engine == "silero"


@pytest.mark.django_db
def test_a_trial_splits_a_lines_calls_between_two_revisions_until_it_ends():
    first_profile(ENVIRONMENT)
    quick = TuningProfile.objects.create(name="quick", vad_hangover_ms=150)
    quick.vad_hangover_ms = 250
    quick.save()
    line = PhoneLine.objects.create(number="+1", name="sales", profile=quick)
    trial = Trial.objects.create(line=line, a=quick.history.get(revision=2), b=quick.history.get(revision=1))
    cache = cache_of(ENVIRONMENT)
    cache.refresh()
    taken = [cache.tuning_for("+1", f"CA{i}") for i in range(400)]
    assert {(t.profile, t.vad_hangover_ms) for t in taken} == {("quick@1", 150), ("quick@2", 250)}
    assert 160 < sum(t.revision == 1 for t in taken) < 240
    assert cache.tuning_for("+2", "CA1").vad_hangover_ms == 300
    trial.ended_at = timezone.now()
    trial.save()
    cache.refresh()
    assert {cache.tuning_for("+1", f"CA{i}").revision for i in range(20)} == {2}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "sent"),
    [
        ("+97235550101", "\u202a03-5550101\u202c"),
        ("sip:sales@pbx.example.org", "sip:sales@PBX.example.org:5061;transport=tls"),
        ("client:Dana", "client:Dana"),
        ("whatsapp:+97235550101", "whatsapp:+97235550101"),
    ],
)
def test_a_line_is_found_however_its_number_comes(number, sent):
    quick = TuningProfile.objects.create(name="quick", vad_hangover_ms=150)
    PhoneLine.objects.create(number=number, name="sales", profile=quick, greeting="שלום")
    cache = cache_of(ENVIRONMENT)
    cache.refresh()
    assert cache.line(sent).greeting == "שלום"
    assert cache.tuning_for(sent, "CA1").vad_hangover_ms == 150


@pytest.mark.django_db
def test_a_number_that_twilio_cannot_dial_is_none():
    line = PhoneLine.objects.create(
        number="+97235550101",
        name="sales",
        profile=first_profile(ENVIRONMENT),
        follow_number="*2700",
        fallback_number="abc",
        fallback_records=True,
    )
    cache = cache_of(ENVIRONMENT)
    cache.refresh()
    assert (cache.line(line.number).follow_number, cache.line(line.number).fallback.number) == ("", "")
    PhoneLine.objects.update(follow_number="03-5550111", fallback_number="03-5550122")
    cache.refresh()
    said = cache.line(line.number)
    assert (said.follow_number, said.fallback.number) == ("+97235550111", "+97235550122")

"""Which settings a call starts with."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.utils import timezone

from calls.lines.settings_cache import LineCache, first_profile, warn_of_differences
from calls.models import PhoneLine, Trial
from calls.process.change_notices import ChangeNotices
from stt.endpointing.silero import SileroThread
from stt.models import TuningProfile
from stt.tuning import Tuning
from voiceapp.runtime import metrics

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
    warn_of_differences(ENVIRONMENT)
    assert "VAD_HANGOVER_MS=300 differs from the profile default (220): the profile rules" in caplog.text


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

"""Word of a saved change, in this process and through Redis."""

import contextlib
import threading
import time
from datetime import date

import pytest
import redis

from calls.lines import settings_cache as lines_module
from calls.lines.settings_cache import LineCache
from calls.models import Dialogue, LinePerson, PhoneLine, Price
from calls.process.change_notices import ChangeNotices
from calls.process.services import services
from stt.endpointing.silero import SileroThread
from stt.models import TuningProfile
from stt.tuning import Tuning
from tests.calls.reply.dialogues import SMALL
from tests.live.test_outages import REDIS
from tests.waiting import PATIENCE_S, eventually

LONG_S = PATIENCE_S


@pytest.fixture
def redis_url():
    try:
        with contextlib.closing(redis.from_url(REDIS, socket_connect_timeout=20)) as client:
            client.ping()
    except redis.RedisError:
        pytest.skip("needs a Redis on 127.0.0.1:6379")
    return REDIS


def waited_s(changes, timeout_s=LONG_S):
    began_s = time.monotonic()
    changes.wait(timeout_s)
    return time.monotonic() - began_s


def test_a_word_in_this_process_ends_the_wait():
    changes = ChangeNotices("")
    changes.announce()
    assert waited_s(changes) < LONG_S
    assert waited_s(changes, 0.01) >= 0.01  # said once


def test_a_word_reaches_another_process_through_redis(redis_url):
    here, there = ChangeNotices(redis_url), ChangeNotices(redis_url)
    assert waited_s(there) < LONG_S  # it listens: what was said before is read now
    threading.Timer(0.05, here.announce).start()
    assert waited_s(there) < LONG_S


def test_a_redis_that_is_away_is_waited_for_no_longer_than_asked(caplog):
    changes = ChangeNotices("redis://127.0.0.1:1/0")
    changes.announce()
    assert waited_s(changes) < LONG_S
    assert waited_s(changes, 0.01) < LONG_S
    assert caplog.text.count("changes are not heard") == 1


@pytest.mark.django_db(transaction=True)
def test_a_saved_change_is_the_next_calls_settings_long_before_the_next_round(monkeypatch):
    monkeypatch.setattr(lines_module, "REFRESH_S", LONG_S)
    cache = LineCache(Tuning(), services().notices, SileroThread())
    profile = TuningProfile.objects.create(name="line", vad_hangover_ms=300)
    PhoneLine.objects.create(number="+1", name="one", profile=profile)
    cache.start()
    try:
        assert eventually(lambda: cache.tuning_for("+1", "CA1").vad_hangover_ms == 300)
        profile.vad_hangover_ms = 410
        profile.save()
        assert eventually(lambda: cache.tuning_for("+1", "CA1").vad_hangover_ms == 410)
    finally:
        cache.stop()
        cache._thread.join(PATIENCE_S)


@pytest.mark.django_db
def test_every_row_that_the_lines_are_made_of_is_announced_when_it_is_saved_and_when_it_goes(
    monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr("calls.process.services.announce_change", lambda: told.append(1))
    profile = TuningProfile.objects.create(name="line")
    line = PhoneLine.objects.create(number="+1", name="one", profile=profile)
    rows = [
        Dialogue(name="one", text=SMALL),
        LinePerson(line=line, name="dana", number="+97235550101"),
        Price(since=date(2026, 1, 1), stt_minute=0, twilio_minute=0, stream_minute=0),
        PhoneLine(number="+2", name="two", profile=profile),
    ]
    for row in rows:
        for change in (row.save, row.delete):
            told.clear()
            with django_capture_on_commit_callbacks(execute=True):
                change()
            assert told, row

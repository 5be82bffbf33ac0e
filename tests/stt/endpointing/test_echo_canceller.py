"""WebRTC's canceller on a call whose telephone gives our voice back, and what a process does without it."""

import pytest

from stt.audio import FRAME_BYTES, ULAW_SILENCE, dbfs, ulaw_to_pcm
from stt.endpointing import echo_canceller
from stt.endpointing.echo_canceller import EchoCancellers
from tests.echoes import BEGINS_MS, HeardBesideOurs, line, voice

needs_canceller = pytest.mark.skipif(
    not echo_canceller.installed(), reason="needs pip install -r requirements-echo.txt"
)
OURS = voice(1, 6000)


@pytest.fixture(scope="module")
def cancellers():
    made = EchoCancellers()
    made.load()
    return made


def loudest_dbfs(feeds):
    return max(dbfs(ulaw_to_pcm(feed.ulaw)) for feed in feeds)


@needs_canceller
@pytest.mark.parametrize(("db", "delay_ms"), [(-20, 400), (-25, 150)])
def test_it_leaves_line_noise_of_a_loud_echo(cancellers, db, delay_ms):
    heard = HeardBesideOurs(OURS, line(8000, (BEGINS_MS + delay_ms, OURS, db)), cancellers.make)
    cleaned = [feed for feed in heard.feeds if feed.line_ulaw and feed.at_ms > 3000]
    echo = max(dbfs(ulaw_to_pcm(feed.line_ulaw)) for feed in cleaned)
    assert loudest_dbfs(cleaned) < echo - 12
    assert heard.starts_ms == []


@needs_canceller
@pytest.mark.parametrize("db", [0, -6, -12])
def test_a_caller_is_heard_over_a_loud_echo(cancellers, db):
    frames = line(8000, (BEGINS_MS + 250, OURS, -20), (4000, voice(2, 1500), db))
    heard = HeardBesideOurs(OURS, frames, cancellers.make)
    assert 4000 <= heard.starts_ms[0] < 4700


@needs_canceller
def test_each_call_has_its_own(cancellers):
    assert cancellers.make() is not cancellers.make()
    assert len(cancellers.make().clean(ULAW_SILENCE * FRAME_BYTES, ULAW_SILENCE * FRAME_BYTES)) == FRAME_BYTES


@needs_canceller
def test_it_is_imported_off_the_callers_thread():
    made = EchoCancellers()
    assert made.make() is None
    made.start()
    made.start()
    made._thread.join()
    assert made.make() is not None


def test_without_the_extra_there_is_none_and_nothing_is_begun():
    made = EchoCancellers(is_installed=lambda: False)
    made.start()
    assert (made.make(), made._thread) == (None, None)


def test_an_extra_that_cannot_be_imported_is_as_none(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pywebrtc_audio", None)
    made = EchoCancellers()
    made.load()
    assert made.make() is None

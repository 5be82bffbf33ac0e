"""The decoders' process: its places, its queue, its deadlines, and what becomes of those who wait when it ends."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from stt.audio import ulaw_to_pcm
from stt.engines import whisper_process
from stt.engines.whisper_process import DECODERS, MOST_WAITING, Decoders
from stt.events import RecognizerError
from tests.paths import ROOT
from tests.stt.engines.whisper_stand_in import DIES
from tests.waiting import eventually

PCM = ulaw_to_pcm(bytes([0x10]) * 800)


def stand_in(*options):
    return [sys.executable, "-m", "tests.stt.engines.whisper_stand_in", *options]


@pytest.fixture
def decoders_of(request):
    def made(*options, command=None):
        decoders = Decoders(command or stand_in(*options), ROOT)
        request.addfinalizer(decoders.end)
        return decoders

    return made


def code_of(ask):
    with pytest.raises(RecognizerError) as error:
        ask()
    return error.value.code


def stopped(decoders):
    """A process that is there and does nothing, until it is let go on."""
    assert decoders.decode(PCM, "he", 20_000) == ["אחת"]
    os.kill(decoders.process_id, signal.SIGSTOP)


def asked(pool, decoders, count, timeout_ms):
    return [pool.submit(decoders.decode, PCM, "he", timeout_ms) for _ in range(count)]


def test_beyond_its_places_and_its_queue_it_is_busy(decoders_of):
    decoders, places = decoders_of(), DECODERS + MOST_WAITING
    stopped(decoders)
    with ThreadPoolExecutor(places) as pool:
        waiting = asked(pool, decoders, places, 20_000)
        assert eventually(lambda: decoders.taken == places)
        assert decoders.decoding == DECODERS
        assert code_of(lambda: decoders.decode(PCM, "he", 20_000)) == "fallback_busy"
        os.kill(decoders.process_id, signal.SIGCONT)
        assert [one.result() for one in waiting] == [["אחת"]] * places
    assert decoders.taken == 0


def test_a_decode_whose_deadline_has_passed_keeps_its_place_until_it_ends(decoders_of):
    decoders = decoders_of()
    stopped(decoders)
    with ThreadPoolExecutor(DECODERS) as pool:
        for late in asked(pool, decoders, DECODERS, 100):
            assert code_of(late.result) == "deadline_exceeded"
    assert decoders.decoding == DECODERS
    os.kill(decoders.process_id, signal.SIGCONT)
    assert eventually(lambda: decoders.decoding == 0)
    assert decoders.decode(PCM, "he", 20_000) == ["אחת"]


def test_what_waits_beyond_its_deadline_is_never_decoded(decoders_of):
    decoders = decoders_of()
    stopped(decoders)
    with ThreadPoolExecutor(DECODERS + 1) as pool:
        asked(pool, decoders, DECODERS, 20_000)
        assert eventually(lambda: decoders.decoding == DECODERS)
        assert code_of(lambda: decoders.decode(PCM, "he", 100)) == "deadline_exceeded"
        assert decoders.taken == DECODERS
        os.kill(decoders.process_id, signal.SIGCONT)


def test_who_waits_for_a_process_that_dies_is_told_and_the_next_request_starts_another(decoders_of):
    decoders = decoders_of()
    decoders.decode(PCM, "he", 20_000)
    first = decoders.process_id
    assert code_of(lambda: decoders.decode(PCM, DIES, 20_000)) == "unavailable"
    assert decoders.decode(PCM, "he", 20_000) == ["אחת"]
    assert decoders.process_id != first


def test_a_process_that_cannot_begin_says_why_and_is_not_started_again_at_once(decoders_of, monkeypatch):
    decoders = decoders_of("--fails", "weights_unreadable")
    assert code_of(lambda: decoders.decode(PCM, "he", 20_000)) == "weights_unreadable"
    monkeypatch.setattr(whisper_process, "_Child", None)
    assert code_of(lambda: decoders.decode(PCM, "he", 20_000)) == "weights_unreadable"


def test_a_process_that_is_no_decoder_is_unavailable(decoders_of):
    decoders = decoders_of(command=[sys.executable, "-c", "raise SystemExit(7)"])
    assert code_of(lambda: decoders.decode(PCM, "he", 20_000)) == "unavailable"


def test_a_stuck_process_is_killed(decoders_of, monkeypatch):
    decoders = decoders_of()
    stopped(decoders)
    first = decoders.process_id
    assert code_of(lambda: decoders.decode(PCM, "he", 100)) == "deadline_exceeded"
    monkeypatch.setattr(whisper_process, "STUCK_S", 0.0)
    assert code_of(lambda: decoders.decode(PCM, "he", 100)) == "unavailable"
    monkeypatch.setattr(whisper_process, "STUCK_S", 60.0)
    assert eventually(lambda: decoders.process_id is None)
    assert decoders.decode(PCM, "he", 20_000) == ["אחת"]
    assert decoders.process_id != first


def test_its_end_is_the_process_end_also_where_that_does_not_listen(decoders_of, monkeypatch):
    decoders = decoders_of()
    decoders.end()  # nothing was started
    monkeypatch.setattr(whisper_process, "END_S", 0.1)
    stopped(decoders)
    process = decoders.process_id
    decoders.end()
    assert decoders.process_id is None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_audio_of_a_minute_does_not_hold_who_asks_for_longer_than_its_deadline(decoders_of):
    decoders = decoders_of()
    stopped(decoders)
    assert code_of(lambda: decoders.decode(bytes(960_000), "he", 100)) == "deadline_exceeded"


def test_what_was_said_before_is_sent_with_an_utterance_and_not_taken_for_it(decoders_of):
    decoders = decoders_of()
    assert decoders.decode(PCM, "he", 20_000, ulaw_to_pcm(bytes([0x20]) * 800)) == ["אחת"]


def test_the_process_gets_no_keys(decoders_of, monkeypatch):
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "secret")
    decoders = decoders_of()
    decoders.decode(PCM, "he", 20_000)
    with open(f"/proc/{decoders.process_id}/environ", "rb") as environ:
        assert b"TWILIO" not in environ.read()

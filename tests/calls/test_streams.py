"""Streams that grow old, die, go deaf or are paused: the words of the call stay whole."""

from pathlib import Path
from random import Random

import pytest

from stt.breaker import FAILURES, Breaker
from stt.emulator.recordings import Library
from stt.tuning import Tuning
from tests.virtual import Engine, VirtualCall, in_virtual_time

LIBRARY = Library([Path(__file__).resolve().parents[2] / "samples"])
KEPT = (0, 0)


def call(scenario, *, breaker=None, tuning=None, **engine):
    async def run():
        one = VirtualCall(Engine(LIBRARY, **engine), Tuning(**(tuning or {})), breaker=breaker)
        await one.noise(1000)
        await scenario(one)
        await one.noise(1500)
        await one.hang_up()
        return one

    return in_virtual_time(run())


def dialogue(pause_ms, times=1):
    async def scenario(one):
        for _ in range(times):
            for recording in LIBRARY.recordings:
                await one.recording(recording)
                await one.noise(pause_ms)

    return scenario


def lost_and_added(one):
    return one.score.lost, one.score.added


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pause_ms", [0, 120, 900])
def test_renewal_loses_and_doubles_no_word(pause_ms, seed):
    """Without pauses every cut is in mid-speech."""
    tuning = {"renew_after_s": 5, "renew_latest_s": 7}
    one = call(dialogue(pause_ms), tuning=tuning, longest_s=9, seed=seed)
    assert len(one.engine.streams) > 5
    assert lost_and_added(one) == KEPT
    assert "stream_expired" not in one.notes


def test_a_call_with_renewals_gives_the_words_of_one_without():
    plain = call(dialogue(900))
    renewed = call(dialogue(900), tuning={"renew_after_s": 10, "renew_latest_s": 15})
    assert len(plain.engine.streams) == 1 < len(renewed.engine.streams)
    assert [t.heard_text for t in plain.turns.values()] == [t.heard_text for t in renewed.turns.values()]


@pytest.mark.parametrize("dies_after_s", [3, 7])
@pytest.mark.parametrize("seed", range(3))
def test_a_stream_that_dies_again_and_again_takes_no_word_with_it(dies_after_s, seed):
    one = call(dialogue(900), dies_after_s=dies_after_s, seed=seed)
    assert "unavailable" in one.notes
    assert lost_and_added(one) == KEPT


def test_a_stream_that_google_ends_for_its_age_takes_no_word_with_it():
    one = call(dialogue(300), longest_s=6)
    assert "stream_expired" in one.notes
    assert lost_and_added(one) == KEPT


def test_a_deaf_stream_is_renewed_and_its_words_come_from_the_one_shot():
    one = call(dialogue(900), deaf=True)
    assert "stream_deaf" in one.notes
    assert {turn.source for turn in one.turns.values() if turn.text} == {"fallback"}
    assert lost_and_added(one) == KEPT


@pytest.mark.parametrize("seed", range(3))
def test_without_any_final_the_one_shot_settles_what_hypotheses_said(seed):
    one = call(dialogue(900), finals=False, seed=seed)
    assert "rescue" in one.notes
    assert lost_and_added(one) == KEPT


def test_an_engine_that_was_down_is_returned_to():
    async def scenario(one):
        one.engine.down = True
        await dialogue(900)(one)
        one.engine.down = False
        await one.noise(20_000)
        await dialogue(900)(one)

    one = call(scenario)
    assert lost_and_added(one) == KEPT
    sources = [turn.source for turn in one.turns.values()]
    assert "fallback" in sources[:20]
    assert "fallback" not in sources[-15:]


def test_a_hundred_calls_do_not_ask_a_dead_engine_three_hundred_times():
    breaker = Breaker(Random(1))

    async def run():
        engine = Engine(LIBRARY, down=True)
        calls = [VirtualCall(engine, Tuning(), breaker=breaker) for _ in range(100)]
        for one in calls:
            await one.noise(200)
        await calls[0].noise(10_000)
        for one in calls:
            one.hearing.close()
            one.timer.cancel()
        return engine

    engine = in_virtual_time(run())
    # Each call's own first attempt cannot know; from then on the breaker lets a few probes through.
    assert 100 <= engine.refused < 110 + FAILURES


def test_silence_pauses_the_stream_and_speech_brings_it_back_whole():
    async def scenario(one):
        for recording in LIBRARY.recordings[:4]:
            await one.recording(recording)
            await one.noise(20_000)

    paused = call(scenario, tuning={"pause_after_s": 8})
    assert paused.notes.count("stream_paused") == 4
    assert lost_and_added(paused) == KEPT
    always = call(scenario)
    assert paused.engine.fed_ms < 0.7 * always.engine.fed_ms


def test_audio_that_nobody_needs_is_forgotten():
    async def scenario(one):
        await dialogue(900)(one)
        await one.noise(30_000)
        assert len(one.session._ring) < 5000 // 20

    call(scenario)


def test_a_line_on_which_no_frame_comes_is_ended():
    async def run():
        one = VirtualCall(Engine(LIBRARY), Tuning())
        await one.noise(1000)
        await one.over.wait()
        return one

    one = in_virtual_time(run())
    assert 15 <= one.loop.time() < 25


@pytest.mark.parametrize("fault", [{"finals": False}, {"dies_after_s": 5}, {"deaf": True}, {}])
def test_human_speech_stays_whole_under_faults(clips, fault):
    library = Library([clips])
    names = sorted(r.name for r in library.recordings if r.name.startswith(("he_sas_", "he_ashrei_")))
    by_name = {recording.name: recording for recording in library.recordings}

    async def run(some):
        one = VirtualCall(Engine(library, **fault), Tuning(renew_after_s=10, renew_latest_s=15))
        await one.noise(1000)
        for name in some:
            await one.recording(by_name[name])
            await one.noise(900)
        await one.noise(1000)
        await one.hang_up()
        return one

    for first in range(0, len(names), 14):
        assert lost_and_added(in_virtual_time(run(names[first : first + 14]))) == KEPT

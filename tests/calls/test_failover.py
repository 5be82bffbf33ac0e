"""A line with two engines whose first one fails in mid-word: the second hears all of it, and the first comes back."""

import asyncio

import pytest

from stt.engines.engine_health import REST_S
from stt.engines.handshake_rate import HANDSHAKES_A_SECOND, HandshakeRate
from stt.engines.result_gaps import ResultGaps
from stt.events import RecognizerError
from stt.tuning import Tuning
from tests.fault_schedule import FaultSchedule, FaultWindow
from tests.traced import LIBRARY
from tests.virtual import Engine, VirtualCall, in_virtual_time
from voiceapp.runtime.breaker import MAX_FAILURES

KEPT = (0, 0)
LASTING = {"half_close_ms": 0}
NEVER = 10_000.0


def call(first, *, tuning=None, times=1, before=None, others=None, pause_ms=900):
    async def run():
        second = Engine(LIBRARY, seed=2, name="second")
        one = VirtualCall(first, Tuning(**(tuning or {})), others=[second] if others is None else others)
        await one.noise(1000)
        for _ in range(times):
            for recording in LIBRARY.recordings:
                await one.recording(recording)
                await one.noise(pause_ms)
        await one.noise(1500)
        await one.hang_up()
        return one

    return in_virtual_time(run())


def lost_and_added(one):
    return one.score.lost, one.score.added


def away(from_s, to_s=NEVER, **more):
    return FaultSchedule(away=(FaultWindow(from_s, to_s),), **more)


@pytest.mark.parametrize("tuning", [{}, LASTING], ids=["half-closed", "lasting"])
@pytest.mark.parametrize("from_s", [2.0, 4.3, 6.7, 9.1])
@pytest.mark.parametrize("seed", range(3))
def test_an_engine_that_goes_away_in_mid_word_takes_no_word_with_it(tuning, from_s, seed):
    one = call(Engine(LIBRARY, seed=seed, faults=away(from_s)), tuning=tuning)
    assert lost_and_added(one) == KEPT
    assert one.notes.count("engine_failed_over") == 1
    assert "streaming_lost" not in one.notes
    assert [turn.engine for turn in one.turns.values()][-1] == "second"


@pytest.mark.parametrize("tuning", [{}, LASTING], ids=["half-closed", "lasting"])
@pytest.mark.parametrize("from_s", [0.0, 6.0, 11.0])
def test_an_engine_that_goes_deaf_is_left_with_all_that_it_missed(tuning, from_s):
    deaf = FaultSchedule(deaf=(FaultWindow(from_s, NEVER),))
    one = call(Engine(LIBRARY, faults=deaf), tuning=tuning, times=2)
    assert lost_and_added(one) == KEPT
    # Nobody but a call can find out whether it hears again: it is tried, ever more seldom.
    assert 1 <= one.notes.count("engine_failed_over") == one.notes.count("engine_back") + 1 <= 3
    assert [turn.engine for turn in one.turns.values()][-1] == "second"


@pytest.mark.parametrize("from_s", [4.9, 6.7, 9.1])
def test_an_engine_that_hangs_costs_a_second_at_most_and_no_word(from_s):
    """Streams open, say nothing and do not end; its one-shots hang."""
    hung = FaultSchedule(hung=(FaultWindow(from_s, NEVER),))
    second = Engine(LIBRARY, seed=2, name="second")
    one = call(Engine(LIBRARY, faults=hung, gaps=ResultGaps()), others=[second])
    assert lost_and_added(one) == KEPT
    assert max(turn.final_ms for turn in one.turns.values()) <= 1500  # 470 where nothing fails


@pytest.mark.parametrize("hangs_s", [33.0, 36.8, 40.1])
def test_a_lasting_stream_that_hangs_is_known_by_the_voice_of_which_it_says_nothing(hangs_s):
    """Nothing asks it for its last word, and its finals come a second behind the voice."""
    hung = FaultSchedule(hung=(FaultWindow(hangs_s, NEVER),))
    first, second = Engine(LIBRARY, faults=hung, gaps=ResultGaps()), Engine(LIBRARY, seed=2, name="second")
    one = call(first, others=[second], tuning=LASTING)
    assert lost_and_added(one) == KEPT
    behind = [turn.final_ms for turn in one.turns.values() if turn.ended_ms > hangs_s * 1000]
    assert "hedged" in one.notes
    assert max(behind) <= 1570  # as late as where nothing fails


def test_what_a_stream_misheard_before_it_hung_does_not_stand_in_the_turn_before():
    """It was fed nothing of that one: the word is the one-shot's utterance's, which heard another there."""
    by_name = {recording.name: recording for recording in LIBRARY.recordings}

    async def run():
        hung = FaultSchedule(hung=(FaultWindow(5.4, NEVER),))
        second = Engine(LIBRARY, seed=2, name="second")
        one = VirtualCall(Engine(LIBRARY, seed=49, faults=hung, gaps=ResultGaps()), Tuning(), others=[second])
        await one.noise(1000)
        for name in ("order_4.wav", "number_5.wav"):
            await one.recording(by_name[name])
            await one.noise(900)
        await one.hang_up()
        return one

    one = in_virtual_time(run())
    assert [turn.heard_text for turn in one.turns.values()] == ["קומה שנייה דירה שש", "כן זה נכון"]


@pytest.mark.parametrize("error", [RecognizerError("permission_denied", permanent=True), RecognizerError("internal")])
@pytest.mark.parametrize("after_s", [2.4, 5.0, 8.3])
def test_an_error_in_mid_word_loses_and_doubles_none(error, after_s):
    """Each stream dies so long after it was opened; one that is refused for good is left at once."""
    first = Engine(LIBRARY, dies_after_s=after_s, error=error)
    one = call(first, tuning=LASTING)
    assert lost_and_added(one) == KEPT
    assert "engine_failed_over" in one.notes
    if error.permanent:
        assert len(first.streams) == 1


def test_a_call_that_begins_while_the_first_engine_is_down_does_not_ask_it():
    first = Engine(LIBRARY)
    for _ in range(MAX_FAILURES):
        first.breaker.failed(0.0)
    first.breaker._until_s = NEVER
    one = call(first)
    assert lost_and_added(one) == KEPT
    assert first.streams == []
    assert one.notes[0] == "engine_failed_over"


def test_streaming_is_lost_only_when_every_engine_is_and_the_next_ones_one_shot_hears():
    first = Engine(LIBRARY, faults=away(3.0))
    second = Engine(LIBRARY, name="second", faults=away(3.0, 12.0))
    one = call(first, others=[second], tuning=LASTING, times=2)
    assert lost_and_added(one) == KEPT
    assert "streaming_lost" in one.notes
    rescued = [turn for turn in one.turns.values() if turn.source == "fallback"]
    assert {turn.engine for turn in one.turns.values() if turn.started_ms > 20_000} == {"second"}
    assert all(turn.engine == "second" for turn in rescued)


@pytest.mark.parametrize("tuning", [{}, LASTING], ids=["half-closed", "lasting"])
def test_the_first_comes_back_at_a_turns_border_once_it_is_well(tuning):
    one = call(Engine(LIBRARY, faults=away(4.0, 20.0)), tuning=tuning, times=4)
    assert lost_and_added(one) == KEPT
    assert [one.notes.count(code) for code in ("engine_failed_over", "engine_back")] == [1, 1]
    by_start = sorted(one.turns.values(), key=lambda turn: turn.started_ms)
    by_second_ms = [turn.started_ms for turn in by_start if turn.engine == "second"]
    assert by_start[-1].engine == "first"
    assert by_second_ms[-1] - by_second_ms[0] >= (REST_S - 10) * 1000


@pytest.mark.parametrize("tuning", [{}, LASTING], ids=["half-closed", "lasting"])
@pytest.mark.parametrize("first_tells", [True, False], ids=["to none", "from none"])
@pytest.mark.parametrize("from_s", [2.0, 4.3, 9.1])
def test_word_times_that_come_or_go_with_the_engine_cost_no_word(tuning, first_tells, from_s):
    tells = {True: {}, False: {"listed": lambda count: ()}}
    second = Engine(LIBRARY, seed=2, name="second", **tells[not first_tells])
    one = call(
        Engine(LIBRARY, faults=away(from_s, 20.0), **tells[first_tells]), tuning=tuning, others=[second], times=3
    )
    assert lost_and_added(one) == KEPT
    assert {turn.engine for turn in one.turns.values()} == {"first", "second"}


def test_a_hundred_calls_go_over_at_twenty_a_second_and_lose_no_word():
    """The second engine's handshakes are counted; their audio waits for its turn."""
    opened_s = []

    class Counted(Engine):
        def open_stream(self, deliver):
            opened_s.append(self.loop.time())
            return super().open_stream(deliver)

    async def run():
        first, second = Engine(LIBRARY, faults=away(4.0)), Counted(LIBRARY, name="second")
        second.loop = asyncio.get_running_loop()
        rate = HandshakeRate()
        calls = [VirtualCall(first, Tuning(half_close_ms=0), others=[second], handshakes=rate) for _ in range(100)]

        async def play(one):
            await one.noise(1000)
            for recording in LIBRARY.recordings[:4]:
                await one.recording(recording)
                await one.noise(900)
            await one.noise(1500)
            await one.hang_up()

        await asyncio.gather(*(play(one) for one in calls))
        return calls

    calls = in_virtual_time(run())
    assert sum(one.score.lost for one in calls) == sum(one.score.added for one in calls) == 0
    first_s = sorted(opened_s)[:100]
    assert max(sum(at <= other < at + 1 - 1e-6 for other in first_s) for at in first_s) <= HANDSHAKES_A_SECOND
    assert first_s[-1] - first_s[0] == pytest.approx(99 / HANDSHAKES_A_SECOND, abs=0.5)

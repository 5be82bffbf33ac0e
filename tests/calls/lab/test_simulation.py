"""Whole calls through the pure core and the unkind emulated recogniser, faster than real time."""

import json

import pytest

import calls.lab.virtual_call
import calls.live.live_call
import calls.whatif.trace_replay  # noqa: F401 - their hands
from calls.core.driver import Hands, StreamHands
from calls.lab.simulation import simulate
from calls.whatif.scoring import Score
from stt.emulator.recordings import Library
from stt.tuning import Tuning
from tests.paths import SAMPLES


def test_every_word_of_the_samples_is_kept_and_placed():
    library = Library([SAMPLES])
    by_name = {recording.name: recording for recording in library.recordings}
    for call in json.loads((SAMPLES / "calls.json").read_text("utf-8")):
        clips = [by_name[name] for name in call["clips"]]
        for seed in range(5):
            result = simulate(clips, library, tuning=Tuning(), seed=seed)
            assert result.score.kept, (call["name"], seed, result.score)
            assert result.score.misplaced == 0


def test_every_word_of_the_human_recordings_is_kept_and_placed_and_few_are_acted_on_wrongly(clips):
    library = Library([clips])
    human = [r for r in library.recordings if r.name.startswith(("he_sas_", "he_ashrei_"))]
    total = Score(0, 0, 0, 0, 0)
    for seed in (1, 2, 3):
        for first in range(0, len(human), 10):
            call = human[first : first + 10]
            total += simulate(call, library, tuning=Tuning(), seed=seed * 100 + first).score
    assert (total.lost, total.added) == (0, 0)
    assert total.placed_share >= 0.99
    assert total.acted_wrong_share <= 0.05


@pytest.mark.parametrize("pause_ms", [300, 500, 900])
def test_no_word_is_lost_when_no_final_ever_comes(pause_ms):
    library = Library([SAMPLES])
    for seed in range(3):
        result = simulate(library.recordings[:6], library, tuning=Tuning(), seed=seed, finals=False, pause_ms=pause_ms)
        assert result.score.words > 0
        assert result.turns


def test_whoever_performs_actions_names_their_hands_as_the_driver_does():
    """A hand with a name of its own is never called, and nobody is told."""
    kinds = {*Hands.__subclasses__(), *StreamHands.__subclasses__()}
    named = {(one.__name__, name) for one in kinds for name, hand in vars(one).items() if is_a_hand(hand)}
    assert {one for one, _ in named} >= {"LiveCall", "_Simulation", "_Replay"}
    assert {(one, name) for one, name in named if not name.startswith("_") and not hasattr(Hands, name)} == set()


def is_a_hand(value):
    return callable(value) and "act." in str(getattr(value, "__annotations__", {}).get("action", ""))

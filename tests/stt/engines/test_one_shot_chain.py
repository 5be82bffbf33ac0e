"""A line's one-shot recognisers: the next is asked where one fails, within one deadline."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from stt.engines import guarded as engine_wall
from stt.engines import one_shot_chain
from stt.engines.base import UtterancePcm
from stt.engines.handshake_rate import HandshakeRate
from stt.engines.line_engines import LineEngines
from stt.engines.one_shot_chain import NO_ONE_SHOT
from stt.engines.registry import EngineRegistry
from stt.events import EMULATOR_UNKNOWN, Final, RecognizerError, Word
from stt.tuning import Tuning
from tests.fakes import CAPABILITIES, guarded

AWAY = RecognizerError("unavailable")
TUNING = Tuning(stt_fallback_deadline_ms=1000, model="wide", endpoint="eu", phrase_hints=("הרצל",))


class Shots:
    """An engine of single utterances alone, or of streams as well."""

    def __init__(self, name, error=None, hangs=None, streaming=True, one_shot=True, **can):
        self.name, self.model, self._error, self._hangs = name, f"{name}-1", error, hangs
        self.capabilities = replace(CAPABILITIES, streaming=streaming, one_shot=one_shot, **can)
        self.asked = []

    def probe(self):
        pass

    def recognize(self, pcm, options, timeout_ms):
        self.asked.append((options.model, options.hints, timeout_ms))
        if self._hangs:
            self._hangs(timeout_ms / 1000)
            raise RecognizerError("deadline_exceeded")
        if self._error is not None:
            raise self._error
        return Final((Word("כן"),), None)


def line(*engines, tuning=TUNING):
    shots = [guarded(engine) for engine in engines]
    return LineEngines(shots, shots, shots[0], tuning, HandshakeRate())


def test_the_first_that_answers_is_heard_and_named():
    first, second, third = Shots("first", AWAY), Shots("second"), Shots("third")
    answer = line(first, second, third).recognize(b"")
    assert ([word.text for word in answer.final.words], answer.engine, answer.model) == (["כן"], "second", "second-1")
    assert len(first.asked) == 1 and third.asked == []


def test_model_and_endpoint_are_the_firsts_and_hints_go_over():
    first, second = Shots("first", AWAY), Shots("second")
    line(first, second).recognize(b"")
    assert first.asked[0][:2] == ("wide", ("הרצל",))
    assert second.asked[0][:2] == ("", ("הרצל",))


def test_one_that_hangs_leaves_time_for_the_next(monkeypatch):
    now_s = [0.0]
    for module in (one_shot_chain, engine_wall):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    first, second = Shots("first", hangs=lambda wait_s: now_s.append(now_s.pop() + wait_s)), Shots("second")
    assert line(first, second).recognize(b"").engine == "second"
    assert (first.asked[0][2], second.asked[0][2], now_s) == (500, 500, [0.5])


def test_one_that_failed_lately_is_asked_last_and_alone_it_is_asked_again():
    both = line(Shots("first", AWAY), Shots("second"))
    both.recognize(b"")
    assert both.recognize(b"").engine == "second"
    assert len(both.streams[0].engine.asked) == 1
    alone = line(Shots("first", AWAY))
    with pytest.raises(RecognizerError, match="unavailable"):
        alone.recognize(b"")
    assert len(alone.streams[0].engine.asked) >= 2


def test_what_an_emulator_does_not_know_is_asked_of_the_next_and_is_no_failure():
    both = line(Shots("first", RecognizerError(EMULATOR_UNKNOWN, permanent=True)), Shots("second"))
    assert both.recognize(b"").engine == "second"
    assert both.streams[0].one_shot_health.failed_s is None


def test_a_line_without_any_says_so():
    with pytest.raises(RecognizerError, match=NO_ONE_SHOT):
        LineEngines([], [], guarded(Shots("first")), TUNING, HandshakeRate()).recognize(b"")


@pytest.fixture
def recognition():
    engines = {
        "google": Shots("google", longest_stream_s=305.0),
        "second": Shots("second", longest_stream_s=60.0, half_close=False),
        "whole": Shots("whole", streaming=False),
        "keyless": Shots("keyless"),
    }
    makers = {name: lambda endpoint, engine=engine: engine for name, engine in engines.items()}
    return EngineRegistry(makers, lambda name: "KEY" if name == "keyless" else "").of_profiles()


@pytest.mark.parametrize(
    ("engines", "streams", "one_shots"),
    [
        (("google",), ["google"], ["google"]),
        (("second", "google", "whole"), ["second", "google"], ["second", "google", "whole"]),
        (("google", "keyless"), ["google"], ["google"]),
        (("keyless",), ["keyless"], ["keyless"]),
        (("siri", "second"), ["second"], ["second"]),
        (("siri",), ["google"], ["google"]),
        (("whole",), [], ["whole"]),
    ],
)
def test_a_line_is_heard_by_the_engines_that_its_profile_names(recognition, engines, streams, one_shots):
    found = recognition.line(Tuning(engines=engines))
    assert [one.name for one in found.streams] == streams
    assert [one.name for one in found.one_shots] == one_shots
    assert found.first_tuning.streaming is bool(streams)


def test_each_engine_is_asked_within_its_own_limits(recognition):
    found = recognition.line(Tuning(engines=("google", "second")))
    assert found.bounded(found.streams[0]) == found.tuning
    second = found.bounded(found.streams[1])
    assert (second.half_close_ms, second.renew_latest_s) == (0, 55)


def test_one_engine_that_is_well_is_enough(recognition):
    recognition.named = lambda: ("google", "second")
    first, second = recognition.in_use
    first.probe_failure = "client_failed"
    assert (recognition.trouble, recognition.troubles) == ("", {"google": "client_failed", "second": ""})
    second.probe_failure = "unavailable"
    assert recognition.trouble == "client_failed"
    assert recognition.unwell() == {"google": False, "second": False}
    first.health.failed(0.0)
    assert recognition.unwell()["google"]
    recognition.named = lambda: ("google",)
    assert recognition.unwell() == {}


def test_an_engine_that_the_call_suspects_is_asked_last_but_for_those_that_rest():
    first, second = Shots("first"), Shots("second")
    pcm = UtterancePcm(bytes(320))
    pcm.avoids = "first"
    both = line(first, second)
    assert both.recognize(pcm).engine == "second"
    assert both.recognize(bytes(320)).engine == "first"
    both.one_shots[1].one_shot_health.failed(time.monotonic())
    assert both.recognize(pcm).engine == "first"

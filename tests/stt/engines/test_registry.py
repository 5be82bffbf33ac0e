"""Which engine hears the streams, and which one the single utterances."""

import asyncio
from dataclasses import replace

import pytest

from stt.audio import ulaw_to_pcm
from stt.engines import registry
from stt.engines.base import RecognitionOptions
from stt.engines.registry import EngineError, EngineRegistry, Recognition
from stt.events import Final, RecognizerError, StreamClosed
from stt.streaming.transcriber import Transcriber
from stt.tuning import Tuning
from tests.fakes import FakeEngine, guarded
from tests.stt.engines.toy import ToyEngine


class Streams(FakeEngine):
    name, model = "streams", "wide"


class Shots(FakeEngine):
    """Keeps what it is asked for."""

    name, model = "shots", "exact"

    def __init__(self):
        super().__init__()
        self.options = []

    def recognize(self, pcm, options, timeout_ms):
        self.options.append(options)
        return super().recognize(pcm, options, timeout_ms)


def both(**engines):
    made = EngineRegistry({name: lambda endpoint, engine=engine: engine for name, engine in engines.items()})
    return made.recognition(streaming="streams", one_shot="shots")


def test_the_one_shot_of_one_engine_rescues_an_utterance_of_the_others_stream():
    streams, shots = Streams(answer=RecognizerError("unavailable")), Shots()
    recognition, heard = both(streams=streams, shots=shots), []
    line = recognition.line(Tuning())
    line.ladder().rung.open_stream(heard.append)
    streams.streams[0].deliver(StreamClosed(0, RecognizerError("unavailable")))
    assert [event.error.code for event in heard] == ["unavailable"]
    assert [word.text for word in line.recognize(b"").final.words] == ["שלום"]
    assert (recognition.streaming.engine.name, recognition.one_shot.name) == ("streams", "shots")
    assert (streams.asked, shots.streams) == ([], [])


class Other(ToyEngine):
    name, model = "other", "other-1"


async def heard_by(recognition, ulaw):
    """A call's stream, and then its audio given to the one-shot: what the stream said, and the one-shot's words."""
    events: asyncio.Queue = asyncio.Queue()
    tuning = Tuning(stt_attempts=1)
    line = recognition.line(tuning)
    transcriber = Transcriber(line.ladder(), tuning, events.put_nowait)
    transcriber.start()
    transcriber.feed(ulaw, 0)
    transcriber.finish()
    said = []
    async with asyncio.timeout(10):
        while not said or not isinstance(said[-1], StreamClosed):
            said.append(await events.get())
    transcriber.close()
    answer = await asyncio.to_thread(line.recognize, ulaw_to_pcm(ulaw))
    return said, [word.text for word in answer.final.words]


@pytest.mark.parametrize("away", [False, True])
def test_two_engines_hear_a_call_one_by_its_stream_and_one_by_its_single_utterances(away):
    toys = EngineRegistry(
        {
            "toy": lambda endpoint: ToyEngine(RecognizerError("unavailable") if away else None),
            "other": lambda endpoint: Other(),
        }
    )
    recognition = toys.recognition(streaming="toy", one_shot="other")
    said, words = asyncio.run(heard_by(recognition, bytes([0x10]) * 1600 + bytes([0x20]) * 1600))
    assert words == ["אחת", "שתיים"]
    finals = [word.text for event in said if isinstance(event, Final) for word in event.words]
    assert finals == ([] if away else words)
    assert (said[-1].error and said[-1].error.code) == ("unavailable" if away else None)
    assert (recognition.streaming.breaker.failures, recognition.one_shot.breaker.failures) == (int(away), 0)
    assert (recognition.streaming.engine.name, recognition.one_shot.name) == ("toy", "other")


def test_each_engine_has_a_breaker_and_a_request_rate_of_its_own():
    recognition = both(streams=Streams(), shots=Shots())
    assert recognition.streaming.breaker is not recognition.one_shot.breaker
    recognition.line(Tuning()).recognize(b"")
    assert recognition.streaming.requests.a_minute(0.0) == 0
    assert recognition.one_shot.requests.a_minute(0.0) == 1


def test_a_profiles_model_and_endpoint_are_names_of_the_streams_engine():
    shots = Shots()
    recognition = both(streams=Streams(), shots=shots)
    tuning = Tuning(model="wider", endpoint="eu", phrase_hints=("רחוב",))
    recognition.line(tuning).recognize(b"")
    assert shots.options == [RecognitionOptions(hints=("רחוב",))]
    assert [recognition.streaming.model_name(one) for one in (tuning, Tuning())] == ["wider", "wide"]


def test_one_engine_for_both_is_guarded_once():
    engines = EngineRegistry({"fake": lambda endpoint: FakeEngine()})
    recognition = engines.recognition(streaming="fake", one_shot="fake")
    assert recognition.streaming is recognition.one_shot is engines.guarded("fake")


class Deaf(FakeEngine):
    """Recognises nothing at all."""

    def __init__(self, **can):
        super().__init__()
        self.capabilities = replace(FakeEngine.capabilities, **can)


@pytest.mark.parametrize(
    ("streaming", "one_shot", "code"),
    [
        ("none", "fake", "unknown_engine"),
        ("shots_only", "fake", "no_streaming"),
        ("fake", "streams_only", "no_one_shot"),
    ],
)
def test_an_engine_is_not_chosen_for_what_it_cannot_do(streaming, one_shot, code):
    engines = EngineRegistry(
        {
            "fake": lambda endpoint: FakeEngine(),
            "shots_only": lambda endpoint: Deaf(streaming=False),
            "streams_only": lambda endpoint: Deaf(one_shot=False),
        }
    )
    with pytest.raises(EngineError) as refused:
        engines.recognition(streaming=streaming, one_shot=one_shot)
    assert refused.value.code == code


def test_a_failed_probe_is_trouble_until_each_engine_has_answered(monkeypatch):
    class Failing(FakeEngine):
        def __init__(self, *answers):
            super().__init__()
            self.answers = list(answers)

        def probe(self):
            if (answer := self.answers.pop(0)) is not None:
                raise answer

    streams = Failing(RecognizerError("unavailable"), RecognizerError("client_failed"), None)
    recognition = Recognition(guarded(streams), guarded(Failing(RecognizerError("unavailable"), None)))
    seen = []
    monkeypatch.setattr(registry.time, "sleep", lambda pause_s: seen.append((recognition.trouble, pause_s)))
    recognition.keep_probing()
    assert seen == [("unavailable", 2.0), ("client_failed", 4.0)]
    assert recognition.trouble == ""


@pytest.mark.parametrize(
    ("can", "asked", "kept"),
    [
        ({}, {}, {}),
        ({"half_close": False}, {}, {"half_close_ms": 0}),
        ({"longest_stream_s": 305.0}, {}, {}),
        ({"longest_stream_s": 60.0}, {}, {"renew_after_s": 50, "renew_latest_s": 55}),
        ({"longest_stream_s": 60.0}, {"renew_after_s": 20, "renew_latest_s": 30}, {}),
        ({"longest_stream_s": 6.0}, {}, {"renew_after_s": 2, "renew_latest_s": 3}),
    ],
)
def test_what_a_call_is_heard_with_stays_within_what_its_engine_can(can, asked, kept):
    engine = Streams()
    engine.capabilities = replace(engine.capabilities, **{"half_close": True, "longest_stream_s": None, **can})
    tuning = Tuning(**asked)
    assert both(streams=engine, shots=Shots()).bounded(tuning) == replace(tuning, **kept)


def test_one_engine_for_both_is_probed_once_a_round_and_two_are_each():
    class Away(Streams):
        def probe(self):
            probes.append(self.name)
            raise RecognizerError("unavailable")

    class AwayToo(Away, Shots):
        name = "shots"

    probes = []
    EngineRegistry({"one": lambda endpoint: Away()}).recognition(streaming="one", one_shot="one").probe()
    assert probes == ["streams"]
    both(streams=Away(), shots=AwayToo()).probe()
    assert probes == ["streams", "streams", "shots"]


def test_an_engine_that_a_profile_names_and_nobody_has_is_logged_once_and_others_hear(caplog):
    engines = EngineRegistry({"google": lambda endpoint: Streams()})
    for _ in range(2):
        (heard_by,) = engines.of_line(("later", "google"))
        assert heard_by.name == "streams"
    recognition = engines.of_profiles()
    recognition.named = lambda: ("later", "google")
    assert recognition.troubles == {"streams": "", "later": "unknown_engine"}
    assert [record.message for record in caplog.records if "unknown_engine" in record.message] == [
        "unknown_engine: a profile names 'later'; there are: google. Others hear its calls"
    ]

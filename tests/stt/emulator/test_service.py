"""The emulated Google, through the real client."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from stt.audio import ulaw_to_pcm
from stt.emulator.recordings import Spoken, read_ulaw, words_of
from stt.emulator.service import EmulatorOptions, SpeechEmulator
from stt.emulator.speaker import Speaker
from stt.emulator.timing import Faults, Limits, Timing
from stt.engines import google_calls
from stt.engines.base import RecognitionOptions
from stt.engines.google import CAPABILITIES, GoogleSpeech
from stt.events import Final, Interim, RecognizerError, StreamClosed, StreamOpened
from stt.tuning import fitting_hints, hints_flaws
from tests.paths import SAMPLES
from tests.sounds import silence, speech
from tests.waiting import PATIENCE_S

PLAIN = RecognitionOptions()
MESSAGE_BYTES = CAPABILITIES.message_bytes
QUICK = Timing(half_close_ms=(1, 2), recognize_ms=(1, 2))
SENTENCE = "אפשר לבוא לראות אותה מחר בערב"


def with_emulator(scenario, *, faults=None, limits=None, timing=QUICK, traces=()):
    async def run():
        options = EmulatorOptions(
            folders=[SAMPLES], timing=timing, limits=limits or Limits(ahead_s=600), trace_folders=traces
        )
        async with SpeechEmulator(options, faults) as emulator:
            speech_client = GoogleSpeech(emulator=emulator.address)
            try:
                return await scenario(speech_client)
            finally:
                await speech_client.close()

    return asyncio.run(asyncio.wait_for(run(), 20))


async def stream(client, chunks, *, options=PLAIN, finish=True):
    """Everything that a stream says to these chunks."""
    events: asyncio.Queue = asyncio.Queue()
    recognizer = client.open_stream(events.put_nowait, options)
    for chunk in chunks:
        recognizer.feed(chunk)
    if finish:
        recognizer.finish()
    heard = []
    while not heard or not isinstance(heard[-1], StreamClosed):
        heard.append(await events.get())
    return heard


def sentence():
    noise = b"".join(silence(2000))
    return noise[:8000] + read_ulaw(SAMPLES / "apartment_4.wav") + noise


def unknown_speech(ms):
    """Between pauses, off the grid of the frames that the emulator knows."""
    return bytes([0xFF] * 80) + b"".join(silence(400) + speech(ms) + silence(2000)) + bytes([0xFF] * 80)


async def _open(client, number, awaited):
    """So many streams at once; how many were opened, awaited ones at any time and others within a fifth of a second
    more."""
    opened = []
    streams = [client.open_stream(opened.append, PLAIN) for _ in range(number)]
    try:
        for count, within_s in ((awaited, PATIENCE_S), (number, 0.2)):
            async with asyncio.timeout(within_s):
                while len(opened) < count:  # noqa: ASYNC110 - the client has no event to give
                    await asyncio.sleep(0.01)
    except TimeoutError:
        pass
    for one in streams:
        one.close()
    return sum(isinstance(event, StreamOpened) for event in opened)


def test_a_connection_takes_only_so_many_streams():
    assert with_emulator(lambda client: _open(client, 5, 2), limits=Limits(streams_a_connection=2)) == 2


def test_a_pool_of_connections_takes_them_all(monkeypatch):
    monkeypatch.setattr(google_calls, "MAX_STREAMS_PER_CONNECTION", 2)
    assert with_emulator(lambda client: _open(client, 5, 5), limits=Limits(streams_a_connection=2)) == 5


def test_a_message_beyond_googles_size_is_refused_and_the_adapter_never_sends_one():
    big = [bytes(MESSAGE_BYTES * 3)]
    limits = Limits(ahead_s=600, longest_message_bytes=MESSAGE_BYTES)
    assert with_emulator(lambda client: stream(client, big), limits=limits)[-1].error is None
    limits = Limits(ahead_s=600, longest_message_bytes=MESSAGE_BYTES - 1)
    # One chunk: a server that aborts while more is written shows as INTERNAL at the client now and then (grpc.aio).
    one = [bytes(MESSAGE_BYTES)]
    assert (
        with_emulator(lambda client: stream(client, one, finish=False), limits=limits)[-1].error.code
        == "invalid_argument"
    )


def test_a_known_recording_gives_its_words_with_their_times():
    heard = with_emulator(lambda client: stream(client, [sentence()[i : i + 640] for i in range(0, 60_000, 640)]))
    assert isinstance(heard[0], StreamOpened)
    assert any(isinstance(event, Interim) for event in heard)
    words = [word for event in heard if isinstance(event, Final) for word in event.words]
    assert [word.text for word in words] == SENTENCE.split()
    assert words[0].start_ms == pytest.approx(1000 + 200, abs=20)
    assert heard[-1] == StreamClosed(0, None)


def test_the_one_shot_gives_the_words_of_an_utterance():
    async def scenario(client):
        pcm = ulaw_to_pcm(sentence())
        return await asyncio.to_thread(client.recognize, pcm, PLAIN, 5000)

    assert [word.text for word in with_emulator(scenario).words] == SENTENCE.split()


def test_audio_that_it_does_not_know_gets_no_words_and_a_code_of_its_own():
    unknown = unknown_speech(1200)

    async def scenario(client):
        with pytest.raises(RecognizerError) as refused:
            await asyncio.to_thread(client.recognize, ulaw_to_pcm(unknown), PLAIN, 5000)
        return refused.value, await stream(client, [unknown[i : i + 640] for i in range(0, len(unknown), 640)])

    error, heard = with_emulator(scenario)
    assert (error.code, error.permanent) == ("emulator_unknown", True)
    assert [event for event in heard if isinstance(event, Interim | Final)] == []
    assert heard[-1].error is None


@pytest.mark.parametrize("ulaw", [b"".join(silence(800)), unknown_speech(80)])
def test_silence_and_a_click_are_no_speech_that_it_does_not_know(ulaw):
    async def scenario(client):
        return await asyncio.to_thread(client.recognize, ulaw_to_pcm(ulaw), PLAIN, 5000)

    assert with_emulator(scenario).words == ()


def test_an_engine_says_whether_it_is_the_emulator():
    assert GoogleSpeech(emulator="127.0.0.1:9").name == "emulator"
    assert GoogleSpeech().name == "google"


@pytest.mark.parametrize(
    ("model", "code"), [("phone_call", "model_not_supported"), ("latest_short", "invalid_argument")]
)
def test_models_that_do_not_hear_hebrew_are_refused(model, code):
    options = RecognitionOptions(model=model)

    async def scenario(client):
        with pytest.raises(RecognizerError) as refused:
            await asyncio.to_thread(client.recognize, bytes(8000), options, 5000)
        return refused.value.code, (await stream(client, [], options=options, finish=False))[-1].error.code

    assert with_emulator(scenario) == (code, code)


@pytest.mark.parametrize(
    ("hints", "refused"),
    [
        (["ש" * 100], False),
        (["ש" * 101], True),
        (["שלום"] * 5000, False),
        (["שלום"] * 5001, True),
        (["ש" * 100] * 1000, False),
        (["ש" * 100] * 1000 + ["ש"], True),
    ],
)
def test_phrase_hints_beyond_googles_bounds_are_refused_by_stream_and_one_shot_and_fitting_ones_are_not(hints, refused):
    async def scenario(client, hints):
        options = RecognitionOptions(hints=tuple(hints))
        one_shot = None
        try:
            await asyncio.to_thread(client.recognize, bytes(8000), options, 5000)
        except RecognizerError as error:
            one_shot = error.code
        streamed = (await stream(client, [], options=options))[-1].error
        return one_shot, streamed and streamed.code

    expected = "invalid_argument" if refused else None
    assert with_emulator(lambda client: scenario(client, hints)) == (expected, expected)
    assert with_emulator(lambda client: scenario(client, fitting_hints(hints))) == (None, None)
    assert bool(hints_flaws(hints)) is refused
    assert hints_flaws(fitting_hints(hints)) == []


@pytest.mark.parametrize(
    ("limits", "code", "finish"),
    [
        (Limits(audio_timeout_s=0.05), "audio_timeout", False),
        (Limits(longest_stream_s=0.0), "stream_expired", False),
        (Limits(ahead_s=0.5), "resource_exhausted", False),
    ],
)
def test_googles_limits_are_enforced(limits, code, finish):
    heard = with_emulator(lambda client: stream(client, [bytes(8000)], finish=finish), limits=limits)
    assert heard[-1].error.code == code


def test_an_unavailable_service_is_not_permanent():
    heard = with_emulator(lambda client: stream(client, [], finish=False), faults=Faults(unavailable_opens=1))
    assert (heard[-1].error.code, heard[-1].error.permanent) == ("unavailable", False)


def test_an_exhausted_quota_at_open_is_not_permanent():
    heard = with_emulator(lambda client: stream(client, [], finish=False), faults=Faults(exhausted_opens=1))
    assert (heard[-1].error.code, heard[-1].error.permanent) == ("resource_exhausted", False)


def test_results_can_come_without_their_ends():
    heard = with_emulator(lambda client: stream(client, [sentence()]), faults=Faults(no_ends=True))
    results = [event for event in heard if isinstance(event, Interim | Final)]
    assert isinstance(results[-1], Final)
    assert {event.end_ms for event in results} == {None}


HABITS = [
    "short_word_lists",
    "gaps_in_word_lists",
    "no_word_lists",
    "joined_words",
    "no_transcripts",
    "empty_alternatives",
]


@pytest.mark.parametrize("habit", ["", *HABITS])
def test_every_word_of_a_result_is_heard_whatever_its_word_list_holds(habit):
    faults = Faults(**{habit: True} if habit else {})

    async def scenario(client):
        heard = await stream(client, [sentence()[i : i + 640] for i in range(0, 60_000, 640)])
        one_shot = await asyncio.to_thread(client.recognize, ulaw_to_pcm(sentence()), PLAIN, 5000)
        return heard, one_shot

    heard, one_shot = with_emulator(scenario, faults=faults)
    finals = [event for event in heard if isinstance(event, Final)]
    words = [word for final in finals for word in final.words]
    assert [word.text for word in words] == [word.text for word in one_shot.words] == SENTENCE.split()
    assert {text for event in heard if isinstance(event, Interim) for text in event.words} & set(SENTENCE.split())
    if habit != "no_word_lists":
        assert (words[0].start_ms, words[0].end_ms) != (None, None)
    known = [word for word in words if word.start_ms is not None]
    expected = {"short_word_lists": 3, "gaps_in_word_lists": 2, "no_word_lists": 0}
    assert len(known) == expected.get(habit, 6)
    assert known == sorted(known, key=lambda word: word.start_ms)


def test_an_engine_without_word_times_tells_of_no_word_when_it_was_spoken():
    options = EmulatorOptions(folders=[SAMPLES], timing=QUICK, word_times=False)

    async def run():
        async with SpeechEmulator(options) as emulator:
            client = GoogleSpeech(emulator=emulator.address)
            heard = await stream(client, [sentence()[i : i + 640] for i in range(0, 60_000, 640)])
            one_shot = await asyncio.to_thread(client.recognize, ulaw_to_pcm(sentence()), PLAIN, 5000)
            await client.close()
        return heard, one_shot

    heard, one_shot = asyncio.run(asyncio.wait_for(run(), 20))
    for final in (*(event for event in heard if isinstance(event, Final)), one_shot):
        assert [word.text for word in final.words] == SENTENCE.split()
        assert {(word.start_ms, word.end_ms) for word in final.words} == {(None, None)}
        assert final is one_shot or final.end_ms


def test_an_error_in_band_ends_the_stream_as_an_error_of_the_call_would():
    heard = with_emulator(
        lambda client: stream(client, [bytes(800)], finish=False), faults=Faults(error_in_band_after_s=1e-9)
    )
    assert (heard[-1].error.code, heard[-1].error.permanent) == ("unavailable", False)


def test_every_stream_and_request_is_billed_by_the_second_begun():
    async def run():
        async with SpeechEmulator(EmulatorOptions(folders=[SAMPLES], timing=QUICK)) as emulator:
            client = GoogleSpeech(emulator=emulator.address)
            await stream(client, [bytes(8000), bytes(160)])
            await stream(client, [bytes(1600)])
            await asyncio.to_thread(client.recognize, bytes(16_000), PLAIN, 2000)
            await client.close()
        return emulator.billed_s

    assert asyncio.run(asyncio.wait_for(run(), 20)) == 2 + 1 + 1


def test_nobody_listening_is_unavailable():
    async def scenario():
        client = GoogleSpeech(emulator="127.0.0.1:1")
        try:
            return (await stream(client, [], finish=False))[-1].error.code
        finally:
            await client.close()

    assert asyncio.run(asyncio.wait_for(scenario(), 30)) == "unavailable"


def test_a_hung_one_shot_ends_at_the_clients_deadline():
    async def scenario(client):
        with pytest.raises(RecognizerError) as refused:
            await asyncio.to_thread(client.recognize, bytes(8000), PLAIN, 200)
        return refused.value.code

    assert with_emulator(scenario, faults=Faults(hang_recognize=True)) == "deadline_exceeded"


def test_words_are_stripped_of_punctuation_at_their_edges():
    assert words_of('"שלום, ארה״ב!" חודשיים-שלושה.') == ["שלום", "ארה״ב", "חודשיים-שלושה"]


@pytest.mark.parametrize(("forces", "after_ms"), [(1.0, (1, 2)), (0.0, (400, 2100))])
def test_a_half_close_forces_the_final_or_leaves_it_as_late_as_ever(forces, after_ms):
    for seed in range(20):
        speaker = Speaker(replace(QUICK, p_half_close_forces=forces), Random(seed))
        speaker.expect([Spoken("כן", 100, 400), Spoken("לא", 500, 900)])
        for heard_ms in range(20, 441, 20):
            speaker.hear(heard_ms)
        late_ms, forced = speaker.finish_after_ms(440)
        assert after_ms[0] <= late_ms <= after_ms[1]
        assert forced == bool(forces)
        (final,) = speaker.finish(440)
        assert final.words == ("כן",)


def said_at_a_half_close(loses, *words, heard_ms=1400):
    speaker = Speaker(replace(QUICK, p_forced_loses_word=loses), Random(1))
    speaker.expect(words)
    for at_ms in range(20, heard_ms + 1, 20):
        speaker.hear(at_ms)
    speaker.finish_after_ms(heard_ms)
    return [said.words for said in speaker.finish(heard_ms)]


def test_a_final_that_is_forced_can_lack_its_last_word():
    words = Spoken("לא", 100, 500), Spoken("תודה", 600, 1200)
    assert said_at_a_half_close(0.0, *words) == [("לא", "תודה")]
    assert said_at_a_half_close(1.0, *words) == [("לא",)]
    assert said_at_a_half_close(1.0, words[1]) == []

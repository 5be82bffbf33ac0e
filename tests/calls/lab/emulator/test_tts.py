"""The emulated Google Text-to-Speech, through the real client: its rules, its refusals, its faults."""

import asyncio

import grpc
import pytest
from google.api_core.exceptions import Aborted, GoogleAPICallError, InvalidArgument, ResourceExhausted
from google.cloud.texttospeech_v1 import TextToSpeechAsyncClient
from google.cloud.texttospeech_v1.services.text_to_speech.transports import TextToSpeechGrpcAsyncIOTransport
from google.cloud.texttospeech_v1.types import cloud_tts

from calls.lab.emulator.sound import SpokenSound, tones
from calls.lab.emulator.tts import IDLE_TEXT, TtsEmulator, TtsFaults, TtsOptions
from calls.reply.voices.espeak import EspeakVoices
from stt.audio import duration_ms
from stt.wavfile import is_wav, to_ulaw
from tests.paths import SAMPLES

QUICK = TtsOptions(first_chunk_ms=1, speed=10_000)
MULAW = cloud_tts.AudioEncoding.MULAW
STREAMED = "he-IL-Chirp3-HD-Kore"


def config(name=STREAMED, encoding=MULAW, rate_hz=8000):
    return cloud_tts.StreamingSynthesizeRequest(
        streaming_config=cloud_tts.StreamingSynthesizeConfig(
            voice=cloud_tts.VoiceSelectionParams(language_code="he-IL", name=name),
            streaming_audio_config=cloud_tts.StreamingAudioConfig(audio_encoding=encoding, sample_rate_hertz=rate_hz),
        )
    )


def text(words):
    return cloud_tts.StreamingSynthesizeRequest(input=cloud_tts.StreamingSynthesisInput(text=words))


def against(scenario, faults=None, options=QUICK):
    async def run_it():
        async with asyncio.timeout(20), TtsEmulator(options, faults) as emulator:
            channel = grpc.aio.insecure_channel(emulator.address)
            client = TextToSpeechAsyncClient(transport=TextToSpeechGrpcAsyncIOTransport(channel=channel))
            try:
                return await scenario(client, emulator)
            finally:
                await client.transport.close()

    return asyncio.run(run_it())


def streamed(*requests, hold=False, **kind):
    """The sound of a stream with these requests."""

    async def scenario(client, emulator):
        async def each():
            for request in requests:
                yield request
            if hold:
                await asyncio.Event().wait()

        responses = await client.streaming_synthesize(requests=each(), retry=None)
        return [response.audio_content async for response in responses]

    return against(scenario, **kind)


def whole(words="שלום", name="he-IL-Standard-A", encoding=MULAW, rate_hz=8000, **kind):
    async def scenario(client, emulator):
        response = await client.synthesize_speech(
            input=cloud_tts.SynthesisInput(text=words),
            voice=cloud_tts.VoiceSelectionParams(language_code="he-IL", name=name),
            audio_config=cloud_tts.AudioConfig(audio_encoding=encoding, sample_rate_hertz=rate_hz),
            retry=None,
        )
        return response.audio_content

    return against(scenario, **kind)


def test_texts_of_a_stream_follow_each_other_and_nothing_marks_their_border():
    assert b"".join(streamed(config(), text("אחת"), text("שתיים"))) == tones("אחת") + tones("שתיים")


def test_a_stream_is_bare_and_a_whole_answer_a_wav_file():
    assert not is_wav(streamed(config(), text("שלום"))[0])
    assert to_ulaw(whole()).replace(b"\x7f", b"\xff") == tones("שלום").replace(b"\x7f", b"\xff")
    assert to_ulaw(whole(encoding=cloud_tts.AudioEncoding.LINEAR16)) == to_ulaw(whole())


def test_a_stream_without_input_is_aborted():
    with pytest.raises(Aborted, match=IDLE_TEXT):
        streamed(config(), text("שלום"), hold=True, faults=TtsFaults(idle_abort_s=0.05))
    assert TtsOptions().idle_limit_s == 5.0


@pytest.mark.parametrize(
    "requests",
    [
        [text("שלום")],
        [],
        [config(name="he-IL-Wavenet-A")],
        [config(encoding=cloud_tts.AudioEncoding.OGG_OPUS)],
        [config(rate_hz=16_000)],
        [config(), text("ש" * 2501)],
    ],
)
def test_what_google_refuses_is_refused(requests):
    with pytest.raises(InvalidArgument):
        streamed(*requests)


@pytest.mark.parametrize("wrong", [{"name": "en-US-Standard-A"}, {"rate_hz": 24_000}, {"words": "ש" * 2501}])
def test_what_google_refuses_at_once_is_refused(wrong):
    with pytest.raises(InvalidArgument):
        whole(**wrong)


def test_only_the_first_requests_have_the_faults_where_hits_says_so():
    async def scenario(client, emulator):
        sounds = []
        for _ in range(2):
            response = await client.synthesize_speech(
                input=cloud_tts.SynthesisInput(text="שלום"),
                voice=cloud_tts.VoiceSelectionParams(language_code="he-IL", name="he-IL-Standard-A"),
                audio_config=cloud_tts.AudioConfig(audio_encoding=MULAW, sample_rate_hertz=8000),
                retry=None,
            )
            sounds.append(len(response.audio_content))
        return sounds, emulator.requests, emulator.characters, emulator.open

    sounds, requests, characters, still_open = against(scenario, faults=TtsFaults(hits=1, empty=True))
    assert (sounds[0], requests, characters, still_open) == (0, 2, 8, 0) and sounds[1] > 0


def test_a_refusal_is_used_up():
    async def scenario(client, emulator):
        codes = []
        for _ in range(3):
            try:
                responses = await client.streaming_synthesize(requests=_aiter([config(), text("א")]), retry=None)
                codes.append(len([response async for response in responses]) > 0)
            except GoogleAPICallError as error:
                codes.append(error.grpc_status_code.name)
        return codes

    assert against(scenario, faults=TtsFaults(exhausted=1, unavailable=1)) == [
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
        True,
    ]


async def _aiter(values):
    for value in values:
        yield value


def test_a_fault_that_is_none_is_named():
    with pytest.raises(ValueError, match="unknown_fault: sleepy"):
        TtsFaults.parse(["sleepy"])
    assert TtsFaults.parse(["late_ms=300", "empty"]) == TtsFaults(late_ms=300, empty=True)


def test_two_texts_never_sound_alike_and_points_make_no_difference():
    assert tones("שלום") != tones("שלומ")
    assert tones("שָׁלוֹם") == tones("שלום")
    assert duration_ms(tones("שלום")) == 4 * 65


@pytest.mark.skipif(bool(EspeakVoices().unusable()), reason=EspeakVoices().unusable())
def test_with_espeak_it_speaks_what_is_pointed_and_the_words_of_the_samples():
    sound = SpokenSound([SAMPLES])

    async def scenario():
        return [await sound(words) for words in ("אפשר לבוא לראות אותה מחר בערב", "שָׁלוֹם", "זרובבל")]

    sample, pointed, unknown = asyncio.run(scenario())
    assert 1000 < duration_ms(sample) < 5000 and 300 < duration_ms(pointed) < 1500
    assert unknown == tones("זרובבל")


def test_a_fault_may_be_one_voices_alone():
    async def scenario(client, emulator):
        emulator.faults_of["he-IL-Standard-A"] = TtsFaults(empty=True)
        emulator.faults_of[STREAMED] = TtsFaults(exhausted=1)
        sounds = []
        for letter in "AB":
            answer = await client.synthesize_speech(
                input=cloud_tts.SynthesisInput(text="שלום"),
                voice=cloud_tts.VoiceSelectionParams(language_code="he-IL", name=f"he-IL-Standard-{letter}"),
                audio_config=cloud_tts.AudioConfig(audio_encoding=MULAW, sample_rate_hertz=8000),
            )
            sounds.append(bool(answer.audio_content))

        async def each():
            yield config()

        with pytest.raises(ResourceExhausted):
            [one async for one in await client.streaming_synthesize(requests=each(), retry=None)]
        return sounds

    assert against(scenario) == [False, True]

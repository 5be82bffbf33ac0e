"""Google's voices over real gRPC, against the emulator: every fault has a code, and nothing is left open."""

import asyncio
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest
from google.api_core.exceptions import InternalServerError, ResourceExhausted

from calls.lab.emulator.sound import tones
from calls.lab.emulator.tts import TtsEmulator, TtsFaults, TtsOptions
from calls.reply.voice import VoiceError
from calls.reply.voices import google
from calls.reply.voices.google import GoogleVoices
from calls.reply.voices.guarded import guarded
from stt.audio import BYTES_PER_MS
from tests.calls.reply.voices.contract import SENTENCE, Service, VoiceContract, VoiceRig
from tests.paths import ROOT

QUICK = TtsOptions(first_chunk_ms=1, speed=10_000)
STREAMED, WHOLE = "he-IL-Chirp3-HD-Aoede", "he-IL-Wavenet-A"


class GoogleContract(VoiceContract):
    voice_name = ""

    @asynccontextmanager
    async def rig(self, service):
        faults = TtsFaults(late_ms=60_000 if service is Service.SLOW else 0, empty=service is Service.EMPTY)
        async with TtsEmulator(QUICK, faults) as emulator:
            address = "127.0.0.1:1" if service is Service.AWAY else emulator.address
            family = GoogleVoices(emulator=address)
            yield VoiceRig(family, family.voice(self.voice_name), lambda: emulator.open)


class TestStreamed(GoogleContract):
    voice_name = STREAMED


class TestWhole(GoogleContract):
    voice_name = WHOLE


def said(text=SENTENCE, name=STREAMED, faults=None, options=QUICK, times=1):
    """What came of a text, the code of what went wrong, and the emulator."""

    async def scenario():
        async with asyncio.timeout(20), TtsEmulator(options, faults) as emulator:
            family = GoogleVoices(emulator=emulator.address)
            ulaw, codes = b"", []
            try:
                async with family.voice(name).for_answer() as speaking:
                    for _ in range(times):
                        try:
                            async for chunk in guarded(speaking, text, first_s=5, next_s=0.5):
                                ulaw += chunk
                        except VoiceError as error:
                            codes.append(error.code)
            finally:
                await family.close()
            return ulaw, codes, emulator

    return asyncio.run(scenario())


@pytest.mark.parametrize("name", [STREAMED, WHOLE])
@pytest.mark.parametrize(
    "faults",
    [TtsFaults(), TtsFaults(odd_chunks=True), TtsFaults(no_wav_header=True), TtsFaults(odd_wav_header=True)],
    ids=["well", "odd chunks", "no header", "odd header"],
)
def test_what_is_heard_is_the_sound_to_the_byte(name, faults):
    ulaw, codes, _ = said(name=name, faults=faults)
    assert codes == []
    assert ulaw.replace(b"\x7f", b"\xff") == tones(SENTENCE).replace(b"\x7f", b"\xff")


@pytest.mark.parametrize("name", [STREAMED, WHOLE])
@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (TtsFaults(exhausted=9), "voice_quota"),
        (TtsFaults(exhausted_after_ms=300), "voice_quota"),
        (TtsFaults(unavailable=9), "voice_raised"),
        (TtsFaults(cut_off_ms=300), "voice_raised"),
        (TtsFaults(empty=True), "voice_empty"),
        (TtsFaults(late_ms=60_000), "voice_slow"),
        (TtsFaults(stall_ms=300), "voice_slow"),
    ],
)
def test_every_fault_has_its_code(name, faults, code):
    async def scenario():
        async with asyncio.timeout(20), TtsEmulator(QUICK, replace(faults)) as emulator:
            family = GoogleVoices(emulator=emulator.address)
            async with family.voice(name).for_answer() as speaking:
                with pytest.raises(VoiceError) as failed:
                    async for _ in guarded(speaking, SENTENCE, first_s=0.3, next_s=0.3):
                        pass
            await family.close()
            return failed.value.code

    assert asyncio.run(scenario()) == code


def test_what_came_before_a_cut_is_heard():
    ulaw, codes, _ = said(faults=TtsFaults(cut_off_ms=300))
    assert codes == ["voice_raised"]
    assert ulaw == tones(SENTENCE)[: 300 * BYTES_PER_MS]


class Refusing:
    """A client whose server refuses each stream; ``lost``: so many refusals lose their reason."""

    def __init__(self, lost):
        self.lost, self.asked = lost, 0

    async def streaming_synthesize(self, requests, retry):
        self.asked += 1
        if self.asked <= self.lost:
            raise InternalServerError("Internal error from Core")
        raise ResourceExhausted("Quota exceeded")


@pytest.mark.parametrize(
    ("lost", "asked", "code"), [(0, 1, "voice_quota"), (1, 2, "voice_quota"), (9, 2, "voice_raised")]
)
def test_a_refusal_whose_reason_was_lost_is_asked_for_once_more(lost, asked, code):
    client = Refusing(lost)
    voice = google.GoogleVoice(STREAMED, "google", SimpleNamespace(client=lambda: nullcontext(client)))

    async def scenario():
        with pytest.raises(VoiceError) as failed:
            async for _ in voice.speak(SENTENCE):
                pass
        return failed.value.code

    assert (asyncio.run(scenario()), client.asked) == (code, asked)


def test_it_asks_once_and_never_again_by_itself():
    for name in (STREAMED, WHOLE):
        _, codes, emulator = said(name=name, faults=TtsFaults(unavailable=9))
        assert (codes, emulator.requests) == (["voice_raised"], 1)


def test_no_stream_is_ever_idle_so_a_pause_between_pieces_aborts_none():
    """Google aborts a stream after 5 s without input; here after 50 ms, and the pieces come 150 ms apart."""

    async def scenario():
        async with asyncio.timeout(20), TtsEmulator(QUICK, TtsFaults(idle_abort_s=0.05)) as emulator:
            family = GoogleVoices(emulator=emulator.address)
            heard = []
            async with family.voice(STREAMED).for_answer() as speaking:
                for _ in range(3):
                    heard.append(b"".join([chunk async for chunk in guarded(speaking, SENTENCE)]))
                    await asyncio.sleep(0.15)
            await family.close()
            return heard

    assert asyncio.run(scenario()) == [tones(SENTENCE)] * 3


def test_more_streams_than_a_connection_takes_do_not_hang(monkeypatch):
    monkeypatch.setattr(google, "MAX_STREAMS_PER_CONNECTION", 5)
    options = TtsOptions(first_chunk_ms=300, speed=10_000, streams_a_connection=5)

    async def scenario():
        async with asyncio.timeout(20), TtsEmulator(options) as emulator:
            family = GoogleVoices(emulator=emulator.address)

            async def one():
                async with family.voice(STREAMED).for_answer() as speaking:
                    return b"".join([chunk async for chunk in guarded(speaking, SENTENCE)])

            heard = await asyncio.gather(*(one() for _ in range(17)))
            await family.close()
            return heard

    assert asyncio.run(scenario()) == [tones(SENTENCE)] * 17


def test_an_emulated_voice_says_so_and_a_real_one_too():
    assert GoogleVoices(emulator="127.0.0.1:1").voice(STREAMED).name == f"emulator:{STREAMED}"
    assert GoogleVoices(has_credentials=True).voice(STREAMED).name == f"google:{STREAMED}"


def test_it_can_be_used_with_credentials_or_an_emulator():
    assert "TTS_EMULATOR_HOST" in GoogleVoices().unusable()
    assert GoogleVoices(has_credentials=True).unusable() == GoogleVoices(emulator="127.0.0.1:1").unusable() == ""


@pytest.mark.parametrize(
    ("name", "price"), [(STREAMED, 30.0), (WHOLE, 16.0), ("he-IL-Standard-B", 4.0), ("he-IL-Studio-O", 30.0)]
)
def test_a_voice_costs_what_its_kind_costs(name, price):
    assert GoogleVoices(emulator="127.0.0.1:1").voice(name).price_per_million == price


def test_a_key_that_is_none_is_told_with_a_code(monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))

    async def scenario():
        family = GoogleVoices(has_credentials=True)
        async with family.voice(STREAMED).for_answer() as speaking:
            with pytest.raises(VoiceError) as failed:
                async for _ in guarded(speaking, SENTENCE):
                    pass
        return failed.value.code

    assert asyncio.run(scenario()) == "voice_raised"


def test_google_and_all_it_needs_stay_small():
    assert len((ROOT / "calls/reply/voices/google.py").read_text("utf-8").splitlines()) <= 170

"""What the tests of vendors over WebSockets have in common: the contract, and every fault of their emulators."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stt.audio import BYTES_PER_MS, FRAME_BYTES, ulaw_to_pcm
from stt.emulator.recordings import read_ulaw
from stt.emulator.service import EmulatorOptions
from stt.emulator.socket_service import SocketEmulator
from stt.emulator.timing import KIND, Timing
from stt.emulator.vendor_faults import VendorFaults
from stt.engines import sockets
from stt.engines.base import RecognitionOptions
from stt.engines.socket_engine import SocketEngine
from stt.events import Final, Interim, RecognizerError, StreamClosed, StreamOpened
from tests.paths import SAMPLES
from tests.sounds import silence
from tests.stt.engines.contract import EngineContract, Rig, Service

KEY = "sk-very-secret-0123456789"
WORDS = tuple("אפשר לבוא לראות אותה מחר בערב".split())
PAUSE = b"".join(silence(2000))
SPOKEN = read_ulaw(SAMPLES / "apartment_4.wav")
ULAW = PAUSE + SPOKEN + PAUSE
QUICK = Timing(half_close_ms=(1, 2), recognize_ms=(1, 2))
FAULTS = {
    "unauthorized": ("unauthenticated", True),
    "too_many": ("resource_exhausted", False),
    "refused": ("unavailable", False),
    "silent": ("deadline_exceeded", False),
    "broken_in_mid_word": ("internal", False),
    "half_json": ("malformed_answer", False),
    "close_without_final": ("stream_cut", False),
}
"""Each with its code, and whether asking again cannot help."""


class VendorContract(EngineContract):
    """A subclass, named Test…, gives the vendor and how its messages look."""

    vendor = None
    """Its SocketVendor."""

    def engine(self, emulator: str) -> SocketEngine:
        raise NotImplementedError

    def messages(self) -> list[str]:
        """Of the vendor, well-formed."""
        raise NotImplementedError

    @asynccontextmanager
    async def rig(self, service):
        slow = service is Service.SLOW
        faults = VendorFaults(hang_recognize=slow, silent=slow)
        async with self.emulator(faults) as emulator:
            address = "127.0.0.1:1" if service is Service.AWAY else emulator.address
            ends_ms = 2000 + len(SPOKEN) // BYTES_PER_MS
            yield Rig(self.engine(address), ULAW, WORDS, (2000, ends_ms), RecognitionOptions(model="none-such"))

    def emulator(self, faults=None, timing=QUICK):
        return SocketEmulator(self.vendor, EmulatorOptions(folders=[SAMPLES], timing=timing), faults)

    def stream(self, faults, *, options=None, timing=QUICK, finish=True, ulaw=ULAW):
        """Everything that a stream says, to its end."""

        async def within():
            async with asyncio.timeout(20), self.emulator(faults, timing) as emulator:
                events: asyncio.Queue = asyncio.Queue()
                stream = self.engine(emulator.address).open_stream(events.put_nowait, options or RecognitionOptions())
                for at in range(0, len(ulaw), FRAME_BYTES):
                    stream.feed(ulaw[at : at + FRAME_BYTES])
                if finish:
                    stream.finish()
                heard = [await events.get()]
                while not isinstance(heard[-1], StreamClosed):
                    heard.append(await events.get())
                await asyncio.sleep(0.05)
                assert events.empty()
                return heard

        return asyncio.run(within())

    def test_its_name_says_whether_an_emulator_stands_in(self):
        engine = self.engine("127.0.0.1:9")
        assert engine.name == f"emulator:{engine.vendor}"
        assert type(engine)(KEY).name == engine.vendor

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_has_its_code_and_one_end(self, fault, monkeypatch):
        monkeypatch.setattr(sockets, "LAST_WORD_TIMEOUT_S", 0.3)
        heard = self.stream(VendorFaults(**{fault: True}), ulaw=PAUSE + SPOKEN)
        error = heard[-1].error
        assert (error.code, error.permanent) == FAULTS[fault], error
        assert sum(isinstance(event, StreamOpened) for event in heard) <= 1

    def test_a_late_final_comes_whole(self):
        heard = self.stream(VendorFaults(late_finals_ms=300))
        assert tuple(w.text for event in heard if isinstance(event, Final) for w in event.words) == WORDS
        assert heard[-1].error is None

    def test_words_without_times_come_without_times(self):
        heard = self.stream(VendorFaults(no_word_times=True))
        words = [word for event in heard if isinstance(event, Final) for word in event.words]
        assert tuple(word.text for word in words) == WORDS
        assert {(word.start_ms, word.end_ms) for word in words} == {(None, None)}

    def test_punctuation_is_written_only_where_it_is_asked_for(self):
        heard = self.stream(None, options=RecognitionOptions(punctuation=True))
        assert [w.text for event in heard if isinstance(event, Final) for w in event.words][-1] == f"{WORDS[-1]}."

    def test_finals_come_by_themselves_behind_a_pause(self):
        """Nothing is half-closed: the vendor's own endpoint settles the words."""
        timing = self.vendor.timing(KIND)

        async def within():
            async with asyncio.timeout(20), self.emulator(None, timing) as emulator:
                events: asyncio.Queue = asyncio.Queue()
                stream = self.engine(emulator.address).open_stream(events.put_nowait, RecognitionOptions())
                stream.feed(ULAW)
                finals = []
                while len([w for final in finals for w in final.words]) < len(WORDS):
                    if isinstance(event := await events.get(), Final):
                        finals.append(event)
                stream.close()
                return finals

        assert tuple(word.text for final in asyncio.run(within()) for word in final.words) == WORDS

    def test_silence_is_kept_alive(self, monkeypatch):
        monkeypatch.setattr(sockets, "KEEP_ALIVE_S", 0.05)
        monkeypatch.setattr(type(self.vendor), "idle_s", 0.3)

        async def within():
            async with asyncio.timeout(20), self.emulator() as emulator:
                events: asyncio.Queue = asyncio.Queue()
                stream = self.engine(emulator.address).open_stream(events.put_nowait, RecognitionOptions())
                await asyncio.sleep(0.8)
                stream.finish()
                heard = [await events.get()]
                while not isinstance(heard[-1], StreamClosed):
                    heard.append(await events.get())
                return heard[-1].error

        assert asyncio.run(within()) is None

    def test_the_key_stands_in_a_header_and_nowhere_else(self, caplog):
        caplog.set_level(logging.DEBUG)
        engine = type(self.engine(""))(KEY)
        address = engine.address(RecognitionOptions(hints=("שלום",)))
        assert KEY in " ".join(address.headers.values())
        assert KEY not in address.url and KEY not in repr(address)
        refused = f"Incorrect API key provided: {KEY}."
        assert KEY not in address.without_keys(refused)
        emulated = self.engine("127.0.0.1:1")
        emulated.api_key = KEY

        async def within():
            async with asyncio.timeout(10), self.emulator(VendorFaults(unauthorized=True)) as emulator:
                emulated._emulator = emulator.address
                with pytest.raises(RecognizerError) as error:
                    await asyncio.to_thread(emulated.recognize, ulaw_to_pcm(SPOKEN), RecognitionOptions(), 5000)
                return error.value

        assert KEY not in str(asyncio.run(within()))
        assert KEY not in caplog.text

    def test_no_message_raises_out_of_the_engine(self):
        """Whatever a vendor says, in any order: the stream ends once, with a known code or none."""
        known = self.messages()
        junk = st.sampled_from(['{"type":"Res', "[]", "null", '"x"', "{}", '{"tokens":7}', '{"type":"Results"}', "7"])
        text = st.one_of(st.sampled_from(known), junk, st.text(max_size=40), mangled(known))

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.one_of(text, st.binary(max_size=20)), max_size=12), st.integers(0, 12))
        def said(messages, half_closed_at):
            dialogue = self.engine("127.0.0.1:9").dialogue(RecognitionOptions())
            list(dialogue.opening())
            for at, message in enumerate(messages):
                if at == half_closed_at:
                    dialogue.half_closed = True
                    list(dialogue.ending())
                try:
                    for event in dialogue.heard(message):
                        assert isinstance(event, Interim | Final)
                        assert event.end_ms is None or event.end_ms > 0
                        assert all(word if isinstance(event, Interim) else word.text for word in event.words)
                except RecognizerError as error:
                    assert error.code
                    return
                except Exception as error:
                    assert sockets.translate(error).code == "malformed_answer", error
                    return

        said()


def mangled(known):
    """A message with a piece of it changed."""

    @st.composite
    def build(draw):
        text = draw(st.sampled_from(known))
        at = draw(st.integers(0, len(text)))
        return text[:at] + draw(st.sampled_from(["", '"', "-1", "1e400", "null", "{}", "[", "true"])) + text[at + 1 :]

    return build()

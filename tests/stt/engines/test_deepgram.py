"""Deepgram's engine, over real sockets, against its emulator."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from stt.audio import ulaw_to_pcm
from stt.emulator.deepgram import DeepgramTongue, EmulatedDeepgram
from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said
from stt.emulator.vendor_faults import VendorFaults
from stt.engines import deepgram
from stt.engines.base import RecognitionOptions
from stt.engines.deepgram import Deepgram, DeepgramDialogue
from stt.events import Final, RecognizerError
from tests.stt.engines.vendors import KEY, SPOKEN, WORDS, VendorContract

SAID = Said(("שלום", "רב"), 900, spoken=(Spoken("שלום", 100, 400), Spoken("רב", 500, 800)))


class TestDeepgram(VendorContract):
    vendor = EmulatedDeepgram()

    def engine(self, emulator):
        return Deepgram(KEY, emulator)

    def messages(self):
        tongue = DeepgramTongue(punctuate=True, interims=True)
        interim = Said(("שלום",), 500)
        return [*tongue.say(interim, 600), *tongue.say(SAID, 1000), *tongue.flushed(1500), *tongue.farewell(1600)]


def asked(options):
    return parse_qs(urlsplit(Deepgram(KEY).address(options).url).query)


def test_it_asks_for_hebrew_of_a_phone():
    query = asked(RecognitionOptions(language="iw-IL"))
    expected = {"model": "nova-3", "language": "he", "encoding": "mulaw", "sample_rate": "8000"}
    assert {name: query[name][0] for name in expected} == expected
    assert query["interim_results"] == ["true"]


def test_key_terms_stay_within_what_deepgram_takes():
    hints = tuple(f"מילה{number}" for number in range(200))
    terms = asked(RecognitionOptions(hints=hints))["keyterm"]
    assert terms == list(hints[: len(terms)])
    assert 20 <= len(terms) < 100
    assert sum(len(term.encode()) for term in terms) <= deepgram.MAX_KEY_TERM_TOKENS


def test_each_settled_piece_is_a_final_with_its_times():
    dialogue = DeepgramDialogue()
    (final,) = [e for m in DeepgramTongue(False, True).say(SAID, 1000) for e in dialogue.heard(m)]
    assert final == Final(final.words, 900, 0.95)
    assert [(word.text, word.start_ms, word.end_ms) for word in final.words] == [("שלום", 100, 400), ("רב", 500, 800)]


def test_metadata_is_the_last_word_only_behind_the_half_close():
    dialogue = DeepgramDialogue()
    (metadata,) = DeepgramTongue(False, True).farewell(100)
    list(dialogue.heard(metadata))
    assert not dialogue.done
    dialogue.half_closed = True
    list(dialogue.heard(metadata))
    assert dialogue.done


def test_an_upload_that_the_emulator_does_not_know_is_said_to_be_that():
    async def within():
        async with TestDeepgram().emulator(VendorFaults()) as emulator:
            unknown = ulaw_to_pcm(SPOKEN[37:])
            with pytest.raises(RecognizerError) as refused:
                await asyncio.to_thread(Deepgram(KEY, emulator.address).recognize, unknown, RecognitionOptions(), 5000)
            known = await asyncio.to_thread(
                Deepgram(KEY, emulator.address).recognize, ulaw_to_pcm(SPOKEN), RecognitionOptions(), 5000
            )
            return refused.value, known

    error, final = asyncio.run(within())
    assert (error.code, error.permanent) == ("emulator_unknown", True)
    assert tuple(word.text for word in final.words) == WORDS

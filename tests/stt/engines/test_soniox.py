"""Soniox's engine, over real sockets, against its emulator."""

import json

from stt.emulator.recordings import Spoken
from stt.emulator.socket_service import RefusedError
from stt.emulator.soniox import EmulatedSoniox, SonioxTongue
from stt.emulator.speaker import Said
from stt.engines.base import RecognitionOptions
from stt.engines.soniox import Soniox, SonioxDialogue, SonioxToken, words_of
from stt.events import Final, Interim, Word
from tests.stt.engines.vendors import KEY, VendorContract

SAID = Said(("להתראות", "מחר"), 1400, spoken=(Spoken("להתראות", 100, 700), Spoken("מחר", 800, 1300)))


def tongue():
    fresh = SonioxTongue()
    fresh.read(next(iter(dialogue().opening())))
    return fresh


def dialogue(**options):
    return SonioxDialogue(RecognitionOptions(**options), "stt-rt-v5")


class TestSoniox(VendorContract):
    vendor = EmulatedSoniox()

    def engine(self, emulator):
        return Soniox(KEY, emulator)

    def messages(self):
        said = tongue()
        refusal = said.refusal(RefusedError(503, "Cannot continue request (code 1). Please restart the request."))
        interim = Said(("להתראות",), 600)
        return [*said.say(interim, 700), *said.say(SAID, 1500), *said.flushed(1600), *said.farewell(1700), *refusal]


def test_tokens_are_pieces_of_words():
    tokens = [
        SonioxToken(" הת", True, 0, 100),
        SonioxToken("ראות", True, 100, 300),
        SonioxToken(" מחר", True, 400, 600),
    ]
    assert words_of(tokens) == [Word("התראות", 0, 300), Word("מחר", 400, 600)]


def test_final_tokens_that_come_once_stay_in_the_hypothesis_until_the_endpoint():
    heard = dialogue()
    news = [{"text": " של", "is_final": True, "start_ms": 0, "end_ms": 200}, {"text": "ו"}]
    (interim,) = heard.heard(json.dumps({"tokens": news, "total_audio_proc_ms": 500}))
    assert interim == Interim(("שלו",), 500, 0.0)
    news = [{"text": "ום", "is_final": True, "start_ms": 200, "end_ms": 400}]
    (interim,) = heard.heard(json.dumps({"tokens": news, "total_audio_proc_ms": 600}))
    assert interim == Interim(("שלום",), 600, 1.0)
    end = {"tokens": [{"text": "<end>", "is_final": True}], "final_audio_proc_ms": 700}
    assert list(heard.heard(json.dumps(end))) == [Final((Word("שלום", 0, 400),), 700)]
    assert list(heard.heard(json.dumps(end))) == []


def test_what_had_settled_is_said_before_an_error():
    heard = dialogue()
    list(heard.heard(json.dumps({"tokens": [{"text": " שלום", "is_final": True, "start_ms": 0, "end_ms": 400}]})))
    results = heard.heard(json.dumps({"error_code": 503, "error_message": "Cannot continue request"}))
    assert next(results).words == (Word("שלום", 0, 400),)


def test_a_key_never_stands_in_the_first_message():
    (config,) = Soniox(KEY).dialogue(RecognitionOptions(hints=("רמת גן",))).opening()
    assert KEY not in config
    assert json.loads(config)["context"] == {"terms": ["רמת גן"]}
    assert json.loads(config)["language_hints"] == ["he"]

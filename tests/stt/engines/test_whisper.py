"""Whisper keeps the contract, with a stand-in for its decoder, and with the model itself where that is."""

from contextlib import asynccontextmanager

import pytest

from stt.engines import whisper
from stt.engines.base import RecognitionOptions, UtterancePcm
from stt.engines.whisper import Whisper, whisper_at
from stt.events import RecognizerError
from tests.paths import ROOT
from tests.stt.engines.contract import EngineContract, Rig, Service
from tests.stt.engines.test_whisper_process import stand_in

REFUSED = RecognitionOptions(model="phone_call")
ULAW = bytes([0xFF]) * 4000 + bytes([0x10]) * 2000 + bytes([0x20]) * 1600 + bytes([0xFF]) * 4000


class TestWhisper(EngineContract):
    @asynccontextmanager
    async def rig(self, service):
        options = ["--answer-ms", "2000"] if service is Service.SLOW else []
        options += ["--fails", "weights_unreadable"] if service is Service.AWAY else []
        yield Rig(Whisper("base", stand_in(*options)), ULAW, ("אחת", "שתיים"), (500, 950), REFUSED)


def test_all_of_a_process_use_one_engine():
    engine_at = whisper_at("/srv/weights/ivrit-turbo")
    assert engine_at("") is engine_at("eu-speech.googleapis.com")
    assert engine_at("").model == "ivrit-turbo"


def test_a_folder_without_weights_is_named_without_starting_anything(tmp_path, monkeypatch):
    monkeypatch.setattr(whisper, "find_spec", lambda _: object())
    engine = Whisper(str(tmp_path))
    (tmp_path / "model.bin").touch()
    with pytest.raises(RecognizerError, match=r"has no config\.json") as missing:
        engine.probe()
    assert (missing.value.code, missing.value.permanent) == ("weights_missing", False)
    assert engine.decoders.process_id is None


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(whisper, "find_spec", lambda _: None)
    with pytest.raises(RecognizerError, match=r"requirements-whisper\.txt") as missing:
        Whisper(str(tmp_path)).probe()
    assert missing.value.code == "whisper_missing"


def test_punctuation_is_written_where_it_is_wanted(monkeypatch):
    engine = Whisper("base", stand_in())
    asked = []

    def decode(pcm, language, timeout_ms, before):
        asked.append(language)
        return ["היי,", 'ארה"ב.', "…", "לא?"]

    monkeypatch.setattr(engine.decoders, "decode", decode)

    def said(**options):
        return [word.text for word in engine.recognize(b"", RecognitionOptions(**options), 1000).words]

    assert said() == ["היי", 'ארה"ב', "לא"]
    assert said(punctuation=True, language="he-IL") == ["היי,", 'ארה"ב.', "…", "לא?"]
    said(language="en-US")
    assert asked == ["he", "he", "en"]


def test_an_utterance_is_heard_behind_what_was_said_before_it_where_both_fit(monkeypatch):
    engine = Whisper("base", stand_in())
    behind = []
    monkeypatch.setattr(
        engine.decoders, "decode", lambda pcm, language, timeout_ms, before: behind.append(before) or []
    )
    for ms in (18_000, 18_020):
        pcm = UtterancePcm(bytes(16 * ms))
        pcm.before = b"before"
        engine.recognize(pcm, RecognitionOptions(), 1000)
    engine.recognize(bytes(320), RecognitionOptions(), 1000)
    assert behind == [b"before", b"", b""]


def test_the_engine_is_imported_without_a_models_library():
    source = (ROOT / "stt/engines/whisper.py").read_text("utf-8")
    assert "import faster_whisper" not in source and "import numpy" not in source

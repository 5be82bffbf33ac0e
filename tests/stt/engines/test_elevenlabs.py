"""ElevenLabs' engine, over real sockets, against its emulator."""

import json
from base64 import b64decode

import pytest

from stt.emulator.elevenlabs import ElevenLabsTongue, EmulatedElevenLabs
from stt.emulator.recordings import Spoken
from stt.emulator.socket_service import RefusedError
from stt.emulator.speaker import Said
from stt.engines.base import RecognitionOptions
from stt.engines.elevenlabs import ERRORS, ElevenLabs, ElevenLabsDialogue
from stt.events import RecognizerError
from tests.stt.engines.vendors import KEY, VendorContract

SAID = Said(("שלום", "רב"), 900, spoken=(Spoken("שלום", 100, 400), Spoken("רב", 500, 800)))


class TestElevenLabs(VendorContract):
    vendor = EmulatedElevenLabs()

    def engine(self, emulator):
        return ElevenLabs(KEY, emulator)

    def messages(self):
        tongue = ElevenLabsTongue(timestamps=True)
        said = [*tongue.greeting(), *tongue.say(Said(("שלום",), 500), 600), *tongue.say(SAID, 1000)]
        return [*said, *tongue.flushed(1100), *tongue.flushed(2000), *tongue.refusal(RefusedError(429, "slow down"))]


def dialogue():
    return ElevenLabsDialogue(RecognitionOptions())


def test_audio_goes_as_base64_and_the_half_close_is_a_commit():
    chunk = json.loads(dialogue().audio(b"\x01\x02"))
    assert (b64decode(chunk["audio_base_64"]), chunk["commit"], chunk["sample_rate"]) == (b"\x01\x02", False, 8000)
    (commit,) = dialogue().ending()
    assert json.loads(commit) == chunk | {"audio_base_64": "", "commit": True}


def test_a_commit_of_nothing_is_the_last_word():
    heard = dialogue()
    throttled = json.dumps({"message_type": "commit_throttled", "error": "Commit request ignored"})
    assert list(heard.heard(throttled)) == [] and not heard.done
    heard.half_closed = True
    assert list(heard.heard(throttled)) == [] and heard.done


def test_only_the_transcript_with_times_is_a_final():
    heard = dialogue()
    results = [event for message in ElevenLabsTongue(True).say(SAID, 1000) for event in heard.heard(message)]
    assert [[(word.text, word.start_ms) for word in final.words] for final in results] == [[("שלום", 100), ("רב", 500)]]


@pytest.mark.parametrize("kind", [*ERRORS, "quota_exceeded_error", "unaccepted_terms_error"])
def test_an_error_has_a_stable_code(kind):
    with pytest.raises(RecognizerError) as error:
        list(dialogue().heard(json.dumps({"message_type": kind, "error": "no"})))
    assert error.value.code == ERRORS.get(kind, ERRORS.get(kind.removesuffix("_error")))


@pytest.mark.parametrize(("sent_ms", "end_ms"), [(900, 900), (1300, 1300), (5000, 1300)])
def test_a_final_reaches_as_far_as_the_silence_that_it_was_committed_for(sent_ms, end_ms):
    heard = dialogue()
    heard.audio(bytes(8 * sent_ms))
    (final,) = [event for message in ElevenLabsTongue(True).say(SAID, sent_ms) for event in heard.heard(message)]
    assert final.end_ms == end_ms

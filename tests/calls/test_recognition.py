"""Which engine a call's settings mean, and whether it answers."""

from calls import recognition as module
from calls.recognition import Recognition
from stt.events import Final, RecognizerError
from stt.tuning import Tuning


class Engine:
    def __init__(self, host):
        self.host = host

    def open_stream(self, deliver, *, model, hints):
        return self.host, model.name, hints


def test_a_profiles_endpoint_has_an_engine_of_its_own_made_once():
    made = []
    recognition = Recognition(Engine("here"), lambda host: made.append(host) or Engine(host))

    def streams(endpoint):
        return recognition.open_stream(Tuning(endpoint=endpoint, model="x", phrase_hints=("רחוב",)))(None)

    assert streams("") == ("here", "x", ("רחוב",))
    assert (
        streams("eu-speech.googleapis.com")[0] == streams("eu-speech.googleapis.com")[0] == "eu-speech.googleapis.com"
    )
    assert made == ["eu-speech.googleapis.com"]


def test_a_failed_probe_is_trouble_until_one_is_answered(monkeypatch):
    answers = [RecognizerError("unavailable"), RecognizerError("client_failed"), Final((), None)]
    seen = []

    class Failing(Engine):
        def recognize(self, pcm, *, model, timeout_ms, hints=()):
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    recognition = Recognition(Failing("here"))
    assert recognition.trouble == ""
    monkeypatch.setattr(module.time, "sleep", lambda pause_s: seen.append((recognition.trouble, pause_s)))
    recognition.keep_probing()
    assert seen == [("unavailable", 2.0), ("client_failed", 4.0)]
    assert (recognition.trouble, recognition.model.name) == ("", "phone_call")

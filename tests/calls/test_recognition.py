"""Which engine a call's settings mean."""

from calls.recognition import Recognition
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

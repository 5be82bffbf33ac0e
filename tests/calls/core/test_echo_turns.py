"""A call on which our own words come back: turns, rows and revisions."""

from calls.core.actions import Note, TurnAccepted, TurnRevised
from calls.core.messages import Media, Start
from calls.core.session import CallSession
from stt.events import Final, StreamOpened, Word
from stt.tuning import Tuning
from tests.sounds import silence, speech

SAID = "שלום הגעתם למרפאה במה אפשר לעזור"


class EchoingCall:
    """Frames arrive as they are spoken; what comes back is as loud as we are, so that the gate lets it through."""

    def __init__(self):
        self.session = CallSession("CA1", Tuning())
        self.actions = []
        self.now_ms = 0
        self.session.receive(Start("MZ1", "CA1"), 0.0)
        self.session.heard(StreamOpened(0, 1), 0.0)

    def hears(self, frames):
        for ulaw in frames:
            self.actions += self.session.receive(Media(None, self.now_ms, ulaw), float(self.now_ms))
            self.now_ms += 20
        self.actions += self.session.tick(float(self.now_ms))

    def plays(self, words, ulaw):
        self.session.audio.plays(float(self.now_ms), ulaw, words)

    def settles(self, text, end_ms, from_ms=None):
        words = tuple(
            Word(word) if from_ms is None else Word(word, from_ms + 100 * i, from_ms + 100 * i + 90)
            for i, word in enumerate(text.split())
        )
        self.actions += self.session.heard(Final(words, end_ms), float(self.now_ms))

    def of(self, kind):
        return [action for action in self.actions if isinstance(action, kind)]


def echoed(words="במה אפשר לעזור", said=SAID):
    call = EchoingCall()
    call.hears(silence(500))
    call.plays(said, b"".join(speech(1500)))
    call.hears(silence(300) + speech(800) + silence(300))
    call.settles(words, 1600)
    return call


def test_our_words_given_back_are_an_echo_and_told():
    call = echoed()
    (accepted,) = call.of(TurnAccepted)
    assert (accepted.turn.heard_text, accepted.turn.echo, accepted.turn.asks) == ("במה אפשר לעזור", True, False)
    assert call.of(Note) == [Note("echo_heard", "turn 1")]


def test_what_a_caller_says_meanwhile_is_a_turn_all_the_same():
    call = echoed("אני רוצה לקבוע תור")
    (accepted,) = call.of(TurnAccepted)
    assert (accepted.turn.echo, accepted.turn.asks, call.of(Note)) == (False, True, [])


def test_nothing_is_an_echo_where_we_said_nothing():
    call = EchoingCall()
    call.hears(silence(800) + speech(800) + silence(300))
    call.settles("במה אפשר לעזור", 1600)
    assert not call.of(TurnAccepted)[0].turn.echo


def test_what_the_voice_detector_missed_beside_our_words_is_an_echo_too():
    call = EchoingCall()
    call.hears(silence(500))
    call.plays(SAID, b"".join(speech(1500)))
    call.hears(silence(2000))
    call.settles("במה אפשר לעזור", 1600, from_ms=1000)
    (accepted,) = call.of(TurnAccepted)
    assert (accepted.turn.vad_missed, accepted.turn.echo) == (True, True)


def test_late_words_take_the_mark_away_by_the_same_rule():
    call = EchoingCall()
    call.hears(silence(500))
    call.plays(SAID, b"".join(speech(1500)))
    call.hears(silence(300) + speech(800) + silence(220))
    call.session.heard(Final((Word("במה"), Word("אפשר"), Word("לעזור")), 1000), float(call.now_ms))
    call.hears(silence(2000))
    call.settles("לשלם לכם בכרטיס אשראי", 1600)
    (accepted,), revised = call.of(TurnAccepted), call.of(TurnRevised)
    assert accepted.turn.echo
    assert (revised[-1].turn.heard_text, revised[-1].turn.echo) == ("במה אפשר לעזור לשלם לכם בכרטיס אשראי", False)

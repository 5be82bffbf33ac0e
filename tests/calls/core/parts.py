"""The nouns of a call, wired as CallSession wires them, each to be asked alone."""

from collections import Counter

from calls.core.acceptance import Acceptance
from calls.core.audio_intake import AudioIntake
from calls.core.coverage import Coverage
from calls.core.hastening import Hastening, NoOtherRequests
from calls.core.hearing_engines import EngineTerms, HeardBy, HearingEngines
from calls.core.messages import Media
from calls.core.one_shots import OneShots
from calls.core.open_utterances import OpenUtterances
from calls.core.own_words import OwnWords
from calls.core.revisions import RevisableTurns
from calls.core.sender_clock import MAX_MEDIA_MS
from calls.core.stream_control import StreamControl
from calls.core.stream_policy import StreamPolicy
from calls.core.utterances import Ending
from stt.attribution.ledger import Attribution
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.events import Final, Interim, Word
from stt.tuning import Tuning
from tests.sounds import silence


class Parts:
    def __init__(self, *, memory=None, gaps=None, **tuning):
        self.tuning = Tuning(**tuning)
        self.counted = Counter()
        self.ledger = Attribution()
        self.coverage = Coverage(self.tuning.coverage_slack_ms)
        endpointer = Endpointer(EndpointOptions.of(self.tuning))
        self.audio = AudioIntake(endpointer, self.counted, base_ms=0, longest_ms=MAX_MEDIA_MS, opened_ms=0.0)
        self.utterances = OpenUtterances(self.ledger, self.coverage, endpointer)
        self.hastening = Hastening(self.tuning, self.ledger, self.counted, memory=memory)
        self.turns = RevisableTurns(self.ledger, OwnWords())
        self.stream = StreamControl(
            StreamPolicy(self.tuning, self.hastening),
            HearingEngines(
                HeardBy("engine", "model"), {"engine": EngineTerms(self.tuning, NoOtherRequests(), None, gaps)}
            ),
            self.audio,
            self.ledger,
            self.coverage,
            self.utterances,
            self.turns,
            self.counted,
        )
        self.one_shots = OneShots(self.tuning, self.ledger, self.turns, self.audio.buffer)
        self.acceptance = Acceptance(self.tuning, self.ledger, self.utterances, self.turns, self.stream, self.one_shots)
        self.at_ms = 0

    def play(self, frames):
        """Frames on media time, each of which arrives when it begins."""
        for ulaw in frames:
            for frame in self.audio.frames(Media(None, self.at_ms, ulaw), self.at_ms):
                self.audio.perceive(frame, self.at_ms)
                self.audio.keep(frame)
            self.at_ms += 20

    def begin(self, start_ms):
        """An utterance begins; returns its number."""
        self.utterances.began(start_ms, start_ms)
        return self.utterances.last_number

    def utter(self, start_ms=500, end_ms=1100, *, voiced_ms=None):
        """An utterance that has ended and waits."""
        number = self.begin(start_ms)
        voiced_ms = end_ms - start_ms if voiced_ms is None else voiced_ms
        deadline_ms = end_ms + self.tuning.stt_timeout_ms
        self.utterances.ended(Ending(end_ms, end_ms, end_ms + 220, voiced_ms), deadline_ms)
        return self.utterances.numbered(number)

    def says(self, text, end_ms):
        """A hypothesis, once audio has come so far."""
        self.play(silence(end_ms - self.at_ms))
        return self.stream.heard(Interim(tuple(text.split()), end_ms), self.at_ms)

    def settles(self, text, end_ms):
        self.play(silence(end_ms - self.at_ms))
        return self.stream.heard(Final(tuple(map(Word, text.split())), end_ms), self.at_ms)

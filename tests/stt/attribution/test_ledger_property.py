"""Attribution under random interleavings: every settled word once, in order, and at its time.

The machine speaks a call of distinct words, and is a recogniser that hears it with every fault that the rules name:
hypotheses that revise, merge, split and drop their last words, finals with and without times and ends, repeated and
empty finals, streams that end, and turns that are accepted at any moment.
"""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stt.attribution.ledger import Attribution
from stt.events import Final, Interim, Word

FAULTS = ["", "mishear", "merge", "split", "drop", "ahead", "no end"]


@dataclass
class Said:
    text: str
    start_ms: int
    end_ms: int
    utterance: int


class Calls(RuleBasedStateMachine):
    @initialize()
    def answer(self):
        self.ledger = Attribution()
        self.now_ms = 500
        self.said = []
        self.segment = []  # words of the segment under way
        self.settled = []
        self.untimed = set()
        self.speaking = None
        self.spans = {}
        self.stream = 0
        self.last_final = None

    # The caller

    @precondition(lambda self: self.speaking is None)
    @rule(pause_ms=st.integers(240, 3000))
    def begin(self, pause_ms):
        self.now_ms += pause_ms
        self.speaking = self.ledger.began(self.now_ms)
        self.spans[self.speaking] = [self.now_ms, None]
        self.speak(300)

    @precondition(lambda self: self.speaking is not None)
    @rule(length_ms=st.integers(150, 700))
    def speak(self, length_ms):
        word = Said(f"w{len(self.said)}", self.now_ms, self.now_ms + length_ms, self.speaking)
        self.said.append(word)
        self.segment.append(word)
        self.now_ms += length_ms

    @precondition(lambda self: self.speaking is not None)
    @rule()
    def end(self):
        self.ledger.ended(self.speaking, self.now_ms)
        self.spans[self.speaking][1] = self.now_ms
        self.speaking = None
        self.now_ms += 220

    # The recogniser

    @precondition(lambda self: self.segment)
    @rule(lag_ms=st.integers(0, 800), fault=st.sampled_from(FAULTS))
    def interim(self, lag_ms, fault):
        until_ms = self.now_ms - lag_ms
        words = [word.text for word in self.segment if word.end_ms <= until_ms]
        if not words:
            return
        if fault == "mishear":
            words[-1] += "x"
        elif fault == "merge":
            words[-2:] = ["".join(words[-2:])]
        elif fault == "split":
            words[-1:] = [words[-1][:1], words[-1][1:]]
        elif fault == "drop":
            words = words[:-1]
        end_ms = {"ahead": self.now_ms + 400, "no end": None}.get(fault, until_ms)
        self.ledger.interim(Interim(tuple(words), end_ms, stream=self.stream), fed_ms=self.now_ms)

    @precondition(lambda self: self.segment)
    @rule(listed=st.sampled_from(["all", "none", "half", "ends"]), ended=st.booleans(), repeated=st.booleans())
    def final(self, listed, ended, repeated):
        count = len(self.segment)
        timed = {"all": count, "none": 0, "half": (count + 1) // 2, "ends": 1}[listed]
        words = tuple(
            Word(word.text, word.start_ms, word.end_ms)
            if at < timed or (listed == "ends" and at == count - 1)
            else Word(word.text)
            for at, word in enumerate(self.segment)
        )
        event = Final(words, self.segment[-1].end_ms if ended else None, stream=self.stream)
        self.hear(event)
        self.settle({word.text for word in words if word.start_ms is None})
        if repeated and (ended or listed == "all"):
            self.hear(event)

    @rule()
    def empty_final(self):
        self.hear(Final((), self.now_ms, stream=self.stream))

    @precondition(lambda self: self.segment)
    @rule()
    def stream_ends_after_a_good_hypothesis(self):
        words = tuple(word.text for word in self.segment)
        self.ledger.interim(Interim(words, self.now_ms, stream=self.stream), fed_ms=self.now_ms)
        self.ledger.closed(self.stream)
        self.settle({word.text for word in self.segment})
        self.stream += 1

    @rule(which=st.integers(1, 6))
    def accept(self, which):
        if which in self.spans and self.spans[which][1] is not None:
            self.ledger.take(which)

    def hear(self, event):
        self.ledger.final(event, fed_ms=self.now_ms)

    def settle(self, untimed):
        self.settled += self.segment
        self.untimed |= untimed
        self.segment = []

    # What must hold

    def teardown(self):
        if not hasattr(self, "ledger"):
            return
        if self.speaking is not None:
            self.end()
        if self.segment:
            self.stream_ends_after_a_good_hypothesis()
        self.ledger.closed(self.stream)
        for span in self.ledger.take_vad_missed():
            self.spans[span.number] = [span.start_ms, span.end_ms]
        turns = sorted(self.spans, key=lambda number: self.spans[number][0])
        heard = {number: self.ledger.heard_words(number) for number in turns}
        assert [word for number in turns for word in heard[number]] == [word.text for word in self.settled]
        for word in self.settled:
            if word.text not in self.untimed:
                assert word.text in heard[word.utterance], (word, heard)


class ReadingOnlyWhatWasTouched(Calls):
    """An utterance's words are those that were read when it was last touched, whatever happens to its neighbours."""

    @initialize()
    def answer(self):
        super().answer()
        self.read = {}
        self.forgotten_to_ms = 0

    @rule(which=st.integers(1, 6), beyond_ms=st.integers(0, 600))
    def ask(self, which, beyond_ms):
        if which in self.spans and self.spans[which][1] is not None:
            start_ms, end_ms = self.spans[which]
            self.ledger.asked(which, start_ms - beyond_ms, end_ms + beyond_ms)

    @rule(which=st.integers(1, 6), beyond_ms=st.integers(0, 600), last=st.integers(1, 4))
    def one_shot(self, which, beyond_ms, last):
        if which in self.spans and self.spans[which][1] is not None:
            said = [word.text for word in self.said if word.start_ms < self.spans[which][1] + beyond_ms]
            self.ledger.one_shot(which, said[-last:])

    @rule()
    def stream_ends(self):
        self.ledger.closed(self.stream, fed_ms=self.now_ms)
        self.stream += 1

    @rule(ago_ms=st.integers(0, 1500))
    def renew(self, ago_ms):
        self.ledger.renewed(self.stream, self.now_ms - ago_ms)
        self.ledger.closed(self.stream, fed_ms=self.now_ms)
        self.stream += 1

    @rule(ago_ms=st.integers(0, 9000))
    def forget(self, ago_ms):
        self.forgotten_to_ms = max(self.forgotten_to_ms, self.now_ms - ago_ms)
        self.ledger.forget_before(self.forgotten_to_ms)

    @invariant()
    def nothing_else_has_changed(self):
        if not hasattr(self, "read"):
            return
        touched = self.ledger.take_touched()
        for number, (start_ms, _) in self.spans.items():
            if start_ms >= self.forgotten_to_ms:
                words = self.ledger.heard_words(number)
                assert number in touched or self.read.get(number, ()) == words
                self.read[number] = words

    def teardown(self):
        pass


class WithoutWordTimes(RuleBasedStateMachine):
    """An engine that says of no word when it was spoken; streams that follow each other in silence and in mid-speech.

    What a stream is replayed it says again, first, as every engine does.
    """

    @initialize()
    def answer(self):
        self.ledger = Attribution()
        self.now_ms = 500
        self.speaking = None
        self.spoken = []  # (text, start) of the utterance under way
        self.stream = 0
        self.segment, self.again = [], 0  # what the stream has heard since its last final, and how much of it twice
        self.settled = []
        self.turns = []

    def text(self, at):
        """All words are different here."""
        return chr(0x4E00 + at) * 3

    # The caller

    @precondition(lambda self: self.speaking is None)
    @rule(pause_ms=st.integers(240, 3000))
    def begin(self, pause_ms):
        self.now_ms += pause_ms
        self.speaking = self.ledger.began(self.now_ms)
        self.turns.append(self.speaking)
        self.spoken = []
        self.speak(300)

    @precondition(lambda self: self.speaking is not None)
    @rule(length_ms=st.integers(150, 700))
    def speak(self, length_ms):
        word = self.text(len(self.settled) + len(self.segment) - self.again)
        self.spoken.append((word, self.now_ms))
        self.segment.append(word)
        self.now_ms += length_ms

    @precondition(lambda self: self.speaking is not None)
    @rule()
    def end(self):
        self.ledger.ended(self.speaking, self.now_ms)
        self.speaking = None
        self.now_ms += 220

    # The recogniser

    @precondition(lambda self: self.segment)
    @rule(lacks=st.integers(0, 2))
    def interim(self, lacks):
        words = self.segment[: len(self.segment) - lacks]
        if words:
            self.ledger.interim(Interim(tuple(words), self.now_ms, stream=self.stream), fed_ms=self.now_ms)

    @precondition(lambda self: self.segment)
    @rule(pieces=st.integers(1, 2), ended=st.booleans())
    def final(self, pieces, ended):
        middle = len(self.segment) // 2 if pieces == 2 else 0
        for piece, ago_ms in ((self.segment[:middle], 100), (self.segment[middle:], 0)):
            if piece:
                words = tuple(Word(word) for word in piece)
                # Of two that come at once without an end nobody can say where the first one ends.
                end_ms = self.now_ms - ago_ms if ended or middle else None
                self.ledger.final(Final(words, end_ms, stream=self.stream), fed_ms=self.now_ms)
        self.settled += self.segment[self.again :]
        self.segment, self.again = [], 0

    @precondition(lambda self: self.speaking is None)
    @rule(silence_ms=st.integers(0, 200), accepted=st.booleans())
    def renew_in_silence(self, silence_ms, accepted):
        """The next stream is replayed nothing that the caller has said."""
        self.renew(self.now_ms - silence_ms, [])
        for number in self.turns if accepted else ():
            self.ledger.take(number)

    @precondition(lambda self: self.speaking is not None)
    @rule(again=st.integers(0, 3))
    def renew_in_mid_speech(self, again):
        replayed = self.spoken[max(0, len(self.spoken) - again) :] if again else []
        self.renew(replayed[0][1] if replayed else self.now_ms, [word for word, _ in replayed])

    def renew(self, fed_from_ms, again):
        self.ledger.renewed(self.stream, self.now_ms)
        if self.segment:
            self.final(1, True)
        self.ledger.closed(self.stream, fed_ms=self.now_ms)
        self.stream += 1
        self.ledger.opened(self.stream, fed_from_ms)
        self.segment, self.again = list(again), len(again)

    # What must hold

    def teardown(self):
        if not hasattr(self, "ledger"):
            return
        if self.speaking is not None:
            self.end()
        if self.segment:
            self.final(1, True)
        self.ledger.closed(self.stream)
        assert [word for number in self.turns for word in self.ledger.heard_words(number)] == self.settled


class TheSameAnswerAgain(WithoutWordTimes):
    """A caller of few words, and streams that follow each other in silence: nothing is a repeat."""

    def text(self, at):
        return ["כן", "כן", "לא", "חמש"][at % 4]

    @precondition(lambda self: False)
    @rule()
    def renew_in_mid_speech(self):
        """Which of the same words is meant only times could tell."""


TestCalls = Calls.TestCase
TestReading = ReadingOnlyWhatWasTouched.TestCase
TestWithoutWordTimes = WithoutWordTimes.TestCase
TestTheSameAnswerAgain = TheSameAnswerAgain.TestCase
for machine in (TestCalls, TestReading, TestWithoutWordTimes, TestTheSameAnswerAgain):
    machine.settings = settings(stateful_step_count=40, deadline=None)

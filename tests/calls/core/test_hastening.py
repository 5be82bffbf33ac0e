"""One call's half-closes: which utterances have one, and what is reported of their finals."""

from collections import Counter
from random import Random

import pytest

from calls.core.actions import AskOneShot, Note
from calls.core.hastening import NEVER_MS, SAID_NOTHING_MS, Hastening, lacking
from calls.core.stream_policy import StreamCommand
from calls.core.utterances import Ending
from stt.attribution.ledger import Attribution
from stt.engines.half_close import FinalChoice, HalfClosing, RestReason
from stt.engines.kept_finals import FinalsFigures, Kind
from stt.engines.request_rate import RequestRate
from stt.events import Final, OneShotDone, RecognizerError, StreamClosed, StreamRenewed, Word
from stt.tuning import Tuning
from tests.calls.core.parts import Parts
from tests.sounds import silence, speech


class Scripted(HalfClosing):
    """Chooses as it is told, and compares always."""

    def __init__(self, *choices, compares=True):
        super().__init__(Random(1))
        self.choices, self.compares, self.nothing, self.failed = list(choices), compares, 0, []

    def ask(self, now_ms, requests, limit):
        return self.choices.pop(0)

    def wants_check(self, kind, choice):
        return self.compares

    def came_to_nothing(self):
        self.nothing += 1

    def check_failed(self, kind):
        self.failed.append(kind)

    def seen(self, kind):
        status = self.status(0.0)
        figures: FinalsFigures = status.forced if kind is Kind.FORCED else status.natural
        return figures.median_ms, figures.count, figures.compared, figures.lacking


class Call:
    """A call's hastening with its ledger."""

    def __init__(self, memory=None, requests=None, **tuning):
        self.memory, self.ledger, self.counters = memory, Attribution(), Counter()
        self.hastening = Hastening(Tuning(**tuning), self.ledger, self.counters, requests=requests, memory=memory)

    def utter(self, start_ms=1000, end_ms=2000, *, half_closed=True):
        """Spoken, half-closed where it is wanted, and ended; each frame arrives when it ends."""
        number = self.ledger.began(start_ms)
        self.hastening.began(number, start_ms)
        wanted = self.hastening.wanted(end_ms + 120) if half_closed else False
        if wanted:
            self.hastening.half_closed(end_ms)
        self.ledger.ended(number, end_ms)
        self.hastening.ended(end_ms, end_ms)
        return number

    def final(self, text, end_ms, at_ms):
        said = Final(tuple(map(Word, text.split())), end_ms)
        self.ledger.final(said, fed_ms=round(at_ms))
        self.hastening.final(said, at_ms)


def test_a_forced_final_is_as_late_as_it_comes_after_the_last_voiced_frame():
    call = Call(memory := Scripted(FinalChoice.FORCE))
    call.utter()
    call.final("שלום", 2000, 2370.0)
    assert memory.seen(Kind.FORCED)[:2] == (370.0, 1)
    assert call.hastening.to_compare == [1]


def test_a_half_closed_stream_that_ends_has_said_its_final():
    """Where the final does not say how far it reaches."""
    call = Call(memory := Scripted(FinalChoice.FORCE))
    call.utter()
    call.final("שלום", None, 2370.0)
    assert memory.seen(Kind.FORCED)[1] == 0
    call.hastening.stream_ended(None, 2380.0)
    assert memory.seen(Kind.FORCED)[:2] == (380.0, 1)


def test_one_that_owes_its_final_for_too_long_counts_with_that_time_and_one_that_fails_does_not():
    for code, counted in (("renewal_timeout", 1), ("unavailable", 0)):
        call = Call(memory := Scripted(FinalChoice.FORCE))
        call.utter()
        call.hastening.stream_ended(RecognizerError(code), 4120.0)
        assert memory.seen(Kind.FORCED)[1] == counted


@pytest.mark.parametrize("choice", [FinalChoice.COMPARE, FinalChoice.REST])
def test_an_utterance_that_is_left_natural_is_left_so_to_its_end(choice):
    call = Call(memory := Scripted(choice, FinalChoice.FORCE))
    call.utter()
    assert call.hastening.after_ms == NEVER_MS
    call.final("שלום", 2000, 2880.0)
    assert memory.seen(Kind.NATURAL)[:2] == (880.0, 1)
    code = "half_close_left_out" if choice is FinalChoice.COMPARE else "half_close_rested"
    assert call.counters == {code: 1}
    call.utter(5000, 6000)
    assert call.hastening.after_ms == Tuning().half_close_ms


def test_every_pause_of_a_forced_utterance_is_a_half_close_and_it_is_asked_about_once():
    call = Call(Scripted(FinalChoice.FORCE))
    call.hastening.began(1, 0.0)
    assert [call.hastening.wanted(at_ms) for at_ms in (1000.0, 2000.0, 3000.0)] == [True] * 3


def test_whoever_speaks_on_waits_for_no_final():
    for choice, kind, nothing in ((FinalChoice.COMPARE, Kind.NATURAL, 1), (FinalChoice.FORCE, Kind.FORCED, 0)):
        call = Call(memory := Scripted(choice, FinalChoice.FORCE))
        call.utter()
        call.hastening.began(call.ledger.began(2500), 2500.0)
        call.final("שלום", 2000, 3500.0)
        assert (memory.seen(kind)[1], memory.nothing, call.hastening.to_compare) == (0, nothing, [])


def test_a_forced_utterance_whose_last_pause_no_stream_was_half_closed_for_counts_as_neither():
    call = Call(memory := Scripted(FinalChoice.FORCE))
    number = call.ledger.began(1000)
    call.hastening.began(number, 1000.0)
    assert call.hastening.wanted(1620.0)
    call.hastening.half_closed(1500)
    call.ledger.ended(number, 2000)
    call.hastening.ended(2000, 2000.0)
    call.final("שלום", 2000, 2900.0)
    assert (memory.seen(Kind.FORCED)[1], memory.seen(Kind.NATURAL)[1]) == (0, 0)


def test_on_is_as_ever_and_reports_and_off_is_never():
    memory = Scripted()
    call = Call(memory, half_close="on")
    call.utter()
    call.final("שלום", 2000, 2370.0)
    assert memory.seen(Kind.FORCED)[:2] == (370.0, 1)
    assert call.hastening.to_compare == []
    call = Call(memory, half_close="off")
    assert call.hastening.after_ms == NEVER_MS
    call.utter(half_closed=False)
    call.final("שלום", 2000, 2900.0)
    assert memory.seen(Kind.NATURAL)[:2] == (900.0, 1)
    for never in ({"half_close_ms": 0}, {"half_close_requests": 0}):
        assert Call(memory, **never).hastening.after_ms == NEVER_MS


def test_without_a_memory_every_pause_is_half_closed_while_requests_are_few():
    requests = RequestRate()
    call = Call(requests=requests, half_close_requests=2)
    call.utter()
    call.final("שלום", 2000, 2370.0)
    assert (call.hastening.to_compare, call.hastening.take_notes()) == ([], [])
    requests.add(2000.0)
    requests.add(2000.0)
    assert [call.hastening.wanted(at_ms) for at_ms in (3000.0, 63_000.0)] == [False, True]


def test_the_share_that_is_used_within_an_utterance_ends_its_half_closes_and_is_noted():
    requests = RequestRate()
    call = Call(HalfClosing(Random(1)), requests=requests, half_close_requests=1)
    call.hastening.began(1, 0.0)
    assert call.hastening.wanted(1000.0)
    requests.add(1000.0)
    assert not call.hastening.wanted(2000.0) and call.hastening.after_ms == NEVER_MS
    assert call.hastening.take_notes() == [Note(RestReason.QUOTA_USED, "1 requests in a minute, 1 allowed")]
    assert call.hastening.take_notes() == []


# What finals lack


def compared(words, final="שלום לך", choice=FinalChoice.FORCE):
    call = Call(memory := Scripted(choice))
    call.utter()
    call.final(final, 2000, 2370.0)
    call.hastening.asked(1, asked=True)
    unneeded = call.hastening.answered(1, words.split(), failed=not words, now_ms=2900.0)
    return call, memory, unneeded


def test_a_final_that_has_all_words_needs_no_others():
    call, memory, unneeded = compared("שלום לך")
    assert unneeded and memory.seen(Kind.FORCED)[2:] == (1, 0)
    assert call.counters["half_close_compared"] == 1


@pytest.mark.parametrize(("choice", "kind"), [(FinalChoice.FORCE, "forced"), (FinalChoice.COMPARE, "natural")])
def test_a_final_that_lacks_words_is_noted_and_needs_them(choice, kind):
    call, memory, unneeded = compared("שלום לך דוד", choice=choice)
    assert not unneeded and memory.seen(Kind(kind))[2:] == (1, 1)
    assert call.hastening.take_notes() == [Note("final_lacked_words", f"utterance 1, {kind}")]


def test_a_one_shot_that_fails_says_nothing_of_the_final():
    _, memory, unneeded = compared("")
    assert unneeded and memory.seen(Kind.FORCED)[2:] == (0, 0)
    assert memory.failed == [Kind.FORCED]


def test_one_that_could_not_be_asked_is_told():
    call = Call(memory := Scripted(FinalChoice.FORCE))
    call.utter()
    call.final("שלום", 2000, 2370.0)
    call.hastening.asked(1, asked=False)
    assert (memory.failed, call.counters["half_close_compared"]) == ([Kind.FORCED], 0)


def test_a_half_closed_stream_without_words_lacks_what_the_one_shot_hears():
    call = Call(memory := Scripted(FinalChoice.FORCE))
    call.utter()
    call.hastening.stream_ended(None, 2370.0)
    assert not call.hastening.answered(1, ["כן"], failed=False, now_ms=2900.0)
    assert memory.seen(Kind.FORCED) == (None, 0, 1, 1)


def test_a_natural_final_that_is_only_late_lacks_nothing_and_one_that_never_came_does():
    late, never = (Call(Scripted(FinalChoice.REST, FinalChoice.REST)) for _ in range(2))
    for call in (late, never):
        call.utter()
        assert not call.hastening.answered(1, ["כן"], failed=False, now_ms=2800.0)
        if call is late:
            call.final("כן", 2000, 3000.0)
        call.utter(2000 + SAID_NOTHING_MS, 2500 + SAID_NOTHING_MS)
    assert late.memory.seen(Kind.NATURAL)[2:] == (1, 0)
    assert never.memory.seen(Kind.NATURAL)[2:] == (1, 1)
    assert SAID_NOTHING_MS <= 9000 - 2000


@pytest.mark.parametrize(
    ("heard", "one_shot", "lacks"),
    [
        ("שלום לך", "שלום לך", False),
        ("שלום", "שלום לך", True),
        ("לך דוד", "שלום לך דוד", True),
        ("", "כן", True),
        ("שלום לך דוד", "שלום לך", False),
        ("שלום, לך.", "שלום לך", False),
        ("ברמתגן", "ברמת גן", False),
        ("ברמת גן", "ברמתגן", False),
        ("שלום רב", "שלום לך", False),
        ("שלום רב", "שלום לך דוד", True),
    ],
)
def test_words_are_lacking_where_there_are_more_of_them_and_more_letters(heard, one_shot, lacks):
    assert lacking(heard.split(), one_shot.split()) is lacks


# Wired with the others


def wired(memory):
    """A call whose only utterance was half-closed and has its final."""
    parts = Parts(memory=memory)
    parts.play(silence(1000) + speech(600) + silence(240))
    number = parts.begin(1000)
    parts.hastening.began(number, 1000.0)
    assert parts.hastening.wanted(1720.0)
    parts.hastening.half_closed(1600)
    parts.stream.changed(StreamRenewed(0, 1720), 1720.0)
    end_ms = 1600
    parts.utterances.ended(_ending(end_ms), 2050.0)
    parts.hastening.ended(end_ms, 1600.0)
    parts.settles("שלום", 1860)
    parts.stream.changed(StreamClosed(0), 1970.0)
    return parts


def _ending(end_ms):
    return Ending(end_ms, float(end_ms), end_ms + 220, 600)


def test_the_one_shot_is_asked_once_the_final_is_there_and_its_words_are_the_turns():
    parts = wired(memory := Scripted(FinalChoice.FORCE))
    parts.acceptance.decide_all(1970.0)
    actions = parts.acceptance.hand_on(1970.0, parts.audio.next_ms)
    (ask,) = [action for action in actions if isinstance(action, AskOneShot)]
    assert ask.utterance == 1 and len(ask.ulaw) > 600 * 8
    assert ask.is_comparison
    parts.acceptance.answered(OneShotDone(1, ("שלום", "דוד")), 2500.0)
    assert parts.acceptance.hand_on(2500.0, parts.audio.next_ms) == [Note("final_lacked_words", "utterance 1, forced")]
    (revised,) = parts.acceptance.revise(final=True)
    assert revised.turn.heard_text == "שלום דוד"
    assert memory.seen(Kind.FORCED)[2:] == (1, 1)


def test_a_one_shot_that_hears_the_same_changes_nothing():
    parts = wired(Scripted(FinalChoice.FORCE))
    parts.acceptance.decide_all(1970.0)
    parts.acceptance.hand_on(1970.0, parts.audio.next_ms)
    assert parts.acceptance.answered(OneShotDone(1, ("שלום",)), 2500.0) == []
    assert parts.acceptance.hand_on(2500.0, parts.audio.next_ms) == []
    assert list(parts.acceptance.revise(final=True)) == []


def test_after_the_call_nothing_is_asked_only_to_compare():
    parts = wired(memory := Scripted(FinalChoice.FORCE))
    parts.acceptance.decide_all(1970.0)
    parts.stream.drain(1970.0)
    assert not [a for a in parts.acceptance.hand_on(1970.0, parts.audio.next_ms) if isinstance(a, AskOneShot)]
    assert memory.failed == [Kind.FORCED]


@pytest.mark.parametrize("disturb", ["fail", "drain", "renew"])
def test_a_final_that_comes_by_something_else_is_not_counted(disturb):
    parts = Parts(memory=(memory := Scripted(FinalChoice.COMPARE)))
    parts.play(silence(1000) + speech(600) + silence(240))
    number = parts.begin(1000)
    parts.hastening.began(number, 1000.0)
    assert not parts.hastening.wanted(1720.0)
    parts.utterances.ended(_ending(1600), 2050.0)
    parts.hastening.ended(1600, 1600.0)
    if disturb == "fail":
        parts.stream.changed(StreamClosed(0, RecognizerError("unavailable")), 1840.0)
    elif disturb == "drain":
        parts.stream.drain(1840.0)
    else:
        parts.stream.apply_command(StreamCommand.RENEW_OLD, 1820)
    parts.settles("שלום", 2400)
    assert (memory.seen(Kind.NATURAL)[1], memory.nothing) == (0, 1)

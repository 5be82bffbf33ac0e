"""What a caller's voice over an answer would have done at other settings."""

from dataclasses import replace

import pytest

from calls.core.actions import Partial, TurnAccepted
from calls.core.status import CallerActivity, VoicedRun
from calls.core.turns import Source, Turn
from calls.reply.items import Expect, ExpectationKind
from calls.whatif.barge_in_again import Fate, SoundingAnswer, SpokenOver, spoken_over
from calls.whatif.moments import Moment
from stt.tuning import Tuning

HANGOVER_MS = 220
ANSWER = SoundingAnswer("התור נקבע ליום ראשון", 1000, 6000)


def voice(text="", *, from_ms=2000, voiced_ms=300, words_ms=None, number=1, echo=False):
    """A caller who speaks over the answer: frame by frame, then the words, and the turn."""
    nobody = CallerActivity(last_utterance=number - 1)
    moments = [Moment(from_ms - 500, nobody)]
    for ms in range(20, voiced_ms + 1, 20):
        run = VoicedRun(from_ms, from_ms + ms - 20, ms)
        moments.append(Moment(from_ms + ms - 20, replace(nobody, speaking=ms >= 60, run=run)))
    last_ms = from_ms + voiced_ms - 20
    run = VoicedRun(from_ms, last_ms, voiced_ms)
    ended = CallerActivity(False, last_ms, number, run)
    moments.append(Moment(last_ms + HANGOVER_MS, ended))
    at_ms = last_ms + HANGOVER_MS + 100 if words_ms is None else words_ms
    if text:
        moments.append(Moment(at_ms, ended, Partial(number, text)))
    turn = Turn(number, from_ms, last_ms + 20, text, Source.FINAL, echo=echo)
    return [*moments, Moment(at_ms + 20, ended, TurnAccepted(turn))]


def test_words_interrupt():
    over = spoken_over(voice("כמה זה עולה", voiced_ms=900), ANSWER, Tuning())
    assert over == SpokenOver(Fate.INTERRUPTED, 2240, None, frozenset(), "כמה זה עולה")


@pytest.mark.parametrize(("barge_in_ms", "stopped_ms"), [(100, 2080), (250, 2240), (800, 2780), (1000, None)])
def test_so_much_voice_is_needed(barge_in_ms, stopped_ms):
    over = spoken_over(voice("כמה זה עולה", voiced_ms=900), ANSWER, Tuning(barge_in_ms=barge_in_ms))
    assert over.stopped_ms == stopped_ms


@pytest.mark.parametrize(
    ("resume_ms", "fate", "resumed_ms"),
    [(1200, Fate.RESUMED, 3480), (600, Fate.RESUMED, 2880), (0, Fate.STAYS_STOPPED, None)],
)
def test_a_noise_stops_it_for_so_long(resume_ms, fate, resumed_ms):
    over = spoken_over(voice(), ANSWER, Tuning(barge_in_resume_ms=resume_ms))
    assert (over.fate, over.stopped_ms, over.resumed_ms, over.words) == (fate, 2240, resumed_ms, "")


def test_a_backchannel_is_what_the_list_says():
    own = spoken_over(voice("כן כן"), ANSWER, Tuning())
    assert (own.fate, own.backchannels, own.words) == (Fate.RESUMED, {1}, "כן כן")
    assert own.resumed_ms == 2620  # at once, with its turn
    other = spoken_over(voice("כן כן"), ANSWER, Tuning(backchannels=()))
    assert (other.fate, other.backchannels) == (Fate.INTERRUPTED, frozenset())
    asked = replace(ANSWER, expect=Expect(ExpectationKind.YES_NO))
    assert spoken_over(voice("כן כן"), asked, Tuning()).fate is Fate.INTERRUPTED


def test_a_stop_word_needs_no_length():
    short = voice("רגע", voiced_ms=100)
    assert spoken_over(short, ANSWER, Tuning()).stopped_ms == 2400
    assert spoken_over(short, ANSWER, Tuning(stop_words=())).fate is Fate.PLAYS_ON
    own_word = replace(ANSWER, text="רגע אחד")
    assert spoken_over(short, own_word, Tuning()).fate is Fate.PLAYS_ON


def test_words_that_come_late_find_it_resumed():
    late = voice("כמה זה עולה", words_ms=4000)
    assert spoken_over(late, ANSWER, Tuning()).fate is Fate.RESUMED
    assert spoken_over(late, ANSWER, Tuning(barge_in_resume_ms=2000)).fate is Fate.INTERRUPTED


def test_our_own_words_given_back_are_a_backchannel():
    echo = spoken_over(voice("התור נקבע", echo=True), ANSWER, Tuning())
    assert (echo.fate, echo.backchannels, echo.words) == (Fate.RESUMED, {1}, "")


def test_words_of_ours_that_are_no_echo_are_the_callers():
    over = spoken_over(voice("ליום ראשון", voiced_ms=600), ANSWER, Tuning())
    assert (over.fate, over.words) == (Fate.INTERRUPTED, "ליום ראשון")


def test_nothing_is_left_to_go_on_with():
    over = spoken_over(voice(), replace(ANSWER, has_rest=False), Tuning())
    assert over.fate is Fate.STAYS_STOPPED


def test_voice_before_or_behind_an_answer_is_not_over_it():
    for from_ms in (100, 6000):
        assert spoken_over(voice("כמה", from_ms=from_ms), ANSWER, Tuning()) == SpokenOver()
    assert spoken_over([], ANSWER, Tuning()) == SpokenOver()

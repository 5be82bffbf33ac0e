"""An utterance on its way to its turn."""

from calls.core.turns import EndReason, Source, Turn
from calls.core.utterances import CUT_COVERAGE_MS, MIN_AGREEING, Ending, Hypotheses, Phase, Utterance


def hypotheses(*texts, covers=True):
    some = Hypotheses()
    for now_ms, text in enumerate(texts, 1):
        some.add(text, float(now_ms), covers=covers)
    return some


def test_hypotheses_that_agree_have_settled():
    assert not hypotheses(*["שלום"] * (MIN_AGREEING - 1)).settled
    assert hypotheses(*["שלום"] * MIN_AGREEING).settled


def test_another_word_begins_anew():
    assert not hypotheses("שלום", "שלום", "שלום לך").settled


def test_hypotheses_that_do_not_cover_the_utterance_do_not_settle():
    assert not hypotheses("שלום", "שלום", covers=False).settled


def test_the_first_hypothesis_with_words_is_the_first_partial():
    assert hypotheses("", "שלום", "שלום לך").first_ms == 2.0


def test_an_utterance_that_has_ended_waits_until_its_deadline():
    utterance = Utterance(1, 500, 500.0)
    assert utterance.depends_on_stream and not utterance.waits
    utterance.end(Ending(1100), 1550.0)
    assert utterance.depends_on_stream and utterance.waits
    assert (utterance.deadline_ms, utterance.look_at_ms) == (1550.0, 1550.0)


def test_one_that_was_asked_for_waits_for_the_answer_and_not_for_the_stream():
    utterance = Utterance(1, 500, 500.0)
    utterance.end(Ending(1100), 1550.0)
    utterance.ask(5550.0)
    assert utterance.waits and not utterance.depends_on_stream
    assert utterance.deadline_ms == 5550.0


def test_a_turn_that_is_held_back_is_reworded_but_never_emptied():
    utterance = Utterance(1, 500, 500.0)
    utterance.reword("שלום")
    assert utterance.turn is None
    utterance.accept(Turn(1, 500, 1100, "שלום", Source.PARTIAL))
    assert utterance.phase is Phase.DECIDED
    utterance.reword("שלום לך")
    utterance.reword("")
    assert utterance.turn.text == "שלום לך"


def test_an_utterance_that_was_cut_for_its_length_is_waited_for_longer():
    assert Ending(reason=EndReason.TOO_LONG).wait_ms(450) == CUT_COVERAGE_MS
    assert Ending(reason=EndReason.SILENCE).wait_ms(450) == 450

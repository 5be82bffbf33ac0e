"""What a process that takes a call over makes of its rows."""

from datetime import date

import pytest

from calls.core.agent_turns import FALSE_START, AgentTurn, AnswerTimes, Outcome, PlayedPart
from calls.core.kept_turns import KeptAnswer, KeptTurns
from calls.core.turns import Source, Turn
from calls.reply.dialogue import position_after
from calls.reply.dialogue_checks import script_of
from calls.reply.dialogue_text import plain_of
from calls.reply.items import Say
from calls.reply.rebuilt import rebuilt
from calls.reply.responder import Occasion

LONG = "משפט ראשון. משפט שני, ארוך."


def says(number, text, at_ms, revised=None):
    return Turn(number, at_ms, at_ms + 500, text, Source.FINAL, revised)


def answers(text, at_ms, *, heard=None, rule="open", to=None, outcome="played", code="", number=5001):
    heard = PlayedPart(text if heard is None else heard, 900, Outcome(outcome))
    turn = AgentTurn(number, at_ms, at_ms + 900, text, heard, AnswerTimes(rule), answers=to, code=code, revision=3)
    return KeptAnswer(turn, "MZ1")


def of(*kept, quiet_by=""):
    turns = tuple(one for one in kept if isinstance(one, Turn))
    return rebuilt(KeptTurns(turns, tuple(one for one in kept if isinstance(one, KeptAnswer))), quiet_by)


def exchanges(found):
    return [(one.occasion, one.question, one.answer, one.heard) for one in found.conversation.said]


def test_secrets_that_were_said_stay_known():
    assert rebuilt(KeptTurns(secrets=("1234",))).conversation.secrets == ["1234"]


def test_each_answer_is_an_exchange_with_the_turns_that_it_answers():
    found = of(
        answers("שלום.", 0, rule="opening"),
        says(1, "אני", 1000),
        says(2, "", 1500),
        says(3, "דנה", 2000, revised="דינה"),
        answers("נעים מאוד.", 3000, to=3),
        answers("עוד משהו?", 11_000, rule="silence"),
    )
    assert exchanges(found) == [
        (Occasion.OPENING, (), "שלום.", "שלום."),
        (Occasion.TURNS, ("אני", "דינה"), "נעים מאוד.", "נעים מאוד."),
        (Occasion.SILENCE, (), "עוד משהו?", "עוד משהו?"),
    ]
    assert (found.conversation.answers, found.pending, found.conversation.lost) == (3, (), None)


def test_an_answer_that_was_cut_off_is_gone_on_with_from_its_clause():
    found = of(says(1, "ספר", 0), answers(LONG, 1000, to=1, heard="משפט ראשון.", outcome="interrupted"))
    lost = found.conversation.lost
    assert lost.rest.items == (Say("משפט שני, ארוך.", cacheable=False),)
    assert (lost.rest.before, lost.occasion, lost.stream_sid) == ("משפט ראשון.", Occasion.TURNS, "MZ1")
    assert (lost.turn.number, lost.turn.revision) == (5001, 3)


def test_a_rest_is_no_exchange_of_its_own():
    cut = answers(LONG, 1000, to=1, heard="משפט ראשון.", outcome="resumed")
    found = of(says(1, "ספר", 0), cut, answers("משפט שני, ארוך.", 3000, rule="resumed"))
    assert exchanges(found) == [(Occasion.TURNS, ("ספר",), LONG, LONG)]
    assert found.conversation.lost is None


def test_a_rest_that_was_cut_off_is_gone_on_with():
    cut = answers(LONG, 1000, to=1, heard="משפט ראשון.", outcome="resumed")
    rest = answers("משפט שני, ארוך.", 3000, rule="resumed", heard="משפט שני,", outcome="interrupted")
    lost = of(says(1, "ספר", 0), cut, rest).conversation.lost
    assert lost.rest.items == (Say("ארוך.", cacheable=False),) and lost.rest.before == "משפט ראשון. משפט שני,"


def test_what_nobody_has_answered_is_answered_and_no_answer_goes_on_instead():
    found = of(answers(LONG, 0, rule="opening", heard="", outcome="interrupted"), says(1, "רגע", 1000))
    assert [turn.text for turn in found.pending] == ["רגע"]
    assert found.conversation.lost is None


def test_a_backchannel_is_not_answered():
    found = of(says(1, "ספר", 0), answers(LONG, 1000, to=1), says(2, "כן", 1100))
    assert found.pending == ()


def test_a_false_start_was_not_given():
    start = answers("כן?", 600, to=1, heard="", outcome="interrupted", code=FALSE_START)
    found = of(says(1, "אני", 0), start, says(2, "דנה", 1000), answers("שלום דנה.", 2000, to=2, number=5002))
    assert exchanges(found) == [(Occasion.TURNS, ("אני", "דנה"), "שלום דנה.", "שלום דנה.")]


@pytest.mark.parametrize(("outcomes", "failures"), [(("played",), 0), (("failed",), 1), (("failed", "played"), 0)])
def test_failures_count_on(outcomes, failures):
    found = of(*(answers("א.", at, rule="silence", outcome=outcome) for at, outcome in enumerate(outcomes)))
    assert found.conversation.failures == failures


def test_a_dialogue_finds_its_place_again():
    script = script_of(
        plain_of(
            "steps:\n  name:\n    say: מה שמך?\n    expect: open\n    save: name\n    match: city\n"
            "  city:\n    say: באיזו עיר?\n    expect: open\n    match: hang_up\nexamples: []\n"
        )
    )
    found = of(
        answers("מה שמך?", 0, rule="opening"),
        says(1, "דנה", 2000),
        answers("באיזו עיר?", 3000, to=1, heard="", outcome="interrupted"),
    )
    position = position_after(script, date(2026, 1, 1), found.conversation.said)
    assert (position.step, position.kept["name"].value) == ("city", "דנה")


def test_of_nothing_comes_a_conversation_that_has_not_begun():
    assert (of().conversation.said, of().pending, of().conversation.lost) == ((), (), None)


def test_a_line_that_a_supervisor_keeps_quiet_stays_so_and_goes_on_with_nothing():
    cut = says(1, "ספר", 0), answers(LONG, 1000, to=1, heard="משפט ראשון.", outcome="interrupted")
    conversation = of(*cut, quiet_by="dana").conversation
    assert (conversation.supervision.quiet_by, conversation.lost) == ("dana", None)
    assert of(*cut).conversation.supervision.quiet_by == ""

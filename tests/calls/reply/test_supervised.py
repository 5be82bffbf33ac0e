"""A supervisor has an answering call say something, be quiet, and answer again; in virtual time."""

import pytest

from calls.reply.items import Expect, ExpectationKind, HangUp, Say
from calls.reply.orders import MAX_WAITING, WAIT_MS, Order, SupervisorOrder
from calls.reply.responder import Occasion
from calls.reply.settings import AnswerLimits, AnswerSettings
from stt.tuning import Tuning
from tests.calls.reply.conversing import ToyResponder, ToyVoice, conversation
from tests.calls.reply.test_interruption import ANSWER_AT_MS, LONG, QUESTION_MS, answers_with, clears_ms

SENTENCE = "כבר בודקים את זה."
FIRST = "אנחנו פתוחים בכל יום ראשון, ובימי שני סגור."
"""The first piece of LONG: 2600 ms."""
AFTER_IT = "בסדר."
"""What the toy answers when something was said before."""


def supervised(steps, *items, **options):
    """A call whose line gives these items to its first question, and a short sentence to each other one."""
    responder = options.pop("responder", None) or ToyResponder(answers_with(*(items or [Say(LONG)])))
    nobody_asks_again = Tuning(silence_reprompt_ms=30_000)
    return conversation(steps, responder=responder, **({"opens": False, "tuning": nobody_asks_again} | options))


async def question(call, over_ms=1000):
    """A question, and its answer until this long after its first frame."""
    await call.says("מה שעות הפתיחה", ms=QUESTION_MS)
    await call.listen(ANSWER_AT_MS - call.now_ms + over_ms)


def made(call):
    """Each answer: what was to be said, outcome, rule, responder."""
    turns = [one for _, one in sorted(call.saved.items())]
    return [(one.text, one.heard.outcome, one.times.floor_rule, one.made_by.responder) for one in turns]


# Say


def test_a_sentence_is_said_where_nobody_speaks():
    async def steps(call):
        await call.listen(3000)
        assert call.supervise(Order.SAY, SENTENCE) == ""
        await call.listen(3000)

    call = supervised(steps)
    assert made(call) == [(SENTENCE, "played", "supervisor", "supervisor")]
    (turn,) = call.saved.values()
    assert turn.started_ms == 3000 + 50  # the voice's own time
    assert (turn.times.floor_ms, turn.answers, turn.heard.text) == (None, None, SENTENCE)
    (exchange,) = call.agent.conversation.said
    assert (exchange.occasion, exchange.question, exchange.answer) == (Occasion.SUPERVISOR, (), SENTENCE)
    assert call.responder.asked == []


def test_the_voice_may_not_keep_its_sound():
    kept = []

    class Voice(ToyVoice):
        def speak(self, text, cacheable=True, on_restart=lambda: None):
            kept.append(cacheable)
            return super().speak(text, cacheable, on_restart)

    async def steps(call):
        await call.listen(3000)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(2000)

    supervised(steps, voice=Voice())
    assert kept == [False]


def test_it_is_said_at_the_end_of_the_piece_that_is_played_and_the_rest_is_not():
    async def steps(call):
        await question(call)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(6000)

    call = supervised(steps, Say(LONG), HangUp())
    assert [one[:3] for one in made(call)] == [
        (LONG, "interrupted", "open"),
        (SENTENCE, "played", "supervisor"),
    ]
    cut, sentence = call.saved.values()
    assert (cut.heard.text, cut.code) == (FIRST, "by_supervisor")
    assert sentence.started_ms == pytest.approx(ANSWER_AT_MS + 2600 + 50, abs=150)  # and its mark's way
    assert clears_ms(call) == []
    assert call.ended == ""
    assert [one.interrupted for one in call.agent.conversation.said] == [False, False]


def test_an_answer_that_was_heard_to_its_end_all_the_same_was_not_stopped():
    async def steps(call):
        await question(call, over_ms=200)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(4000)
        assert call.ended == ""

    call = supervised(steps, Say("בתשע בבוקר."), HangUp())
    answer, _ = call.saved.values()
    assert (answer.heard.outcome, answer.code) == ("played", "")


def test_what_may_not_be_spoken_over_is_said_before_it():
    async def steps(call):
        await question(call)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(8000)

    call = supervised(steps, Say(LONG, interruptible=False))
    assert [one[:2] for one in made(call)] == [(LONG, "played"), (SENTENCE, "played")]


def test_the_greeting_that_has_not_sounded_is_said_first():
    async def steps(call):
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(8000)

    call = supervised(steps, settings=AnswerSettings(responder="toy", greeting="הגעתם אלינו."))
    assert [one[0] for one in made(call)] == ["הגעתם אלינו.", SENTENCE]


def test_a_question_that_waits_for_its_answer_is_answered_after_it():
    async def steps(call):
        await call.says("מה שעות הפתיחה", ms=QUESTION_MS)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(9000)

    call = supervised(steps)
    assert [one[0] for one in made(call)] == [SENTENCE, AFTER_IT]
    sentence, answer = call.saved.values()
    assert sentence.started_ms >= ANSWER_AT_MS  # the caller's pause is waited for
    assert answer.answers == 1


def test_a_late_answer_is_given_up_for_it_and_made_again():
    """It had the floor, and no sound yet."""

    async def steps(call):
        await call.says("מה שעות הפתיחה", ms=QUESTION_MS)
        await call.listen(ANSWER_AT_MS + 300 - call.now_ms)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(9000)

    call = supervised(steps, 2000, Say(LONG))
    assert [one[0] for one in made(call)] == [SENTENCE, AFTER_IT]
    assert call.responder.asked == [("turns", "מה שעות הפתיחה")] * 2


def test_it_waits_until_the_caller_has_spoken_and_their_words_are_answered_too():
    async def steps(call):
        await call.listen(3000)
        call.begins_to_speak()
        await call.listen(200)
        call.supervise(Order.SAY, SENTENCE)
        await call.says("מה שעות הפתיחה", ms=3000)
        await call.listen(9000)

    call = supervised(steps)
    assert [one[0] for one in made(call)] == [SENTENCE, AFTER_IT]
    assert next(iter(call.saved.values())).started_ms >= 3000 + 200 + 3000 + 1000


def test_a_caller_who_begins_before_its_first_sound_delays_it():
    async def steps(call):
        await call.listen(3000)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(20)
        await call.says("רגע", ms=500)
        await call.listen(9000)

    call = supervised(steps, responder=ToyResponder(lambda *_: []))
    assert [one[:2] for one in made(call)] == [(SENTENCE, "played")]
    assert next(iter(call.saved.values())).started_ms >= 4500


def test_a_caller_who_talks_for_ever_does_not_hear_it():
    async def steps(call):
        await call.listen(3000)
        call.begins_to_speak()
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(WAIT_MS + 1000)

    call = supervised(steps)
    assert (made(call), call.codes, call.unsaid) == ([], ["sentence_dropped"], [SENTENCE])


def test_the_caller_may_speak_over_it():
    async def steps(call):
        await call.listen(3000)
        call.supervise(Order.SAY, LONG)
        await call.listen(1500)
        await call.says("סליחה אבל אני צריך משהו אחר", ms=1500)
        await call.listen(4000)

    call = supervised(steps, Say("בסדר."))
    assert [one[:2] for one in made(call)] == [(LONG, "interrupted"), ("בסדר.", "played")]
    assert len(clears_ms(call)) == 1


def test_a_noise_over_it_lets_it_go_on_and_asks_nobody():
    async def steps(call):
        await call.listen(3000)
        call.supervise(Order.SAY, LONG)
        await call.listen(2500)
        await call.says("", ms=400)
        await call.listen(9000)

    call = supervised(steps)
    assert [(one[1], one[2], one[3]) for one in made(call)] == [
        ("resumed", "supervisor", "supervisor"),
        ("played", "resumed", "supervisor"),
    ]
    assert call.responder.asked == []


def test_what_the_line_expects_of_the_caller_is_as_before():
    expect = Expect(ExpectationKind.DIGITS, min_digits=9, max_digits=9)

    async def steps(call):
        await call.listen(3000)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(3000)

    call = supervised(steps, responder=ToyResponder(lambda *_: [Say("מה המספר?"), expect]), opens=True)
    assert [one.expected for one in call.agent.conversation.said] == [expect, expect]
    assert call.agent.conversation.expected == expect


def test_sentences_are_said_one_after_the_other_and_a_fourth_is_refused():
    async def steps(call):
        await call.listen(3000)
        call.begins_to_speak()
        assert [call.supervise(Order.SAY, f"{n}.") for n in "אבגד"] == ["", "", "", "too_many_sentences"]
        await call.says("כן", ms=1000)
        await call.listen(9000)

    call = supervised(steps, responder=ToyResponder(lambda *_: []))
    assert ([one[0] for one in made(call)], call.unsaid) == (["א.", "ב.", "ג."], [])
    assert MAX_WAITING == 3


def test_long_sentences_do_not_use_up_each_others_time():
    long = "בודקים " * 33 + "עכשיו."
    assert 60 * len(long) * 2 > WAIT_MS

    async def steps(call):
        await call.listen(3000)
        for _ in range(3):
            call.supervise(Order.SAY, long)
        await call.listen(60_000)

    call = supervised(steps)
    assert [one[1:3] for one in made(call)][:3] == [("played", "supervisor")] * 3


def test_a_voice_that_cannot_say_it_is_noted_and_nothing_is_said_in_its_place():
    async def steps(call):
        await call.listen(3000)
        call.supervise(Order.SAY, SENTENCE)
        call.supervise(Order.SAY, "רגע.")
        await call.listen(4000)

    call = supervised(steps, voice=ToyVoice(fails={SENTENCE: "text_unspeakable", "כבר בודקים את זה": "x"}))
    assert [one[0] for one in made(call)] == ["רגע."]
    assert (call.codes, call.unsaid) == (["text_unspeakable"], [SENTENCE])
    assert call.ended == ""


def test_a_line_without_a_voice_says_so():
    voice = ToyVoice()
    voice.says_any_text = False

    async def steps(call):
        assert call.supervise(Order.SAY, SENTENCE) == "no_voice"

    supervised(steps, voice=voice)


def test_a_call_beyond_its_limits_says_it_all_the_same():
    async def steps(call):
        await call.listen(3000)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(3000)

    limits = AnswerLimits(agent_turns=0)
    assert made(supervised(steps, settings=AnswerSettings(responder="toy", limits=limits)))[0][0] == SENTENCE


class Listening(ToyResponder):
    name = "silent"


def test_a_line_that_only_listens_says_it_and_may_be_spoken_over():
    async def steps(call):
        await call.says("שלום", ms=1000)
        await call.listen(2000)
        assert call.supervise(Order.SAY, LONG) == ""
        await call.listen(2000)
        await call.says("רגע רגע", ms=1000)
        await call.listen(9000)

    call = supervised(steps, responder=Listening())
    assert [one[:2] for one in made(call)] == [(LONG, "interrupted")]
    assert call.responder.asked == []


def test_a_line_that_only_listens_is_quiet_already():
    async def steps(call):
        assert call.supervise(Order.QUIET) == "not_answering"
        assert call.supervise(Order.RELEASE) == "not_answering"

    supervised(steps, responder=Listening())


def test_a_goodbye_that_gives_way_to_it_does_not_hang_up():
    tuning = Tuning(silence_reprompt_ms=4000, reprompts=0)

    async def steps(call):
        await call.listen(4500)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(4000)
        assert call.ended == ""
        await call.listen(8000)

    call = supervised(steps, responder=ToyResponder(lambda *_: [Say(LONG)]), tuning=tuning)
    assert call.ended == "answered"  # behind the next one


# Be quiet


def test_the_line_stops_at_once_and_answers_nothing():
    async def steps(call):
        await question(call)
        assert call.supervise(Order.QUIET) == ""
        assert call.agent.quiet_by == "dana"
        await call.says("וביום שישי", ms=1000)
        await call.listen(20_000)

    call = supervised(steps, Say(LONG), HangUp())
    assert clears_ms(call) == [pytest.approx(ANSWER_AT_MS + 1000, abs=1)]
    assert [one[:2] for one in made(call)] == [(LONG, "interrupted")]
    assert next(iter(call.saved.values())).code == "by_supervisor"
    assert (call.ended, call.responder.asked) == ("", [("turns", "מה שעות הפתיחה")])
    assert call.sent[-1] == ("clear", 0)


def test_when_it_answers_again_only_new_words_are_answered():
    async def steps(call):
        await question(call)
        call.supervise(Order.QUIET)
        await call.says("וביום שישי", ms=1000)
        await call.listen(3000)
        assert call.supervise(Order.RELEASE) == ""
        assert call.agent.quiet_by == ""
        await call.listen(3000)
        await call.says("ומחר", ms=600)
        await call.listen(4000)

    call = supervised(steps)
    assert call.responder.asked == [("turns", "מה שעות הפתיחה"), ("turns", "ומחר")]
    assert [(one.occasion.value, one.question, one.answer) for one in call.agent.conversation.said] == [
        ("turns", ("מה שעות הפתיחה",), LONG),
        ("supervisor", ("וביום שישי",), ""),
        ("turns", ("ומחר",), "בסדר."),
    ]


def test_words_that_come_late_are_not_answered_late():
    """They were spoken before, and their turn is there after."""

    async def steps(call):
        call.supervise(Order.QUIET)
        call.loop.call_later(1.5, call.supervise, Order.RELEASE)
        await call.says("וביום שישי", ms=1000, words_after_ms=1500)
        await call.listen(4000)

    call = supervised(steps)
    assert (call.responder.asked, call.saved) == ([], {})


def test_what_the_caller_is_saying_when_it_answers_again_is_answered():
    async def steps(call):
        call.supervise(Order.QUIET)
        call.loop.call_later(0.5, call.supervise, Order.RELEASE)
        await call.says("מה שעות הפתיחה", ms=1000)
        await call.listen(4000)

    assert supervised(steps).responder.asked == [("turns", "מה שעות הפתיחה")]


def test_a_question_that_was_not_answered_yet_never_is():
    async def steps(call):
        await call.says("מה שעות הפתיחה", ms=QUESTION_MS)
        call.supervise(Order.QUIET)
        await call.listen(3000)
        call.supervise(Order.RELEASE)
        await call.listen(3000)

    call = supervised(steps)
    assert call.saved == {}
    assert [one.question for one in call.agent.conversation.said] == [("מה שעות הפתיחה",)]


def test_silence_is_counted_from_then_on():
    tuning = Tuning(silence_reprompt_ms=5000)

    async def steps(call):
        call.supervise(Order.QUIET)
        await call.listen(30_000)
        assert call.responder.asked == []
        call.supervise(Order.RELEASE)
        await call.listen(4500)
        assert call.responder.asked == []
        await call.listen(2000)

    call = supervised(steps, responder=ToyResponder(lambda *_: [Say("הלו?")]), tuning=tuning)
    assert call.responder.asked[0] == ("silence", "")


def test_a_quiet_line_says_what_a_supervisor_types():
    async def steps(call):
        await question(call)
        call.supervise(Order.QUIET)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(3000)
        await call.says("תודה", ms=500)
        await call.listen(3000)

    call = supervised(steps)
    assert [one[0] for one in made(call)] == [LONG, SENTENCE]


def test_an_answer_that_was_stopped_by_a_noise_does_not_go_on():
    async def steps(call):
        await question(call, over_ms=1500)
        await call.says("", ms=400)
        call.supervise(Order.QUIET)
        await call.listen(6000)

    assert [one[:2] for one in made(supervised(steps))] == [(LONG, "interrupted")]


def test_a_filler_is_silenced_too():
    tuning = Tuning(filler_after_ms=300)

    async def steps(call):
        await call.says("מה שעות הפתיחה", ms=QUESTION_MS)
        await call.listen(ANSWER_AT_MS + 500 - call.now_ms)
        call.supervise(Order.QUIET)
        await call.listen(6000)

    call = supervised(steps, 2400, Say(LONG), tuning=tuning)
    assert len(clears_ms(call)) == 1
    assert call.saved == {}


def test_sentences_that_wait_are_given_up_with_it():
    async def steps(call):
        await call.listen(3000)
        call.begins_to_speak()
        call.supervise(Order.SAY, SENTENCE)
        call.supervise(Order.QUIET)
        await call.says("כן", ms=500)
        await call.listen(5000)

    call = supervised(steps)
    assert (call.saved, call.unsaid) == ({}, [SENTENCE])


def test_a_sentence_that_waits_when_the_stream_ends_is_said_in_the_next_one():
    async def first(call):
        await call.listen(3000)
        call.begins_to_speak()
        assert call.supervise(Order.SAY, SENTENCE) == ""

    async def next_one(call):
        call.wake()
        await call.listen(4000)

    lost = supervised(first)
    call = supervised(next_one, conversation=lost.agent.conversation)
    assert (lost.unsaid, made(call)[0][:2], call.unsaid) == ([SENTENCE], (SENTENCE, "played"), [])
    assert call.agent.conversation.supervision.saying == SENTENCE


def test_twice_is_said_to_be_so():
    async def steps(call):
        assert call.supervise(Order.RELEASE) == "not_quiet"
        call.supervise(Order.QUIET)
        assert call.supervise(Order.QUIET, by="avi") == "already_quiet"
        assert call.agent.quiet_by == "dana"

    supervised(steps)


def test_a_call_that_has_ended_takes_no_orders():
    async def steps(call):
        call.agent.stop(call.now_ms)
        assert call.supervise(Order.SAY, SENTENCE) == "call_ended"
        assert call.supervise(Order.QUIET) == "call_ended"

    supervised(steps)


def test_a_process_that_ends_takes_none_either():
    async def steps(call):
        await question(call)
        call.agent.finish(call.now_ms)
        assert call.supervise(Order.SAY, SENTENCE) == "call_ended"
        await call.listen(3000)

    supervised(steps)


def test_the_calls_next_stream_is_as_quiet():
    async def first(call):
        call.supervise(Order.QUIET)

    async def next_one(call):
        assert call.agent.quiet_by == "dana"
        await call.says("הלו", ms=500)
        await call.listen(4000)

    call = supervised(next_one, conversation=supervised(first).agent.conversation)
    assert (call.responder.asked, call.saved) == ([], {})


# Known late


def not_known(call):
    call.agent.conversation.supervision.is_known = False


def test_a_quiet_that_is_known_late_stops_what_sounds():
    async def steps(call):
        not_known(call)
        await question(call)
        assert call.supervise(Order.AS_KEPT) == ""
        assert call.agent.quiet_by != ""
        assert call.supervise(Order.QUIET) == "already_quiet"
        await call.listen(1000)

    call = supervised(steps)
    ((text, outcome, *_),) = made(call)
    assert (text, outcome) == (LONG, "interrupted")


@pytest.mark.parametrize("order", [Order.QUIET, Order.RELEASE])
def test_an_order_that_is_given_before_it_is_known_is_newer(order):
    async def steps(call):
        not_known(call)
        await call.listen(500)
        assert call.supervise(order) == ""
        quiet_by = call.agent.quiet_by
        assert bool(quiet_by) == (order is Order.QUIET)
        assert call.supervise(Order.AS_KEPT) == ""
        assert call.agent.quiet_by == quiet_by
        assert call.supervise(Order.RELEASE) == ("" if order is Order.QUIET else "not_quiet")

    supervised(steps)


def test_that_nobody_keeps_it_quiet_changes_nothing():
    async def steps(call):
        not_known(call)
        await question(call)
        call.agent.supervise(SupervisorOrder("CA1", Order.AS_KEPT, ""), call.now_ms)
        assert call.supervise(Order.RELEASE) == "not_quiet"
        await call.listen(8000)

    call = supervised(steps)
    ((_, outcome, *_),) = made(call)
    assert outcome == "played"


# A hand-over that failed


def test_after_a_hand_over_that_failed_the_rest_is_said_and_what_follows_it_done():
    async def steps(call):
        await question(call, over_ms=3500)
        call.supervise(Order.QUIET)
        await call.listen(300)
        assert call.supervise(Order.RELEASE, says_rest=True) == ""
        await call.listen(9000)

    call = supervised(steps, Say(LONG), HangUp())
    assert [one[1:3] for one in made(call)] == [("resumed", "open"), ("played", "resumed")]
    _, rest = (turn for _, turn in sorted(call.saved.items()))
    assert LONG.endswith(rest.text) and len(rest.text) < len(LONG)
    assert rest.started_ms < ANSWER_AT_MS + 3500 + 300 + 1000
    assert (call.ended, call.responder.asked) == ("answered", [("turns", "מה שעות הפתיחה")])
    (exchange,) = call.agent.conversation.said
    assert (exchange.answer, exchange.heard) == (LONG, LONG)


def test_a_greeting_that_a_hand_over_stopped_is_said_to_its_end():
    async def steps(call):
        await call.listen(1500)
        call.supervise(Order.QUIET)
        call.supervise(Order.RELEASE, says_rest=True)
        await call.listen(9000)

    call = supervised(steps, opens=True, responder=ToyResponder(lambda *_: [Say(LONG)]))
    assert [one[1] for one in made(call)] == ["resumed", "played"]


def test_what_the_caller_asked_meanwhile_is_left_and_the_rest_is_said():
    async def steps(call):
        await question(call)
        call.supervise(Order.QUIET)
        await call.says("הלו", ms=600)
        await call.listen(1500)
        call.supervise(Order.RELEASE, says_rest=True)
        await call.listen(9000)

    call = supervised(steps)
    assert [one[1] for one in made(call)] == ["resumed", "played"]
    assert call.responder.asked == [("turns", "מה שעות הפתיחה")]


def test_a_question_that_comes_before_the_rest_is_answered_in_its_place():
    async def steps(call):
        await question(call)
        call.supervise(Order.QUIET)
        call.loop.call_later(0.5, lambda: call.supervise(Order.RELEASE, says_rest=True))
        await call.says("ומחר", ms=1000)
        await call.listen(6000)

    call = supervised(steps)
    assert [one[:2] for one in made(call)] == [(LONG, "interrupted"), (AFTER_IT, "played")]


def test_a_sentence_that_is_said_meanwhile_takes_the_place_of_the_rest():
    async def steps(call):
        await question(call)
        call.supervise(Order.QUIET)
        call.supervise(Order.SAY, SENTENCE)
        await call.listen(4000)
        call.supervise(Order.RELEASE, says_rest=True)
        await call.listen(6000)

    call = supervised(steps)
    assert [one[:2] for one in made(call)] == [(LONG, "interrupted"), (SENTENCE, "played")]


def test_an_answer_that_was_stopped_stays_so_where_a_person_has_it_answer_again():
    async def steps(call):
        await question(call)
        call.supervise(Order.QUIET)
        await call.listen(1000)
        call.supervise(Order.RELEASE)
        await call.listen(6000)

    assert [one[:2] for one in made(supervised(steps))] == [(LONG, "interrupted")]


def test_a_second_hand_over_holds_the_rest_back_until_it_has_failed_too():
    async def steps(call):
        await question(call)
        call.supervise(Order.QUIET)
        call.supervise(Order.RELEASE, says_rest=True)
        call.supervise(Order.QUIET)
        await call.listen(5000)
        assert len(made(call)) == 1
        call.supervise(Order.RELEASE, says_rest=True)
        await call.listen(9000)

    assert [one[1] for one in made(supervised(steps))] == ["resumed", "played"]

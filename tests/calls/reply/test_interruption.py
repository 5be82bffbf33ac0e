"""A caller who speaks over an answer, in virtual time: it stops, goes on, or was a false start."""

import pytest

from calls.lab.playout import TwilioHabits
from calls.reply.items import Expect, ExpectationKind, HangUp, NoteValue, Say, Transfer
from calls.reply.settings import AnswerSettings
from stt.audio import BYTES_PER_MS
from stt.tuning import Tuning
from tests.calls.reply.conversing import ToyResponder, ToyVoice, conversation

LONG = "אנחנו פתוחים בכל יום ראשון, ובימי שני סגור. ביום שלישי יש קבלת קהל עד הערב."
"""Two pieces: of 2600 and 2000 ms."""
QUESTION_MS = 800
ANSWER_AT_MS = QUESTION_MS + 1000
"""Its first frame: behind the open pause, in which it was made ready."""


def answers_with(*items, then="בסדר."):
    """The first question gets these items, each later one a short sentence."""

    def answers(call, question, said):
        return list(items) if not said else [Say(then)]

    return answers


def interrupted(*spoken, items=None, over_ms=2000, then_ms=6000, tuning=None, **options):
    """A question, and ``spoken`` over its answer, ``over_ms`` after the first frame."""
    responder = ToyResponder(answers_with(*(items or [Say(LONG)])))

    async def steps(call):
        await call.says("מה שעות הפתיחה", ms=QUESTION_MS)
        await call.listen(ANSWER_AT_MS - call.now_ms + over_ms)
        for text, ms, *more in spoken:
            await call.says(text, ms, **(more[0] if more else {}))
            await call.listen(200)
        await call.listen(then_ms)

    return conversation(steps, responder=responder, opens=False, tuning=tuning, **options)


def clears_ms(call):
    return [at / BYTES_PER_MS for at in call.playout.clears_samples]


def test_a_quarter_of_a_second_of_voice_stops_the_answer_and_the_words_are_answered():
    call = interrupted(("וביום שישי", 1000))
    assert clears_ms(call) == [pytest.approx(ANSWER_AT_MS + 2000 + 250, abs=21)]
    assert [(heard, outcome) for _, heard, outcome in call.answers] == [
        ("אנחנו פתוחים בכל יום ראשון,", "interrupted"),  # to the mark at 2000 ms
        ("בסדר.", "played"),
    ]
    assert call.responder.asked[-1] == ("turns", "וביום שישי")
    assert call.responder.heard == ["אנחנו פתוחים בכל יום ראשון,"]
    assert [one.interrupted for one in call.agent.conversation.said] == [True, False]
    assert call.codes == ["interrupted"]


def test_nothing_of_the_answer_is_sent_behind_the_clear():
    call = interrupted(("וביום שישי", 1000))
    clear = call.playout.clears_samples[0]
    assert [one.cut for one in call.playout.played if one.at_samples < clear][-1]
    later = [one.at_samples for one in call.playout.played if one.at_samples >= clear]
    assert later and later[0] / BYTES_PER_MS > ANSWER_AT_MS + 3000  # the next answer


def test_a_backchannel_stops_it_and_it_goes_on_from_the_clause_that_was_cut():
    call = interrupted(("אהה", 400))
    assert [(text, outcome) for text, _, outcome in call.answers] == [
        (LONG, "resumed"),
        ("ובימי שני סגור. ביום שלישי יש קבלת קהל עד הערב.", "played"),
    ]
    assert call.codes == ["barge_in_resumed"]
    assert [one for one in call.responder.asked if one[0] == "turns"] == [("turns", "מה שעות הפתיחה")]
    assert call.saved[5002].times.floor_rule == "resumed"
    (only,) = call.agent.conversation.said
    assert (only.answer, only.heard, only.interrupted) == (LONG, LONG, False)


def test_it_goes_on_behind_what_was_heard():
    call = interrupted(("אהה", 400), over_ms=3400)
    assert [text for text, *_ in call.answers] == [LONG, "ביום שלישי יש קבלת קהל עד הערב."]
    (only,) = call.agent.conversation.said
    assert only.heard == LONG


def test_a_noise_without_words_is_waited_for_and_then_it_goes_on():
    call = interrupted(("", 400, {"words_after_ms": 6000}), then_ms=0)
    assert [outcome for *_, outcome in call.answers] == ["resumed", "played"]
    resumed_ms = call.saved[5002].started_ms
    assert resumed_ms == pytest.approx(ANSWER_AT_MS + 2000 + 400 + 1200, abs=60)


def test_where_resuming_is_off_a_noise_ends_the_answer():
    call = interrupted(("", 400), tuning=Tuning(barge_in_resume_ms=0), then_ms=3000)
    assert [outcome for *_, outcome in call.answers] == ["interrupted"]


def test_a_short_noise_stops_nothing():
    call = interrupted(("", 200))
    assert (clears_ms(call), [outcome for *_, outcome in call.answers]) == ([], ["played"])


def test_a_short_backchannel_stops_nothing_and_is_not_answered():
    call = interrupted(("כן", 200))
    assert (clears_ms(call), [outcome for *_, outcome in call.answers]) == ([], ["played"])
    assert call.responder.asked[-1] == ("turns", "מה שעות הפתיחה")


def test_a_short_yes_to_what_is_being_asked_is_an_answer():
    items = (Say("אתם רוצים לקבוע תור ליום ראשון בבוקר בשעה תשע."), Expect(ExpectationKind.YES_NO))
    call = interrupted(("כן", 200), items=items)
    assert call.responder.asked[-1] == ("turns", "כן")


def test_a_yes_before_the_question_was_heard_is_a_backchannel():
    items = (Say(LONG), Say("אתם רוצים לקבוע תור?"), Expect(ExpectationKind.YES_NO))
    call = interrupted(("כן כן", 400), items=items, then_ms=9000)
    assert [outcome for *_, outcome in call.answers] == ["resumed", "played"]
    assert call.responder.asked[-1][0] != "turns" or call.responder.asked[-1][1] != "כן כן"


def test_a_stop_word_stops_it_as_soon_as_it_is_recognised():
    call = interrupted(("רגע", 200, {"partials": [(160, "רגע")]}))
    assert clears_ms(call) == [pytest.approx(ANSWER_AT_MS + 2000 + 160, abs=21)]
    assert call.responder.asked[-1] == ("turns", "רגע")


def test_a_backchannel_that_was_misheard_at_first_is_none_the_less_one():
    call = interrupted(("כן כן", 400, {"partials": [(300, "כנראה")], "words_after_ms": 2500}))
    assert [outcome for *_, outcome in call.answers] == ["resumed", "played"]
    assert call.responder.asked[-1] == ("turns", "מה שעות הפתיחה")


def test_a_caller_who_says_our_words_back_as_a_question_has_interrupted():
    call = interrupted(("בכל יום ראשון", 600), tuning=Tuning(answer_pause_ms=2500, answer_pause_unfinished_ms=3000))
    assert [outcome for *_, outcome in call.answers] == ["interrupted", "played"]
    assert call.responder.asked[-1] == ("turns", "בכל יום ראשון")


def test_a_backchannel_beside_words_of_ours_that_came_back_is_one():
    call = interrupted(("בכל יום כן כן", 600))
    assert [outcome for *_, outcome in call.answers] == ["resumed", "played"]


def test_our_words_that_come_late_do_not_stop_what_goes_on():
    call = interrupted(("", 400, {"partials": [(2100, "בכל יום")], "words_after_ms": 9000}), then_ms=0)
    assert [outcome for *_, outcome in call.answers] == ["resumed", "played"]


def test_while_there_are_words_nothing_goes_on():
    call = interrupted(("מה עם שישי", 600, {"partials": [(400, "מה עם")], "words_after_ms": 3000}))
    assert [outcome for *_, outcome in call.answers] == ["interrupted", "played"]
    assert call.codes == ["interrupted"]


def test_words_that_come_after_it_went_on_stop_it_again():
    call = interrupted(("מה עם שישי", 400, {"words_after_ms": 2500}))
    assert [outcome for *_, outcome in call.answers] == ["resumed", "interrupted", "played"]
    assert call.responder.asked[-1] == ("turns", "מה עם שישי")


def test_uninterruptible_words_are_played_to_their_end_and_the_turn_is_answered_after_them():
    call = interrupted(("מה עם שישי", 600), items=(Say(LONG, interruptible=False),))
    assert [outcome for *_, outcome in call.answers] == ["played", "played"]
    assert clears_ms(call) == []


def test_a_caller_who_still_speaks_when_uninterruptible_words_end_stops_the_next_ones():
    items = (Say("השיחה מוקלטת לצורך שיפור השירות.", interruptible=False), Say(LONG))
    call = interrupted(("אבל אני רוצה לדעת מה עם שישי", 2500), items=items, over_ms=700)
    assert call.answers[0][1:] == ("השיחה מוקלטת לצורך שיפור השירות.", "interrupted")
    assert call.responder.asked[-1][1] == "אבל אני רוצה לדעת מה עם שישי"


def test_a_caller_who_goes_on_at_once_had_not_finished_and_both_turns_are_one_question():
    call = interrupted(("ביום שישי", 800), over_ms=100)
    assert call.responder.asked[-1] == ("turns", "מה שעות הפתיחה ביום שישי")
    assert call.codes == ["false_start"]
    assert call.saved[5001].code == "false_start" and call.saved[5001].heard.outcome == "interrupted"
    assert call.agent.conversation.answered_numbers == ((1, 2),)


def test_a_false_start_that_has_done_something_stays_an_answer():
    call = interrupted(("ביום שישי", 800), items=(NoteValue("day", "1"), Say(LONG)), over_ms=100)
    assert call.responder.asked[-1] == ("turns", "ביום שישי")
    assert call.kept == [("day", "1")]


@pytest.mark.parametrize("act", [HangUp(), Transfer("דנה", id="t")])
def test_an_interruption_cancels_what_was_to_be_done_behind_the_words(act):
    settings = AnswerSettings(responder="toy", people={"דנה": "+97231"})
    call = interrupted(("רגע יש לי עוד שאלה", 900), items=(Say(LONG), act), settings=settings)
    assert (call.ended, call.transfers) == ("", [])


def test_what_was_to_be_done_is_done_behind_an_answer_that_goes_on():
    settings = AnswerSettings(responder="toy", people={"דנה": "+97231"})
    items = (Say(LONG), NoteValue("a", "1", id="n"), Transfer("דנה", id="t"))
    call = interrupted(("אהה", 400), items=items, settings=settings)
    assert (call.kept, call.transfers, call.codes) == ([("a", "1")], ["דנה"], ["barge_in_resumed"])


def test_an_act_that_has_begun_is_not_cancelled_and_not_done_again():
    settings = AnswerSettings(responder="toy", people={"דנה": "+97231"})
    items = (Say("מעבירה."), Transfer("דנה", id="t"), Say(LONG))
    call = interrupted(("אהה", 400), items=items, settings=settings, over_ms=900)
    assert call.transfers == ["דנה"] and "act_twice" not in call.codes


def test_what_an_answer_expects_stands_after_it_was_interrupted():
    items = (Say(LONG), Expect(ExpectationKind.YES_NO))
    call = interrupted(("לא תודה", 500), items=items, over_ms=3400)
    assert call.saved[5002].times.floor_rule == "expected"


def test_a_second_noise_ends_a_piece_that_goes_on_and_a_second_backchannel_does_not():
    async def steps(call):
        await call.says("מה שעות הפתיחה", ms=QUESTION_MS)
        await call.listen(ANSWER_AT_MS - call.now_ms + 900)
        await call.says("", 400)
        await call.listen(1500)  # it goes on, and has not come to the next piece
        await call.says("", 400)
        await call.listen(3000)

    call = conversation(steps, responder=ToyResponder(answers_with(Say(LONG))), opens=False)
    assert [outcome for *_, outcome in call.answers] == ["resumed", "interrupted"]
    call = interrupted(("אהה", 400), ("אהה", 400), over_ms=900)
    assert [outcome for *_, outcome in call.answers][-1] == "played"
    assert [one for one in call.responder.asked if one[0] == "turns"] == [("turns", "מה שעות הפתיחה")]


def test_a_responder_that_had_said_all_is_not_asked_for_more_though_its_voice_still_speaks():
    call = interrupted(("אהה", 400), voice=ToyVoice(pause_ms=190), over_ms=900, then_ms=9000)
    assert [outcome for *_, outcome in call.answers] == ["resumed", "played"]
    assert len([one for one in call.responder.asked if one[0] == "turns"]) == 1


def test_a_responder_that_was_not_done_is_asked_for_the_rest():
    asked = []

    def answers(call, question, said):
        if call.goes_on:
            asked.append(said[-1].answer)
            return [Say("ויתר הימים סגור.")]
        return [Say("אנחנו פתוחים בכל יום ראשון בבוקר."), 6000, Say("לא נאמר.")] if question else []

    async def steps(call):
        await call.says("מה שעות הפתיחה")
        await call.listen(ANSWER_AT_MS - call.now_ms + 1100)
        await call.says("אהה", 400)
        await call.listen(9000)

    tuning = Tuning(responder_first_ms=8000)
    call = conversation(steps, responder=ToyResponder(answers), tuning=tuning, opens=False)
    assert asked == ["אנחנו פתוחים בכל יום ראשון בבוקר."]
    (only,) = call.agent.conversation.said
    assert only.heard == "אנחנו פתוחים בכל יום ראשון בבוקר. ויתר הימים סגור."


def test_the_responder_and_the_voice_are_cancelled_in_the_moment_of_the_interruption():
    def answers(call, question, said):
        return [Say("אנחנו פתוחים בכל יום ראשון בבוקר."), 60_000] if question and not said else []

    async def steps(call):
        await call.says("מה שעות הפתיחה")
        await call.listen(ANSWER_AT_MS - call.now_ms + 500)
        call.begins_to_speak()
        await call.listen(240)
        assert (call.responder.open, call.voice.open) == (1, 1)
        await call.listen(40)
        assert (call.responder.open, call.voice.open) == (0, 0)

    conversation(
        steps, responder=ToyResponder(answers), voice=ToyVoice(), tuning=Tuning(responder_first_ms=10_000), opens=False
    )


def test_a_goodbye_that_is_spoken_over_does_not_hang_up():
    def answers(call, question, said):
        return {"goodbye": [Say("להתראות, נשמח לעמוד לרשותכם שוב.")]}.get(call.occasion, [Say("כן.")])

    async def steps(call):
        await call.listen(1000)
        while "goodbye" not in [occasion for occasion, _ in call.responder.asked]:
            await call.listen(200)
        await call.listen(500)
        await call.says("רגע אני פה", 600)
        await call.listen(3000)

    call = conversation(steps, responder=ToyResponder(answers), tuning=Tuning(reprompts=0))
    assert call.ended == "" and call.responder.asked[-1] == ("turns", "רגע אני פה")


def test_marks_that_cross_the_clear_count_as_unheard():
    habits = TwilioHabits(late_marks_ms=400, late_clear_ms=300)
    call = interrupted(("וביום שישי", 1000), over_ms=2000, habits=habits)
    crossed = {mark.name for mark in call.playout.marks if mark.fate == "crossed"}
    assert "a1.1.2" in crossed  # reached at 2000 ms in truth, and told too late
    assert call.answers[0][1] == "אנחנו פתוחים"


def test_a_caller_who_speaks_when_all_was_played_interrupts_nothing_though_its_marks_are_lost():
    call = interrupted(("וביום שישי", 1000), over_ms=5500, habits=TwilioHabits(lose_marks=1.0))
    assert clears_ms(call) == []
    assert [outcome for *_, outcome in call.answers] == ["played", "played"]


def test_the_line_that_only_transcribes_is_not_interrupted():
    class Silent(ToyResponder):
        name = "silent"

    async def steps(call):
        await call.listen(1000)
        await call.says("אני רוצה לקבוע תור", 900)
        await call.listen(5000)

    settings = AnswerSettings(responder="silent", greeting=LONG)
    call = conversation(steps, responder=Silent(), settings=settings)
    assert [outcome for *_, outcome in call.answers] == ["played"]


def test_our_own_words_given_back_stop_an_answer_and_it_goes_on():
    words = "פתוחים בכל יום"
    call = interrupted((words, 700, {"echo": True, "partials": [(300, "פתוחים"), (600, words)]}))
    assert clears_ms(call) == [pytest.approx(ANSWER_AT_MS + 2000 + 250, abs=21)]
    assert [outcome for _, _, outcome in call.answers] == ["resumed", "played"]
    assert len(call.responder.asked) == 1


def test_the_session_is_told_what_was_cleared():
    call = interrupted(("וביום שישי", 1000))
    assert call.cleared_ms[0] == pytest.approx(clears_ms(call)[0], abs=5)

"""Whole conversations in virtual time."""

import asyncio
from datetime import date
from itertools import pairwise

import pytest

from calls.core.agent_turns import unheard
from calls.lab.playout import TwilioHabits
from calls.reply.delivery import Delivery
from calls.reply.dialogue import answer
from calls.reply.dialogue_checks import script_of
from calls.reply.dialogue_text import plain_of
from calls.reply.floor_hold import LONGEST_ONSET_MS
from calls.reply.items import Expect, ExpectationKind, HangUp, NoteValue, PlayRecording, PlayTones, Say, Transfer, Wait
from calls.reply.responder import ResponderError
from calls.reply.settings import AnswerLimits, AnswerPrices, AnswerSettings
from calls.reply.voice import VoiceError
from stt.audio import BYTES_PER_MS
from stt.tuning import Tuning
from tests.calls.reply.conversing import ToyResponder, ToyVoice, conversation

YES_NO = Expect(ExpectationKind.YES_NO)


def answering(*items, expect=None):
    return ToyResponder(lambda call, question, said: [*items] if call.occasion == "turns" else [])


async def one_question(call):
    await call.says("מה השעה")
    await call.listen(5000)


async def hears_long(call):
    await call.says("מה השעה")
    await call.listen(18_000)


def longest_silence_ms(call):
    """From the caller's last voice to the line's last sound."""
    spoken = [(call.activity.last_spoken_ms * 8,) * 2]
    spoken += [(one.began_samples, one.ended_samples) for one in call.playout.answers]
    return max(after - before for (_, before), (after, _) in pairwise(spoken)) / 8


def lengths_ms(call):
    """Of each stretch in which the line spoke."""
    return [round((one.ended_samples - one.began_samples) / 8) for one in call.playout.answers]


def test_an_open_question_is_answered_a_second_after_the_last_voice():
    call = conversation(one_question)
    assert call.answers == [("שמעתי: מה השעה", "שמעתי: מה השעה", "played")]
    (turn,) = call.saved.values()
    assert (turn.times.floor_rule, turn.times.floor_ms) == ("open", 1000)
    assert turn.times.prepared_ms > 600 and turn.times.first_audio_ms == 0 and turn.times.total_ms == 1000
    assert call.answered_turns == {1: 1000}


def test_of_a_late_answer_the_responders_and_the_voices_time_are_told_apart():
    call = conversation(one_question, responder=answering(1000, Say("כן.")), voice=ToyVoice(first_ms=300))
    (turn,) = call.saved.values()
    assert -1000 < turn.times.text_ms < 0
    assert turn.times.stages == {"floor": 1000, "responder": -turn.times.text_ms, "voice": 300, "sending": 0}


def test_an_answers_row_is_written_at_its_first_sound_at_each_mark_within_it_and_at_its_end():
    def revision(words):
        call = conversation(one_question, responder=answering(Say(words)))
        (turn,) = call.saved.values()
        assert turn.heard.text == words
        return turn.revision

    assert revision("עוד רגע") == 1  # half a second: its one mark is its end
    assert revision("עוד רגע נחזור אליכם, תודה על הסבלנות.") == 3  # two seconds, with two marks within


def test_an_expected_answer_is_answered_sooner():
    def answers(call, question, said):
        return [Say("לאשר?"), YES_NO] if call.occasion == "opening" else [Say("תודה.")]

    async def steps(call):
        await call.listen(2000)
        await call.says("כן")
        await call.listen(3000)

    call = conversation(steps, responder=ToyResponder(answers))
    assert [turn.times.floor_rule for turn in call.saved.values()] == ["opening", "expected"]
    assert call.saved[5002].times.floor_ms == 400


def test_an_answer_never_comes_before_the_text():
    async def steps(call):
        await call.says("כן", words_after_ms=2500)
        await call.listen(4000)

    call = conversation(steps)
    assert call.saved[5001].times.total_ms == 2550  # the text, and the voice's first sound


def test_speech_before_the_first_sound_withdraws_the_answer_and_joins_the_turns():
    async def steps(call):
        await call.says("אני רוצה")
        await call.listen(200)
        await call.says("לקבוע תור")
        await call.listen(4000)

    call = conversation(steps)
    assert call.responder.asked[1:] == [("turns", "אני רוצה"), ("turns", "אני רוצה לקבוע תור")]
    assert [text for text, *_ in call.answers] == ["שמעתי: אני רוצה לקבוע תור"]
    assert call.saved[5001].withdrawals == 1


def test_who_speaks_in_the_moment_of_the_floor_hears_nothing_of_the_answer():
    async def steps(call):
        await call.says("מה השעה")
        await call.listen(700)
        call.agent.tick(call.now_ms)  # the line has the floor
        call.begins_to_speak()
        await call.listen(2000)

    call = conversation(steps)
    assert (call.answers, call.playout.played) == ([], [])


def test_who_goes_on_with_a_soft_sound_just_before_the_floor_is_not_answered():
    async def steps(call):
        await call.says("מה השעה")
        await call.listen(600)
        await call.makes_a_sound(200)  # to 100 ms behind the pause
        assert not call.playout.answers
        await call.says("בשש")
        await call.listen(5000)

    assert [text for text, _, _ in conversation(steps).answers] == ["שמעתי: מה השעה בשש"]


def test_a_noise_postpones_an_answer_by_a_moment():
    async def steps(call):
        await call.says("מה השעה")
        await call.listen(600)
        await call.makes_a_sound(4000)

    (turn,) = conversation(steps).saved.values()
    assert turn.times.floor_ms == 900 + LONGEST_ONSET_MS


def test_a_revision_that_changes_words_prepares_anew_and_punctuation_does_not():
    async def steps(call):
        turn = await call.says("מה השעה")
        await call.listen(100)
        call.revise(turn, "מה השעה?")
        call.revise(turn, "מה העשה?")
        await call.listen(4000)

    call = conversation(steps)
    assert [question for _, question in call.responder.asked[1:]] == ["מה השעה", "מה העשה?"]


def test_a_revision_after_the_first_sound_is_told_to_the_responder():
    async def steps(call):
        turn = await call.says("מה השעה")
        await call.listen(1500)
        call.revise(turn, "מה העשה")
        await call.listen(3000)

    call = conversation(steps)
    assert call.responder.told_revised == [("מה השעה", "מה העשה")]
    assert len(call.answers) == 1


def test_who_speaks_over_an_answer_that_may_not_be_interrupted_is_heard_and_answered_after_it():
    async def steps(call):
        await call.says("אחת")
        await call.listen(900)
        await call.says("שתיים")
        await call.listen(6000)

    call = conversation(steps, responder=answering(Say("זאת תשובה ארוכה מאוד מאוד מאוד.", interruptible=False)))
    assert [outcome for *_, outcome in call.answers] == ["played", "played"]
    assert call.responder.asked[-1] == ("turns", "שתיים")


def test_a_sound_without_words_withdraws_the_answer_for_a_while_only():
    async def steps(call):
        await call.says("מה השעה")
        await call.says("", ms=300)
        await call.listen(4000)

    call = conversation(steps)
    assert len(call.answers) == 1 and call.saved[5001].withdrawals == 1


def test_at_most_three_preparations_are_made_before_the_floor():
    async def steps(call):
        await call.says("מה השעה")
        for _ in range(6):
            await call.listen(20)
            await call.says("", ms=200, words_after_ms=220)
        await call.listen(4000)

    call = conversation(steps)
    assert len([one for one in call.responder.asked if one[0] == "turns"]) == 4
    assert len(call.answers) == 1


def test_the_greeting_is_said_first_and_survives_a_caller_who_speaks_at_once():
    async def steps(call):
        await call.says("הלו", ms=400)
        await call.listen(6000)

    call = conversation(steps, settings=AnswerSettings(responder="toy", greeting="שלום, הגעתם."), voice=ToyVoice(900))
    assert [text for text, *_ in call.answers][0] == "שלום, הגעתם."
    assert call.answers[1][0] == "שמעתי: הלו"


def test_a_silent_line_greets_and_says_nothing_more():
    async def steps(call):
        await call.says("הלו")
        await call.listen(60_000)

    responder = ToyResponder()
    responder.name = "silent"
    settings = AnswerSettings(greeting="השיחה מוקלטת.")
    call = conversation(steps, responder=responder, settings=settings)
    assert call.answers == [("השיחה מוקלטת.", "השיחה מוקלטת.", "played")]
    assert (call.responder.asked, call.ended) == ([], "")


def test_a_silent_caller_is_asked_again_and_then_wished_goodbye():
    async def steps(call):
        await call.listen(40_000)

    call = conversation(steps, responder=ToyResponder(lambda call, question, said: []))
    assert [text for text, *_ in call.answers] == ["[repeat]", "[repeat]", "[goodbye]"]
    assert [occasion for occasion, _ in call.responder.asked] == ["opening", "silence", "silence", "goodbye"]
    assert call.ended == "answered"


def test_an_act_is_done_when_its_words_were_heard():
    async def steps(call):
        await call.says("ביי")
        await call.listen(1000)
        assert call.ended == "" and call.kept == []
        await call.listen(3000)

    call = conversation(steps, responder=answering(Say("להתראות."), NoteValue("end", "1"), HangUp()))
    assert (call.ended, call.kept) == ("answered", [("end", "1")])


def test_an_act_waits_two_seconds_for_a_mark_that_never_comes():
    async def steps(call):
        await call.says("ביי")
        await call.listen(3000)
        assert call.ended == ""
        await call.listen(400)
        assert call.ended == "answered"

    conversation(steps, responder=answering(Say("להתראות."), HangUp()), habits=TwilioHabits(lose_marks=1.0))


def test_acts_of_a_withdrawn_answer_are_not_done():
    async def steps(call):
        await call.says("ביי")
        await call.says("רגע")
        await call.listen(4000)

    def answers(call, question, said):
        return [Say("להתראות."), HangUp("bye")] if question == "ביי" else [Say("כן?")]

    assert conversation(steps, responder=ToyResponder(answers)).ended == ""


def test_an_act_before_the_words_is_not_done_where_they_are_withdrawn():
    async def steps(call):
        await call.says("חמש")
        await call.listen(400)
        await call.says("שש")
        await call.listen(4000)

    def answers(call, question, said):
        return [NoteValue("digits", question), Say("תודה.")] if call.occasion == "turns" else []

    assert conversation(steps, responder=ToyResponder(answers)).kept == [("digits", "חמש שש")]


def test_an_answer_of_acts_alone_is_an_exchange_with_their_outcomes():
    call = conversation(one_question, responder=answering(NoteValue("a", "1")))
    last = call.agent.conversation.said[-1]
    assert (last.question, [one.status for one in last.outcomes]) == (("מה השעה",), ["done"])
    assert call.kept == [("a", "1")] and call.saved == {}


def test_a_turn_that_is_revised_to_nothing_is_not_answered():
    async def steps(call):
        turn = await call.says("אה")
        call.revise(turn, "")
        await call.listen(3000)

    assert conversation(steps).answers == []


def test_an_act_is_done_once_however_often_it_is_asked_for():
    async def steps(call):
        for _ in range(2):
            await call.says("שמור")
            await call.listen(3000)

    call = conversation(steps, responder=answering(Say("נשמר."), NoteValue("a", "1", id="a#1")))
    assert (call.kept, call.codes) == ([("a", "1")], ["act_twice"])


def test_a_sound_that_is_an_act_is_played_once_however_often_it_is_asked_for():
    async def steps(call):
        for _ in range(2):
            await call.says("חייג")
            await call.listen(3000)

    call = conversation(steps, responder=answering(Say("מחייג."), PlayTones("12", id="t#1")))
    assert lengths_ms(call) == [6 * 60 + 320, 6 * 60] and call.codes == ["act_twice"]


def test_a_failed_transfer_is_told_to_the_next_answer():
    seen = []

    def answers(call, question, said):
        seen.append([one.code for exchange in said for one in exchange.outcomes])
        return [Say("מעביר."), Transfer("דנה")] if question == "דנה" else []

    async def steps(call):
        await call.says("דנה")
        await call.listen(4000)
        await call.says("נו")
        await call.listen(3000)

    call = conversation(steps, responder=ToyResponder(answers))
    assert (call.transfers, call.codes, seen[-1]) == (["דנה"], ["act_failed"], ["act_failed"])
    assert call.details == ["Transfer, דנה: no_such_person"]


def handing_over(*afterwards):
    words = {"opening": [], "turns": [Say("מעביר."), Transfer("דנה")], "transfer_failed": [*afterwards]}
    return ToyResponder(lambda call, question, said: words.get(call.occasion, []))


@pytest.mark.parametrize(
    ("afterwards", "said"), [([Say("אין מענה. משהו נוסף?")], "אין מענה. משהו נוסף?"), ([], "[apology]")]
)
def test_a_failed_transfer_is_spoken_of_at_once(afterwards, said):
    call = conversation(one_question, responder=handing_over(*afterwards))
    assert [text for text, *_ in call.answers] == ["מעביר.", said]
    assert (call.saved[5002].times.floor_rule, call.saved[5002].code) == ("transfer_failed", "")
    assert longest_silence_ms(call) == 1000  # before the first answer
    assert [occasion for occasion, _ in call.responder.asked] == ["opening", "turns", "transfer_failed"]


def test_a_call_that_ends_for_a_failed_transfer_is_not_cut_off_without_a_word():
    call = conversation(one_question, responder=handing_over(HangUp()))
    assert call.answers[-1] == ("[apology]", "[apology]", "played")
    assert call.ended == "answered"


def test_who_speaks_as_a_transfer_fails_is_heard_and_a_noise_only_postpones_what_is_said():
    def whoever_says(words):
        async def steps(call):
            await call.says("דנה")
            await call.listen(1180)
            await call.says(words)
            await call.listen(5000)

        return conversation(steps, responder=handing_over(Say("אין מענה."))).responder.asked[2:]

    assert whoever_says("") == [("transfer_failed", "")] * 2
    assert whoever_says("בעצם לא") == [("transfer_failed", ""), ("turns", "בעצם לא"), ("transfer_failed", "")]


def test_a_dialogue_goes_on_where_a_transfer_failed():
    script = script_of(
        plain_of(
            "{transfer_failed: nobody, steps: {a: {say: מעביר., next: {transfer: דנה}},"
            ' nobody: {say: "אין מענה. לחזור אליכם?", expect: yes_no, match: hang_up, no_match: hang_up}}}'
        )
    )

    async def steps(call):
        await call.listen(6000)
        assert [text for text, *_ in call.answers] == ["מעביר.", "אין מענה. לחזור אליכם?"]
        await call.says("כן")
        await call.listen(3000)

    def answers(call, question, said):
        return answer(script, date(2026, 1, 1), call.occasion, question, said)

    assert conversation(steps, responder=ToyResponder(answers)).ended == "answered"


def test_tones_are_played_in_their_place():
    call = conversation(one_question, responder=answering(Say("מחייג."), PlayTones("12")))
    assert call.playout.answers[-1].ended_samples - call.playout.answers[-1].began_samples == 8 * (6 * 60 + 320)


def test_recordings_and_tones_are_done_once_heard_and_unknown_ones_are_told():
    items = PlayRecording("hours", id="r1"), PlayRecording("nothing", id="r2"), PlayTones("x", id="t1"), Say("זהו.")
    call = conversation(one_question, responder=answering(*items))
    outcomes = call.agent.conversation.said[-1].outcomes
    assert [(one.act.id, one.status.value, one.code) for one in outcomes] == [
        ("r1", "done", ""),
        ("r2", "refused", "act_unknown"),
        ("t1", "refused", "act_unknown"),
    ]
    assert call.answers == [("[hours] זהו.", "[hours] זהו.", "played")]


def test_wait_gives_the_caller_the_long_pause_and_then_is_asked_again():
    def answers(call, question, said):
        waits = call.occasion == "turns" and len(responder.asked) == 2
        return [Wait()] if waits else [Say("כן.")]

    responder = ToyResponder(answers)
    call = conversation(one_question, responder=responder)
    assert call.saved[5002].times.floor_rule == "unfinished"
    assert call.saved[5002].times.floor_ms == 2000


def test_a_failure_is_noted_with_its_reason_and_no_word_of_the_call():
    def details(*items):
        return conversation(one_question, responder=answering(*items)).details

    said = "The model's server answered 500."
    assert details(ResponderError("responder_raised", said)) == [said]
    assert details(ZeroDivisionError("the caller's words")) == ["ZeroDivisionError"]
    assert details(ResponderError("responder_silent")) == [""]
    assert VoiceError("text_unspeakable", "These words need vowel points: שלום.").detail == ""


def test_to_wait_into_a_silence_is_to_say_the_recorded_question():
    async def steps(call):
        await call.says("שלום")
        await call.listen(12_000)

    responder = ToyResponder(lambda call, question, said: [Say("כן?")] if question else [Wait()])
    call = conversation(steps, responder=responder)
    assert [text for text, *_ in call.answers] == ["כן?", "[repeat]"] and (call.codes, call.ended) == ([], "")


@pytest.mark.parametrize(
    ("items", "code", "longest_ms"),
    [
        ([ResponderError("responder_silent")], "responder_silent", 1100),
        ([ValueError("x")], "responder_raised", 1100),
        ([9000], "responder_slow", 300 + 2500 + 100),
        ([Say("רגע."), 9000, Say("כן")], "responder_slow", 1100),
    ],
)
def test_a_responder_that_fails_gets_an_apology_and_the_call_goes_on(items, code, longest_ms):
    tuning = Tuning(filler_after_ms=0)
    call = conversation(one_question, responder=answering(*items), tuning=tuning)
    (turn,) = call.saved.values()
    assert turn.code == code and turn.text.endswith("[apology]") and turn.heard.outcome == "failed"
    assert turn.times.total_ms <= longest_ms
    assert (call.ended, call.codes) == ("", [code])


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (ResponderError("responder_raised", "The model's server answered 429."), "The model's server answered 429."),
        (ValueError("sk-secret שלום"), "ValueError"),
        (9000, "The caller would have heard nothing for too long."),
    ],
)
def test_why_an_answer_failed_is_on_the_call_and_in_the_log_without_anybodys_words(item, why, caplog):
    call = conversation(one_question, responder=answering(item), tuning=Tuning(filler_after_ms=0))
    assert call.details == [why]
    (line,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert line == f"call CA1: an answer failed: {call.codes[0]} {why}"


@pytest.mark.parametrize("behind", [[], [HangUp()]])
def test_the_last_words_of_a_stream_are_kept_and_spoken_over_as_the_others_are(behind):
    async def speaks_over(call):
        await call.says("שלום")
        await call.listen(1000)
        await call.makes_a_sound(900)
        await call.listen(3000)

    voice = ToyVoice()
    words = Say("שלום. מה שלומך היום", interruptible=False, cacheable=False, continues=True)
    call = conversation(speaks_over, voice=voice, responder=answering(words, *behind))
    assert voice.spoken == ["שלום.", "מה שלומך היום"] and voice.kept == []
    assert call.answers == [("שלום. מה שלומך היום", "שלום. מה שלומך היום", "played")]


@pytest.mark.parametrize(
    ("words", "heard", "outcome", "failures"),
    [
        ("יש תור מחר. המחיר הוא", "יש תור מחר.", "played", 0),
        ("אני לא", "[apology]", "failed", 1),
    ],
)
def test_of_an_answer_that_is_cut_off_whole_sentences_are_said_or_an_apology(words, heard, outcome, failures):
    cut_off = ResponderError("answer_cut_off", "The model's server filtered its answer.")
    call = conversation(one_question, responder=answering(Say(words, cacheable=False, continues=True), cut_off))
    assert call.answers == [(heard, heard, outcome)] and call.saved[5001].code == "answer_cut_off"
    assert (call.codes, call.details) == (["answer_cut_off"], ["The model's server filtered its answer."])
    assert call.agent.conversation.failures == failures


def trickled(text, every_ms):
    return [part for letters in text for part in (every_ms, Say(letters, continues=True))]


@pytest.mark.parametrize("text", ["🙂", "**", "...", '<tool_call>{"name": "x"}</tool_call>'])
def test_an_answer_of_which_nothing_can_be_spoken_is_no_silence(text):
    call = conversation(one_question, responder=answering(Say(text), HangUp()))
    assert (call.answers, call.codes) == ([("[apology]", "[apology]", "failed")], ["responder_silent"])
    assert call.ended == ""  # the words before it were not heard

    async def silence(call):
        await call.listen(9000)

    responder = ToyResponder(lambda call, question, said: [Say(text)] * (call.occasion == "silence"))
    call = conversation(silence, responder=responder)
    assert (call.answers[0][0], call.codes) == ("[repeat]", [])
    call = conversation(silence, settings=AnswerSettings(responder="toy", greeting=text))
    assert (call.answers[0][0], call.codes) == ("[apology]", ["responder_silent"])


def test_words_that_trickle_are_said_as_far_as_they_have_come_and_no_silence_is_long():
    responder = answering(*trickled("אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע עשר", 300))
    call = conversation(hears_long, responder=responder, tuning=Tuning(filler_after_ms=0))
    turn = call.saved[5001]
    assert turn.code == "" and turn.text == turn.heard.text == "אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע עשר"
    assert len({mark.name.split(".")[1] for mark in call.playout.marks}) > 1
    assert longest_silence_ms(call) <= 3500


def test_letters_that_trickle_without_a_whole_word_are_a_late_answer():
    call = conversation(hears_long, responder=answering(*trickled("א" * 60, 400)), tuning=Tuning(filler_after_ms=0))
    assert (call.answers[0][0], call.codes) == ("[apology]", ["responder_slow"])
    assert call.saved[5001].times.total_ms <= 300 + 2500 + 100


def test_an_answer_that_is_long_in_the_playing_may_be_slow_in_the_making():
    items = [Say("משפט ראשון, ארוך מאוד מאוד, שיש בו הרבה מאוד מילים."), *trickled("ב" * 20 + ".", 200)]
    call = conversation(hears_long, responder=answering(*items), tuning=Tuning(filler_after_ms=0))
    assert call.codes == [] and call.answers[0][0].endswith("ב" * 20 + ".")


def test_a_voice_that_fails_gets_an_apology():
    voice = ToyVoice(fails={"רע.": "voice_quota"})
    call = conversation(one_question, voice=voice, responder=answering(Say("רע.")))
    assert call.answers[-1][:2] == ("[apology] רע.", "[apology]") and "voice_quota" in call.codes


def test_words_that_were_whole_before_their_answer_failed_are_said():
    words = [Say("אני מעביר ", continues=True), Say("אותך", continues=True), Say(""), ResponderError("act_unknown")]
    call = conversation(one_question, responder=answering(*words))
    assert call.answers[0] == ("אני מעביר אותך [apology]", "אני מעביר אותך [apology]", "failed")


def test_what_a_failing_voice_left_unsaid_stands_behind_what_was_said_and_is_not_heard():
    class Cut(ToyVoice):
        async def speak(self, text, **options):
            async for ulaw in super().speak(text, **options):
                yield ulaw
                if text == "שתיים שלוש ארבע.":
                    await asyncio.sleep(0.8)
                    raise VoiceError("voice_raised")

    words = [Say("אחת."), Say("שתיים שלוש ארבע."), Say("חמש.")]
    call = conversation(one_question, voice=Cut(first_ms=0), responder=answering(*words))
    assert call.answers[-1] == ("אחת. [apology] שתיים שלוש ארבע. חמש.", "אחת. [apology]", "failed")
    assert unheard(*call.answers[-1][:2]) == "שתיים שלוש ארבע. חמש."
    assert call.agent.conversation.said[-1].heard == "אחת. [apology]"


def test_two_failures_running_end_in_the_lines_fallback():
    async def steps(call):
        for _ in range(2):
            await call.says("הלו")
            await call.listen(4000)

    assert conversation(steps, responder=answering(ResponderError("responder_silent"))).ended == "answer_failed"


def test_of_each_answer_that_is_over_it_is_told_how_it_failed():
    async def steps(call):
        for text in ("רע", "טוב"):
            await call.says(text)
            await call.listen(4000)

    def answers(call, question, said):
        return [ResponderError("responder_silent")] if question == "רע" else [Say("כן.")] if question else []

    assert conversation(steps, responder=ToyResponder(answers)).ended_answers == ["responder_silent", ""]


def test_an_answer_of_which_nothing_can_sound_has_failed_as_well():
    class Mute(ToyVoice):
        async def prompt(self, name):
            raise VoiceError("voice_raised")

    voice = Mute(fails={"כן.": "voice_quota"})
    call = conversation(one_question, voice=voice, responder=answering(Say("כן.")))
    assert (call.answers, call.ended_answers) == ([], ["voice_quota"])


def test_a_fault_of_our_own_is_noted_told_and_ends_the_answering_alone(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("the caller's words")

    monkeypatch.setattr(Delivery, "_sounding", broken)
    call = conversation(one_question, responder=answering(Say("כן.")))
    assert (call.codes[-1:], call.details[-1:]) == (["answering_broke"], ["ZeroDivisionError"])
    assert (call.ended_answers, call.answers, call.ended) == (["answering_broke"], [], "")


def test_a_good_answer_between_two_failures_keeps_the_call():
    async def steps(call):
        for text in ("רע", "טוב", "רע"):
            await call.says(text)
            await call.listen(4000)

    def answers(call, question, said):
        return [ResponderError("responder_silent")] if question == "רע" else [Say("כן.")] if question else []

    call = conversation(steps, responder=ToyResponder(answers))
    assert [text for text, *_ in call.answers] == ["[apology]", "כן.", "[apology]"] and call.ended == ""


@pytest.mark.parametrize(
    ("prices", "ceiling"),
    [
        (AnswerPrices(tokens=1.0, characters=0.0), 0.002),
        (AnswerPrices(tokens=0.0, characters=100.0), 0.0006),
        (AnswerPrices(tokens=1.0, characters=100.0), 0.0026),
    ],
)
def test_beyond_its_ceiling_a_call_is_apologised_to_and_asks_no_model(prices, ceiling):
    def answers(call, question, said):
        responder.tokens += 1000 if question else 0
        return [Say("כן.")] if question else []

    async def steps(call):
        for _ in range(4):
            await call.says("הלו")
            await call.listen(4000)

    responder = ToyResponder(answers)
    settings = AnswerSettings(responder="toy", limits=AnswerLimits(cost=ceiling))
    call = conversation(steps, responder=responder, settings=settings, prices=prices)
    assert [text for text, *_ in call.answers] == ["כן.", "כן.", "[apology]", "[apology]"]
    assert (call.codes, call.ended) == (["cost_ceiling"] * 2, "answer_failed")
    assert (responder.tokens, call.agent.usage.tokens, call.agent.usage.characters) == (2000, 2000, 6)


def test_a_voices_own_list_price_counts_where_none_was_entered():
    voice = ToyVoice(cost=0.5)
    settings = AnswerSettings(responder="toy", limits=AnswerLimits(cost=0.5))
    call = conversation(one_question, voice=voice, responder=answering(Say("כן.")), settings=settings)
    assert call.codes == ["cost_ceiling"] and call.agent.usage.cost == 0.5  # the opening was charged


def test_a_call_that_is_answered_for_too_long_is_apologised_to():
    async def steps(call):
        for _ in range(2):
            await call.says("הלו")
            await call.listen(6000)

    settings = AnswerSettings(responder="toy", limits=AnswerLimits(answered_s=6))
    call = conversation(steps, responder=answering(Say("כן.")), settings=settings)
    assert [text for text, *_ in call.answers] == ["כן.", "[apology]"] and call.codes == ["too_many_turns"]


def test_too_many_answers_are_a_failure():
    async def steps(call):
        for _ in range(3):
            await call.says("הלו")
            await call.listen(4000)

    settings = AnswerSettings(responder="toy", limits=AnswerLimits(agent_turns=1))
    call = conversation(steps, responder=answering(Say("כן.")), settings=settings)
    assert call.codes == ["too_many_turns"] * 2 and call.ended == "answer_failed"


def test_a_late_answer_is_bridged_and_one_in_three_at_most():
    async def steps(call):
        for _ in range(7):
            await call.says("הלו")
            await call.listen(6000)

    call = conversation(steps, responder=answering(2400, Say("כן.")), tuning=Tuning(filler_after_ms=1000))
    assert lengths_ms(call) == [400, 180, 180, 180, 400, 180, 180, 180, 400, 180]
    assert {text for text, *_ in call.answers} == {"כן."}


@pytest.mark.parametrize(("filler_after_ms", "late_ms"), [(0, 2400), (1500, 2100)])
def test_an_answer_is_not_bridged_that_comes_first_or_on_a_line_without_fillers(filler_after_ms, late_ms):
    tuning = Tuning(filler_after_ms=filler_after_ms)
    call = conversation(one_question, responder=answering(late_ms, Say("כן.")), tuning=tuning)
    assert lengths_ms(call) == [180]


def test_a_filler_stops_when_the_caller_speaks():
    async def steps(call):
        await call.says("הלו")
        await call.listen(1400)
        call.begins_to_speak()
        call.spoke_ms = call.now_ms
        await call.listen(1000)

    call = conversation(steps, responder=answering(4000, Say("כן.")), tuning=Tuning(filler_after_ms=500))
    assert [clear / BYTES_PER_MS for clear in call.playout.clears_samples] == [pytest.approx(call.spoke_ms, abs=20)]
    assert 0 < sum(len(piece.ulaw) for piece in call.playout.played) < 400 * BYTES_PER_MS
    assert call.saved == {}


def test_marks_have_names_of_their_own_also_behind_a_filler_whose_answer_was_withdrawn():
    async def steps(call):
        await call.says("הלו")
        await call.listen(2000)
        await call.says("שומעים אותי")
        await call.listen(6000)

    call = conversation(steps, responder=answering(2000, Say("כן.")), tuning=Tuning(filler_after_ms=500))
    names = [mark.name for mark in call.playout.marks]
    assert len(names) == len(set(names)) == 2
    assert [turn.number for turn in call.saved.values()] == [5002]


def test_a_lost_stream_leaves_what_was_not_heard_to_the_next():
    async def steps(call):
        await call.says("ספר לי")
        await call.listen(2000)

    call = conversation(steps, responder=answering(Say("משפט ראשון. משפט שני, ארוך מאוד ועוד.")))
    assert call.answers == [("משפט ראשון. משפט שני, ארוך מאוד ועוד.", "משפט ראשון.", "interrupted")]
    assert [item.text for item in call.agent.conversation.lost.rest.items] == ["משפט שני, ארוך מאוד ועוד."]

    async def listens(again):
        await again.listen(6000)

    again = conversation(listens, conversation=call.agent.conversation, greets=False, opens=False)
    assert [text for text, *_ in again.answers] == ["משפט שני, ארוך מאוד ועוד."]
    assert again.resumes == [(5001, "משפט ראשון.", "MZ1")]
    *_, exchange = again.agent.conversation.said
    assert len(again.agent.conversation.said) == len(call.agent.conversation.said)
    assert exchange.answer == exchange.heard == "משפט ראשון. משפט שני, ארוך מאוד ועוד."


def test_what_was_to_be_done_behind_a_lost_answer_is_done_behind_its_rest():
    async def steps(call):
        await call.says("ספר לי")
        await call.listen(1000)

    call = conversation(steps, responder=answering(Say("משפט ראשון. משפט שני, ארוך מאוד ועוד."), HangUp("1")))
    assert call.ended == ""

    async def listens(again):
        await again.listen(6000)

    again = conversation(listens, conversation=call.agent.conversation, greets=False, opens=False)
    assert again.ended == "answered"


def test_a_caller_who_speaks_before_a_lost_answer_goes_on_is_answered():
    async def steps(call):
        await call.says("ספר לי")
        await call.listen(2000)

    call = conversation(steps, responder=answering(Say("משפט ראשון. משפט שני, ארוך מאוד ועוד.")))

    async def speaks(again):
        again.begins_to_speak()
        await again.says("הלו")
        await again.listen(6000)

    again = conversation(speaks, conversation=call.agent.conversation, greets=False, opens=False)
    assert [text for text, *_ in again.answers] == ["שמעתי: הלו"] and again.resumes == []
    assert [one.question for one in again.agent.conversation.said][-2:] == [("ספר לי",), ("הלו",)]


def test_heard_text_is_the_simulators_own_account():
    call = conversation(one_question, responder=answering(Say("אחת. שתיים. שלוש.")))
    reached = [mark.name for mark in call.playout.marks if mark.fate == "reached"]
    assert reached == ["a1.1.1", "a1.2.1", "a1.3.1"]


def test_the_recording_gets_what_was_played_where_it_was_played():
    call = conversation(one_question)
    played = b"".join(ulaw for _, ulaw in call.recorded)
    assert len(played) == sum(len(one.ulaw) for one in call.playout.played)
    assert call.recorded[0][0] == pytest.approx(call.playout.answers[0].began_samples / 8, abs=1)


def test_the_call_is_told_what_is_played_from_when_with_which_words():
    call = conversation(one_question, responder=answering(2400, Say("כן.")), tuning=Tuning(filler_after_ms=1000))
    chunks = [(begins_ms + len(ulaw) / 8, words) for begins_ms, ulaw, words in call.own_sound]
    assert [words for _, words in chunks] == ["[filler 1]"] * 2 + ["כן."]
    assert chunks[0][0] == call.own_sound[1][0]
    (answer,) = call.saved.values()
    assert call.own_sound[-1][0] == pytest.approx(answer.started_ms, abs=1)


def test_the_call_is_told_what_is_not_played():
    async def steps(call):
        await call.says("הלו")
        await call.listen(850)
        call.agent.stop(call.now_ms)

    call = conversation(steps, responder=answering(Say("א" * 60)))
    (cleared_ms,) = call.cleared_ms
    (first_ms, *_), (last_ms, ulaw, _) = call.own_sound[0], call.own_sound[-1]
    assert first_ms < cleared_ms < last_ms + len(ulaw) / 8


def test_our_own_words_given_back_are_not_answered_and_hold_nothing_up():
    async def steps(call):
        await call.says("הגעתם למרפאה", echo=True)
        await call.says("מה השעה")
        await call.listen(4000)

    call = conversation(steps)
    (answer,) = call.saved.values()
    assert (answer.text, answer.answers) == ("שמעתי: מה השעה", 2)


def test_an_echo_that_was_the_callers_after_all_is_answered():
    async def steps(call):
        turn = await call.says("במה אפשר", echo=True)
        await call.listen(2000)
        call.revise(turn, "במה אפשר לשלם")
        await call.listen(4000)

    call = conversation(steps)
    (answer,) = call.saved.values()
    assert (answer.text, answer.answers) == ("שמעתי: במה אפשר לשלם", 1)


def test_a_question_that_turns_out_to_be_an_echo_is_not_answered():
    async def steps(call):
        turn = await call.says("במה")
        call.revise(turn, "במה אפשר לעזור", echo=True)
        await call.listen(4000)

    assert conversation(steps).saved == {}

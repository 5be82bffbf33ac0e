"""What a language model is told of the call."""

from dataclasses import replace

from calls.core.turns import Source, Turn
from calls.reply.items import ActOutcome, ActStatus, NoteValue, Transfer
from calls.reply.responder import Exchange, Occasion, ReplyCall
from calls.reply.responders.llm_context import messages_of, told_back
from calls.reply.responders.llm_tools import ToolCall


def call(occasion=Occasion.TURNS, **more):
    return ReplyCall("CA1", "+972501234567", "+97231234567", occasion, **more)


def turn(text, revised=None):
    return Turn(1, 0, 100, text, Source.FINAL, revised_text=revised)


def exchange(question, answer, heard=None, revised=None, outcomes=(), occasion=Occasion.TURNS):
    question = (question,) if question else ()
    return Exchange(
        occasion,
        question,
        (revised,) if revised else question,
        answer,
        answer if heard is None else heard,
        None,
        outcomes,
    )


def roles(messages):
    return [one["role"] for one in messages]


def test_the_prompt_comes_first_and_the_question_last():
    assert messages_of("היה קצר.", call(), [turn("שלום")], []) == [
        {"role": "system", "content": "היה קצר."},
        {"role": "user", "content": "שלום"},
    ]


def test_the_callers_number_is_told_to_nobody():
    assert "50123" not in str(messages_of("p", call(), [turn("שלום")], []))


def test_the_assistant_said_what_was_heard():
    told = messages_of("", call(), [turn("רגע")], [exchange("שלום", "שלום לך, מה שלומך היום?", heard="שלום לך,")])
    assert told[1] == {"role": "assistant", "content": "שלום לך,"}


def test_an_answer_that_the_caller_spoke_over_says_so():
    cut = replace(exchange("שלום", "שלום לך, מה שלומך היום?", heard="שלום לך,"), interrupted=True)
    content = messages_of("", call(), [turn("רגע")], [cut])[1]["content"]
    assert content.startswith("שלום לך, [") and "קטע אותך" in content


def test_the_rest_of_an_answer_is_asked_for_behind_all_that_it_has_said():
    cut = replace(exchange("שלום", "שלום לך, מה שלומך היום?", heard="שלום לך,"), interrupted=True)
    told = messages_of("", replace(call(), goes_on=True), [turn("שלום")], [cut])
    assert [one["role"] for one in told] == ["user", "assistant", "user"]
    assert told[1]["content"] == "שלום לך, מה שלומך היום?" and "המשך" in told[2]["content"]


def test_the_caller_said_what_stands_now():
    told = messages_of(
        "", call(), [turn("מחר", "מחר בבוקר")], [exchange("אני רוצה טור", "מתי?", revised="אני רוצה תור")]
    )
    assert [one["content"] for one in told] == ["אני רוצה תור", "מתי?", "מחר בבוקר"]


def test_turns_that_were_answered_together_are_one_message():
    assert messages_of("", call(), [turn("אני"), turn("רוצה תור")], [])[0]["content"] == "אני\nרוצה תור"


def test_an_answer_that_nobody_heard_is_not_told_and_roles_alternate():
    told = messages_of("", call(), [turn("ב")], [exchange("א", "תשובה", heard="")])
    assert told == [{"role": "user", "content": "א\nב"}]


def test_an_occasion_without_words_has_a_note():
    told = messages_of("", call(Occasion.SILENCE, reprompt=1), [], [exchange("", "שלום!", occasion=Occasion.OPENING)])
    assert roles(told) == ["user", "assistant", "user"]
    assert told[0]["content"].startswith("[") and told[2]["content"].startswith("[")
    assert messages_of("", call(Occasion.GOODBYE), [], [])[0]["content"] != told[2]["content"]


def test_what_a_supervisor_said_is_the_assistants_and_what_nobody_answered_is_the_callers():
    said = [
        exchange("", "כבר בודקים.", occasion=Occasion.SUPERVISOR),
        exchange("תודה", "", occasion=Occasion.SUPERVISOR),
    ]
    told = messages_of("", call(), [turn("ומה עכשיו")], said)
    assert roles(told) == ["user", "assistant", "user"]
    assert told[1]["content"] == "כבר בודקים."
    assert told[2]["content"] == "תודה\nומה עכשיו"


def test_what_came_of_acts_is_told():
    outcomes = (
        ActOutcome(NoteValue("שם", "דנה", False, "a1.c0"), ActStatus.DONE),
        ActOutcome(Transfer("רון", "a1.c1"), ActStatus.FAILED, "act_failed"),
    )
    told = messages_of("", call(), [turn("מה קרה?")], [exchange("תעביר אותי", "מעביר", outcomes=outcomes)])
    assert roles(told) == ["user", "assistant", "tool", "tool", "user"]
    assert [one["id"] for one in told[1]["tool_calls"]] == ["a1.c0", "a1.c1"]
    assert [one["content"] for one in told[2:4]] == ["done", "failed: act_failed"]
    assert [one["tool_call_id"] for one in told[2:4]] == ["a1.c0", "a1.c1"]


def test_acts_without_ids_are_told_apart():
    outcomes = (ActOutcome(Transfer("רון"), ActStatus.DONE), ActOutcome(Transfer("דנה"), ActStatus.DONE))
    told = messages_of("", call(), [turn("ב")], [exchange("א", "", outcomes=outcomes)])
    ids = [one["id"] for one in told[1]["tool_calls"]]
    assert len(set(ids)) == 2 and told[1]["content"] is None


def test_a_wrong_tool_call_is_told_back_with_what_is_wrong():
    calls = [ToolCall("a1.0", "hang_up", "{}"), ToolCall("a1.1", "open_door", "")]
    told = told_back("רגע", calls, ["", "There is no tool."])
    assert roles(told) == ["assistant", "tool", "tool"]
    assert told[0]["content"] == "רגע"
    assert [one["content"] for one in told[1:]] == ["accepted", "error: There is no tool."]

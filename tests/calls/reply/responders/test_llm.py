"""LlmResponder over real HTTP on loopback, against the emulator with its faults."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest

from calls.core.turns import Source, Turn
from calls.lab.emulator.llm import LlmEmulator
from calls.lab.emulator.llm_faults import EmulatorHabits, LlmFault
from calls.lab.emulator.llm_script import LlmScript, ScriptedRule, ScriptedTool
from calls.reply.items import HangUp, NoteValue, Say, Transfer, Wait
from calls.reply.language_models import LanguageModels
from calls.reply.responder import Exchange, Occasion, ReplyCall, ResponderError
from calls.reply.responders.llm import MOST_NOTED, LlmResponder, ModelWaits
from calls.reply.settings import AnswerSettings, ModelSettings
from tests.calls.reply.responders.contract import ResponderContract, Rig, State
from tests.counters import counted
from voiceapp.runtime import metrics

FIRST = ModelWaits(first_ms=1_000, between_ms=20_000, total_ms=60_000)
BETWEEN = ModelWaits(first_ms=20_000, between_ms=200, total_ms=60_000)
TOTAL = ModelWaits(first_ms=20_000, between_ms=20_000, total_ms=2_000)
PATIENT = ModelWaits(first_ms=20_000, between_ms=20_000, total_ms=60_000)
SETTINGS = AnswerSettings(responder="llm", model=ModelSettings("היה קצר.", "emulated-1", 0.3, 200))


def call(occasion=Occasion.TURNS):
    return ReplyCall("CA1", "+972501234567", "+97231234567", occasion, people=("נציג",))


def turn(text):
    return Turn(1, 0, 100, text, Source.FINAL)


@asynccontextmanager
async def answering(fault=LlmFault.NONE, waits=PATIENT, settings=SETTINGS, rules=None, **habits):
    script = rules and LlmScript(rules)
    async with LlmEmulator(script, fault=fault, habits=EmulatorHabits(trickle_s=0.02, **habits)) as emulator:
        models = LanguageModels("secret-key", emulator.base_url, connect_s=20, between_pieces_s=20)
        try:
            yield LlmResponder(settings, models, waits), emulator
        finally:
            await models.aclose()


async def items_of(responder, text="אני רוצה לקבוע תור", occasion=Occasion.TURNS, said=()):
    """What is yielded, and the error that ends it."""
    items = []
    try:
        async with aclosing(responder.answer(call(occasion), [turn(text)] if text else [], said)) as answer:
            async for item in answer:
                items.append(item)
    except ResponderError as error:
        return items, error.code
    return items, ""


def run(test):
    return asyncio.run(asyncio.wait_for(test, 60))


def answered(fault=LlmFault.NONE, waits=PATIENT, text="אני רוצה לקבוע תור", **habits):
    async def one():
        async with answering(fault, waits, **habits) as (responder, emulator):
            items, code = await items_of(responder, text)
            await asyncio.wait_for(emulator.requests[-1].over.wait(), 20)
            return items, code, responder, emulator

    return run(one())


def words(items):
    return "".join(one.text for one in items if isinstance(one, Say))


def test_words_are_given_on_as_they_stream():
    items, code, responder, emulator = answered()
    assert words(items) == "בשמחה. יש תור פנוי מחר בשעה 14:30, המחיר הוא 120 ₪. מתאים לך?"
    assert code == "" and len(items) > 5
    assert not any(one.cacheable for one in items) and all(one.continues for one in items)
    assert emulator.requests[0].finished


def test_the_request_says_what_the_line_says():
    _, _, _, emulator = answered()
    request = emulator.requests[0]
    assert request.key == "secret-key"
    body = request.body
    assert (body["model"], body["temperature"], body["max_tokens"], body["stream"]) == ("emulated-1", 0.3, 200, True)
    assert body["messages"][0] == {"role": "system", "content": "היה קצר."}
    assert body["messages"][-1] == {"role": "user", "content": "אני רוצה לקבוע תור"}
    assert {one["function"]["name"] for one in body["tools"]} == {"hang_up", "transfer", "play_tones", "note", "wait"}


def test_no_answer_has_more_than_500_tokens():
    async def one():
        settings = AnswerSettings(model=ModelSettings("", "m", max_tokens=9_000))
        async with answering(settings=settings) as (responder, emulator):
            await items_of(responder)
            return emulator.requests[0].body["max_tokens"]

    assert run(one()) == 500


def test_tokens_are_the_servers_count():
    _, _, responder, emulator = answered()
    assert responder.tokens > 0 and not responder.tokens_estimated


def test_tokens_are_estimated_where_nobody_counts_and_it_is_said():
    items, _, responder, _ = answered(LlmFault.NO_USAGE)
    assert words(items)
    assert responder.tokens >= len(words(items)) // 4 and responder.tokens_estimated


@pytest.mark.parametrize("tokens", [10**20, -5, 0])
def test_a_count_of_tokens_that_cannot_be_is_not_believed(tokens):
    disbelieved = counted(metrics.MODEL_USAGE_DISBELIEVED)
    _, _, responder, _ = answered(tokens=tokens)
    assert 0 < responder.tokens < 1000 and responder.tokens_estimated
    assert counted(metrics.MODEL_USAGE_DISBELIEVED) == disbelieved + 1


def test_a_tool_call_is_an_act_behind_the_words():
    for habits in ({"tools_whole": False}, {"tools_whole": True}):
        items, code, _, _ = answered(text="תעביר אותי לנציג", **habits)
        assert code == "" and words(items) == "אני מעביר אותך לנציג."
        assert items[-1] == Transfer("נציג", "a1.call_1_0")


def test_events_without_any_use_are_passed_over():
    items, code, responder, _ = answered(text="תעביר אותי לנציג", odd_chunks=True)
    assert (code, words(items), responder.tokens_estimated) == ("", "אני מעביר אותך לנציג.", False)
    assert [one for one in items if not isinstance(one, Say)] == [Transfer("נציג", "a1.call_1_0")]


def test_wait_is_a_tool():
    items, code, _, _ = answered(text="אני רוצה")
    assert (items, code) == ([Wait()], "")


def test_acts_of_two_answers_differ_though_the_server_counts_from_0():
    async def one():
        async with answering(ids_repeat=True) as (responder, _):
            first, _ = await items_of(responder, "להתראות")
            again, _ = await items_of(responder, "להתראות")
            said = [Exchange(Occasion.TURNS, ("להתראות",), ("להתראות",), "ביי", "ביי")]
            second, _ = await items_of(responder, "להתראות", said=said)
            return first[-1], again[-1], second[-1]

    first, again, second = run(one())
    assert first == again == HangUp("a1.call_0") and second == HangUp("a2.call_0")


def note(value):
    return ScriptedTool("note", {"key": "k", "value": value})


def asked(*rules, occasion=Occasion.TURNS, **habits):
    """The items, their code, and how often the model was asked."""

    async def one():
        async with answering(rules=rules, **habits) as (responder, emulator):
            return *await items_of(responder, "שלום" if occasion is Occasion.TURNS else "", occasion), emulator.requests

    return run(one())


@pytest.mark.parametrize("ids_repeat", [False, True])
def test_a_model_that_has_only_noted_a_value_is_told_so_and_speaks(ids_repeat):
    items, code, requests = asked(
        ScriptedRule("^accepted$", "רשמתי, להתראות.", [ScriptedTool("hang_up")]),
        ScriptedRule("", "", [note("1")]),
        ids_repeat=ids_repeat,
    )
    first, *_, last = items
    assert (code, words(items), len(requests)) == ("", "רשמתי, להתראות.", 2)
    assert isinstance(first, NoteValue) and isinstance(last, HangUp) and first.id != last.id
    roles = [one["role"] for one in requests[1].body["messages"]]
    assert roles == ["system", "user", "assistant", "tool"]


def test_what_a_model_notes_again_when_it_is_asked_on_is_noted_once():
    items, _, _ = asked(ScriptedRule("^accepted$", "רשמתי.", [note("1")]), ScriptedRule("", "", [note("1")]))
    assert [one.value for one in items if isinstance(one, NoteValue)] == ["1"]


def test_a_model_that_does_nothing_but_note_is_silent():
    items, code, requests = asked(ScriptedRule("", "", [note("1"), note("2")]))
    assert (code, len(requests)) == ("responder_silent", 1 + MOST_NOTED)
    assert [one.value for one in items] == ["1", "2"]


def test_a_model_that_says_nothing_behind_its_note_or_its_mistake_is_silent():
    for mistake in (note("1"), ScriptedTool("open_door")):
        _, code, requests = asked(ScriptedRule("^(accepted$|error: )", ""), ScriptedRule("", "", [mistake]))
        assert (code, len(requests)) == ("responder_silent", 2)


@pytest.mark.parametrize("tool", [ScriptedTool("hang_up"), ScriptedTool("transfer", {"person": "נציג"})])
def test_a_call_that_ends_needs_no_words(tool):
    items, code, requests = asked(ScriptedRule("", "", [note("1"), tool]))
    assert (code, len(items), len(requests)) == ("", 2, 1)


@pytest.mark.parametrize("occasion", [Occasion.OPENING, Occasion.SILENCE, Occasion.GOODBYE])
def test_to_wait_where_nobody_has_spoken_is_to_have_nothing_to_say(occasion):
    assert asked(ScriptedRule("", "", [ScriptedTool("wait")]), occasion=occasion)[:2] == ([Wait()], "")


def test_two_calls_of_one_id_are_two_acts():
    items, _, _ = asked(ScriptedRule("", "רשמתי.", [note("1"), note("2")]), tools_whole=True, ids_repeat=True)
    assert len({one.id for one in items if isinstance(one, NoteValue)}) == 2


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_an_answer_that_ends_before_its_end_is_cut_off_and_its_calls_are_not_taken(finish):
    items, code, responder, emulator = answered(text="להתראות", finish=finish)
    assert (code, words(items), len(emulator.requests)) == ("answer_cut_off", "תודה ולהתראות!", 1)
    assert all(isinstance(one, Say) for one in items) and not responder.tokens_estimated


@pytest.mark.parametrize("rule", [
    ScriptedRule("", "מילה ארוכה. " * 5000),
    ScriptedRule("", "א" * 200_000),
    ScriptedRule("", "", [ScriptedTool("note", {"key": "k", "value": "א" * 100_000})]),
])  # fmt: skip
def test_no_more_of_an_answer_is_read_than_its_tokens_can_hold(rule):
    async def one():
        async with answering(rules=[rule]) as (responder, emulator):
            items, code = await items_of(responder)
            await emulator.requests[0].over.wait()
            return items, code, emulator.requests

    items, code, requests = run(one())
    assert (code, len(requests), len(words(items))) == ("answer_cut_off", 1, 8 * 200 if rule.say else 0)
    assert requests[0].closed_by_client_at_s or requests[0].finished


@pytest.mark.parametrize("fault", [LlmFault.UNKNOWN_TOOL, LlmFault.MALFORMED_TOOL])
def test_a_wrong_tool_call_is_told_back_once(fault):
    async def one():
        async with answering() as (responder, emulator):
            emulator.faults.append(fault)
            items, code = await items_of(responder)
            return items, code, emulator.requests

    items, code, requests = run(one())
    assert code == "" and words(items).endswith("סליחה, אעשה זאת אחרת.")
    assert len(requests) == 2 and requests[1].body["messages"][-1]["content"].startswith("error: ")


@pytest.mark.parametrize("fault", [LlmFault.UNKNOWN_TOOL, LlmFault.MALFORMED_TOOL])
def test_a_wrong_tool_call_twice_is_an_unknown_act(fault):
    items, code, _, emulator = answered(fault)
    assert code == "act_unknown" and len(emulator.requests) == 2
    assert all(isinstance(one, Say) for one in items)
    assert [not one.continues for one in items].count(True) == 2 and not items[-1].continues


@pytest.mark.parametrize(
    ("fault", "code", "speaks", "waits"),
    [
        (LlmFault.SLOW_FIRST, "responder_slow", False, FIRST),
        (LlmFault.SLOW_HEADERS, "responder_slow", False, FIRST),
        (LlmFault.STALL, "responder_slow", True, BETWEEN),
        (LlmFault.TRICKLE, "responder_slow", True, TOTAL),
        (LlmFault.SIGNS_OF_LIFE, "responder_slow", False, FIRST),
        (LlmFault.STATUS_500, "responder_raised", False, PATIENT),
        (LlmFault.STATUS_429, "responder_raised", False, PATIENT),
        (LlmFault.CUT_OFF, "responder_raised", True, PATIENT),
        (LlmFault.NO_END, "responder_raised", True, PATIENT),
        (LlmFault.NOT_JSON, "responder_raised", True, PATIENT),
        (LlmFault.ERROR_EVENT, "responder_raised", True, PATIENT),
        (LlmFault.EMPTY, "responder_silent", False, PATIENT),
    ],
)
def test_a_fault_has_its_code_and_leaves_no_stream(fault, code, speaks, waits):
    items, got, responder, emulator = answered(fault, waits)
    assert got == code
    assert bool(words(items)) is speaks
    assert len(emulator.requests) == 1, "nothing is tried again"
    request = emulator.requests[0]
    assert request.finished or request.closed_by_client_at_s or fault in (
        LlmFault.CUT_OFF, LlmFault.NO_END, LlmFault.STATUS_429, LlmFault.STATUS_500,
    )  # fmt: skip
    assert responder.tokens > 0


def test_markdown_and_leaked_tools_are_words_like_others():
    """calls/reply/speakable.py takes them out."""
    assert "**" in words(answered(LlmFault.MARKDOWN)[0])
    assert '{"name"' in words(answered(LlmFault.LEAKED_TOOL)[0])


def test_a_server_that_is_not_there_is_an_error_at_once():
    async def one():
        models = LanguageModels("", "http://127.0.0.1:9/v1")
        try:
            return await items_of(LlmResponder(SETTINGS, models, PATIENT))
        finally:
            await models.aclose()

    assert run(one()) == ([], "responder_raised")


ERROR = b'{"error": {"message": "Bad key secret-key for: my words", "code": %s}}'


def head(status, kind, length):
    return f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("status", "kind", "body", "why"),
    [
        (429, "application/json", ERROR % b'"no_quota"', "The model's server answered 429 (no_quota)."),
        (401, "application/json", ERROR % b'"sk-1 2"', "The model's server answered 401."),
        (500, "text/html", b"<html>", "The model's server answered 500."),
        (200, "text/html;charset=x", b"<p>", "The model's server answered with text/html in place of a stream."),
        (200, "text/event-stream", b"data: [DONE]\n\n", "The model's answer was cut off."),
        (200, "text/event-stream", b"data: my words\n\n", "The model's answer could not be read: JSONDecodeError."),
        (200, "text/event-stream", b"data: " + ERROR % b"5" + b"\n\n",
         "The model's server broke its answer off with an error."),
    ],
)  # fmt: skip
def test_why_it_failed_is_a_sentence_without_the_servers_words(status, kind, body, why):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head(status, kind, len(body)) + body)
        writer.close()

    async def one():
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            return await why_of(LanguageModels("k", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"))

    assert run(one()) == why


@pytest.mark.parametrize(
    ("line", "models", "why"),
    [
        (SETTINGS, LanguageModels("k", "http://127.0.0.1:9/v1"), "The model's server was not reached: ConnectError."),
        (SETTINGS, LanguageModels(), "Neither LLM_API_KEY nor LLM_BASE_URL is set."),
        (AnswerSettings(), LanguageModels("k"), "The line names no model."),
    ],
)
def test_what_is_not_set_up_is_a_sentence_of_its_own(line, models, why):
    assert run(why_of(models, line)) == why


async def why_of(models, line=SETTINGS):
    try:
        with pytest.raises(ResponderError) as raised:
            async for _ in LlmResponder(line, models, PATIENT).answer(call(), [turn("תור")], ()):
                pass
        return raised.value.detail
    finally:
        await models.aclose()


@pytest.mark.parametrize(
    ("line", "models"),
    [(SETTINGS, LanguageModels()), (AnswerSettings(), LanguageModels("k", "http://127.0.0.1:9/v1"))],
)
def test_without_a_model_or_an_endpoint_nobody_is_asked(line, models):
    assert run(items_of(LlmResponder(line, models, PATIENT))) == ([], "responder_raised")


def test_cancellation_closes_the_stream_at_once():
    """The emulator sits in a stall of 30 s and sees the client leave."""

    async def one():
        async with answering(LlmFault.STALL) as (responder, emulator):
            first = asyncio.Event()

            async def listen():
                async with aclosing(responder.answer(call(), [turn("תור")], ())) as answer:
                    async for _ in answer:
                        first.set()

            listening = asyncio.create_task(listen())
            await first.wait()
            listening.cancel()
            await asyncio.wait([listening])
            await emulator.requests[0].over.wait()
            return listening.cancelled(), emulator.requests[0], emulator.streams_closed_by_clients

    cancelled, request, closed = run(one())
    assert cancelled and closed == 1 and not request.finished and request.pieces_sent == 3


def test_an_answer_that_is_left_closes_its_stream():
    async def one():
        async with answering(LlmFault.TRICKLE) as (responder, emulator):
            async with aclosing(responder.answer(call(), [turn("תור")], ())) as answer:
                async for _ in answer:
                    break
            await emulator.requests[0].over.wait()
            return emulator.streams_closed_by_clients, responder

    closed, responder = run(one())
    assert closed == 1 and responder.tokens_estimated


def test_a_line_with_a_greeting_opens_with_it_alone():
    async def one():
        greets = AnswerSettings(greeting="שלום!", model=SETTINGS.model)
        async with answering(settings=greets) as (responder, emulator):
            return await items_of(responder, "", Occasion.OPENING), len(emulator.requests)

    assert run(one()) == (([], ""), 0)


def test_the_model_opens_reprompts_and_says_goodbye():
    async def one():
        async with answering() as (responder, _):
            return [
                words((await items_of(responder, "", occasion))[0])
                for occasion in (Occasion.OPENING, Occasion.SILENCE, Occasion.GOODBYE)
            ]

    assert run(one()) == [
        "שלום, הגעתם למרפאה. במה אפשר לעזור?",
        "אתם עדיין על הקו?",
        "תודה שהתקשרתם, להתראות.",
    ]


def test_a_connection_is_used_again():
    async def one():
        async with answering() as (responder, emulator):
            for _ in range(3):
                await items_of(responder)
            return emulator.connections, len(emulator.requests)

    assert run(one()) == (1, 3)


def test_late_words_and_interruptions_are_in_the_next_context_alone():
    async def one():
        responder = LlmResponder(SETTINGS, LanguageModels())
        await responder.revised(turn("א"), "א", "ב")
        await responder.interrupted("א")
        return responder.tokens

    assert run(one()) == 0


def test_words_that_were_revised_to_nothing_are_no_question():
    async def one():
        async with answering() as (responder, emulator):
            answer = responder.answer(call(), [turn("א").revised("")], ())
            return [item async for item in answer], len(emulator.requests)

    assert run(one()) == ([], 0)


class TestLlm(ResponderContract):
    @asynccontextmanager
    async def rig(self, state):
        fault = LlmFault.NONE if state is State.WELL else LlmFault.STATUS_500
        async with answering(fault, ids_repeat=True) as (responder, _):
            yield Rig(responder, ("שלום", "אני רוצה לקבוע תור", "להתראות"))

"""The call's queue: in order, never full of interims, and nothing is lost."""

from calls.core.actions import Note
from calls.live.event_queue import MAX_EVENTS, ActionDue, EventDue, EventQueue, HeardText, InterimDue, TickDue
from stt.events import Final, Interim, OneShotDone, RecognizerError, StreamClosed, Word


async def everything(queue):
    return [await queue.next() for _ in range(queue.events_q.qsize())]


async def test_a_final_is_the_missions_tuple_with_its_event():
    queue, final = EventQueue(), Final((Word("שלום"), Word("לך")), 900)
    queue.put_event(final)
    kind, payload = await queue.next()
    assert (kind, payload, payload.event) == ("stt_final_text", "שלום לך", final)


async def test_the_one_shots_answer_is_a_final_text_too():
    queue, failed = EventQueue(), OneShotDone(3, (), RecognizerError("unavailable"))
    queue.put_event(OneShotDone(2, ("כן",)))
    queue.put_event(failed)
    assert [(text, text.event) for _, text in await everything(queue)] == [
        ("כן", OneShotDone(2, ("כן",))),
        ("", failed),
    ]


async def test_interims_share_one_item_until_it_is_read_and_the_newest_wins():
    queue = EventQueue()
    for text in ("ש", "שלו", "שלום"):
        queue.put_event(Interim((text,), 300))
    (item,) = await everything(queue)
    assert isinstance(item, InterimDue)
    assert item.slot.event == Interim(("שלום",), 300)
    queue.put_event(Interim(("לך",), 600))
    assert [one.slot.event.words for one in await everything(queue)] == [("לך",)]


async def test_an_interim_after_a_final_is_of_another_segment():
    queue = EventQueue()
    queue.put_event(Interim(("שלום",), 300))
    queue.put_event(Final((Word("שלום"),), 400))
    queue.put_event(Interim(("לך",), 900))
    first, final, second = await everything(queue)
    assert (first.slot.event.words, final[1], second.slot.event.words) == (("שלום",), "שלום", ("לך",))


async def test_other_events_and_actions_come_in_order():
    queue = EventQueue()
    queue.put(ActionDue(Note("stream_old")))
    queue.put_event(StreamClosed(0))
    action, event = await everything(queue)
    assert action == ActionDue(Note("stream_old"))
    assert (type(event), event.event) == (EventDue, StreamClosed(0))


async def test_one_tick_waits_however_often_it_is_asked_for():
    queue = EventQueue()
    queue.wake()
    queue.wake()
    assert [type(item) for item in await everything(queue)] == [TickDue]
    queue.wake()
    assert queue.events_q.qsize() == 1


async def test_what_a_full_queue_refuses_is_read_next_in_order(caplog):
    queue = EventQueue()
    texts = [str(number) for number in range(MAX_EVENTS + 8)]
    for text in texts:
        queue.put(("stt_final_text", HeardText.of(text)))
    assert queue.events_q.qsize() == MAX_EVENTS
    assert caplog.text.count("⚠️ events_q full; dropping final text") == queue.finals_refused == 8
    assert [str((await queue.next())[1]) for _ in texts] == texts


def test_a_plain_text_is_of_the_last_utterance():
    assert HeardText.of("שלום לך").event == OneShotDone(None, ("שלום", "לך"))
    mine = HeardText("כן", StreamClosed(0))
    assert HeardText.of(mine) is mine

"""Whatever part of a live call fails, the words are kept and the call ends."""

import pytest
from channels.db import database_sync_to_async

from calls.core.session import CallSession
from calls.live.answering import Answering
from calls.live.call_log import CallLog
from calls.live.stream_record import StreamRecord
from calls.models import Call, Transcript
from calls.process.services import services
from calls.reply.agent import Agent
from calls.reply.floor import Floor
from stt.events import Final, Interim, Word
from stt.streaming.transcriber import Transcriber
from tests.calls.test_consumer import Caller, engine  # noqa: F401 - a fixture
from tests.sounds import silence, speech
from voiceapp.runtime import metrics

pytestmark = pytest.mark.django_db(transaction=True)

PARTS = [
    (Answering, "begin"),
    (Answering, "look"),
    (Answering, "partial"),
    (Answering, "accepted"),
    (Answering, "ended"),
    (Agent, "tick"),
    (Agent, "caller_is"),
    (Agent, "next_deadline_ms"),
    (Floor, "hang_up"),
    (CallLog, "partial"),
    (CallLog, "note"),
    (CallLog, "look"),
    (StreamRecord, "event"),
    (StreamRecord, "stopped"),
    (StreamRecord, "finish"),
    (StreamRecord, "sound_sent"),
    (Transcriber, "close"),
    (CallSession, "next_deadline_ms"),
]
"""What a live call asks of others beside hearing words and writing them down."""


class Told(Exception):
    """What nobody thought of."""


@pytest.mark.parametrize("fails", ["once", "always"])
@pytest.mark.parametrize(("part", "name"), PARTS, ids=[f"{part.__name__}.{name}" for part, name in PARTS])
async def test_what_fails_takes_neither_words_nor_the_calls_end_along(engine, monkeypatch, part, name, fails):  # noqa: F811
    real, asked = getattr(part, name), []

    def failing(self, *args, **kwargs):
        asked.append(name)
        if fails == "always" or len(asked) == 1:
            raise Told
        return real(self, *args, **kwargs)

    before, live = metrics.PUMP_ERRORS._value.get(), metrics.CALLS_LIVE._value.get()
    monkeypatch.setattr(part, name, failing)
    caller = Caller()
    await caller.call()
    await caller.play(silence(500) + speech(600) + silence(500))
    stream = engine.streams[0]
    await caller.heard_by(stream)
    stream.opens()
    stream.deliver(Interim(("שלום",), caller.sent * 20))
    stream.deliver(Final((Word("שלום"), Word("לך")), caller.sent * 20))
    await caller.play(speech(600) + silence(500))  # the one-shot recogniser's
    await caller.hang_up()
    assert asked and metrics.PUMP_ERRORS._value.get() > before
    texts = await database_sync_to_async(lambda: list(Transcript.objects.order_by("number").values_list("text")))()
    call = await database_sync_to_async(Call.objects.get)()
    assert texts == [("שלום לך",), ("שלום",)]
    assert (call.end_reason, call.ended_at is not None) == ("stop", True)
    assert (len(services().calls), metrics.CALLS_LIVE._value.get()) == (0, live)

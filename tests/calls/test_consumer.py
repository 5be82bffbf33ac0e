"""MediaStreamConsumer in process: the mission's names and lines, and a line that nothing blocks."""

import asyncio
import base64
import json
import logging
import secrets
import struct
import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from asgiref.sync import SyncToAsync
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from calls.consumers import MediaStreamConsumer
from calls.core.actions import AskOneShot
from calls.core.session import CallSession, State
from calls.core.status import RecognizerActivity
from calls.lines.line_settings import LineSettings
from calls.live import call_end
from calls.live.event_queue import HeardText, now_ms
from calls.live.fallback_bridge import MAX_WAITING, UtteranceAudio
from calls.models import Call, CallEvent, Transcript
from calls.process.services import services
from calls.process.shared_state import SharedState
from calls.reply.settings import AnswerSettings
from calls.routing import websocket_application
from calls.storage.recording import Recording
from calls.storage.recording_disk import RecordingDisk
from calls.twilio import stream_tokens
from stt.endpointing.silero import SileroVad
from stt.engines.google import GoogleSpeech
from stt.events import Final, OneShotDone, RecognizerError, StreamClosed, Word
from stt.tuning import Tuning
from tests.calls.process.test_change_notices import redis_url  # noqa: F401 - a fixture
from tests.fakes import FakeEngine, recognition_by
from tests.serving import serving
from tests.sounds import silence, speech
from tests.waiting import PATIENCE_S, Socket
from voiceapp.runtime import metrics

pytestmark = pytest.mark.django_db(transaction=True)
SID = "CA1"


@pytest.fixture
def engine(monkeypatch, settings):
    settings.TWILIO_AUTH_TOKEN = "12345"
    settings.PUBLIC_URL = "https://voice.example.org"
    settings.REDIS_URL = ""
    engine = FakeEngine()
    with serving(recognition=recognition_by(engine)):
        yield engine


class OneLine:
    """In the line cache's place: all calls get the same settings."""

    are_known, are_being_read = True, False

    def __init__(self, tuning, answer=None):
        self.tuning, self.answer = tuning, answer or AnswerSettings()

    def tuning_for(self, to_number, call_sid):
        return self.tuning

    def line(self, to_number):
        return LineSettings(self.tuning, answer=self.answer)


def token_of(call_sid, stream_sid):
    """A token that no other stream of the call has: two that are asked for within seconds are the same."""
    return stream_tokens.issue(call_sid, account_sid=f"AC{stream_sid}")


class Caller:
    """Twilio's end of the socket."""

    def __init__(self, *, token=None, signed=True, subprotocols=(), stream_sid="MZ1"):
        self.stream_sid = stream_sid
        path = stream_tokens.stream_path(token or token_of(SID, stream_sid))
        signature = RequestValidator("12345").compute_signature("wss://voice.example.org" + path, {})
        self.socket = Socket(
            websocket_application(),
            path,
            headers=[(b"x-twilio-signature", signature.encode() if signed else b"no")],
            subprotocols=list(subprotocols),
        )
        self.sent = 0

    async def call(self):
        connected, subprotocol = await self.socket.connect()
        assert connected
        await self.say(event="connected", protocol="Call", version="1.0.0")
        start = {"callSid": SID, "streamSid": self.stream_sid, "customParameters": {"from_number": "+972501234567"}}
        await self.say(event="start", sequenceNumber="1", start=start)
        while not self.is_heard():  # noqa: ASYNC110 - it has no event to give
            await asyncio.sleep(0)
        return subprotocol

    def is_heard(self):
        sessions = [one.session for one in services().calls]
        return any(one.state is State.LIVE and one.start.stream_sid == self.stream_sid for one in sessions)

    async def say(self, **message):
        await self.socket.send_to(text_data=json.dumps(message))

    async def play(self, frames):
        for frame in frames:
            media = {"timestamp": str(self.sent * 20 + 60), "payload": base64.b64encode(frame).decode()}
            self.sent += 1
            await self.say(event="media", sequenceNumber=str(self.sent + 1), media=media)

    async def heard_by(self, stream):
        """Everything played has come through, whole batches of it."""
        while len(stream.fed) < self.sent * 160 // 640 * 640:  # noqa: ASYNC110 - the fake has no event to give
            await asyncio.sleep(0)

    async def hang_up(self):
        await self.say(event="stop", stop={"callSid": SID})
        await self.socket.disconnect()
        while services().calls:
            await asyncio.wait(services().calls.pumps, timeout=PATIENCE_S)
        assert await asyncio.to_thread(services().writer.flush, 10)


def consumer():
    return MediaStreamConsumer()


async def rows(model):
    return await database_sync_to_async(lambda: list(model.objects.all()))()


async def test_a_call_is_heard_and_kept(engine, caplog):
    caplog.set_level(logging.INFO)
    caller = Caller(subprotocols=["audio.twilio.com"])
    assert await caller.call() == "audio.twilio.com"
    await caller.play(silence(500) + speech(600) + silence(300))
    stream = engine.streams[0]
    await caller.heard_by(stream)
    stream.opens()
    stream.deliver(Final((Word("שלום"), Word("לך")), 1400))
    await caller.hang_up()
    (turn,) = await rows(Transcript)
    assert (turn.text, turn.source, turn.engine) == ("שלום לך", "final", "fake")
    (call,) = await rows(Call)
    assert (call.stream_sid, call.end_reason, call.frames_received) == ("MZ1", "stop", 70)
    assert (call.stt_streams, call.stt_stream_s, call.one_shots) == (1, 2, 0)
    assert "✅ [STT] Streaming started (attempt 1)" in caplog.text
    assert "[LATENCY] turn=1 source=final" in caplog.text
    assert "שלום" not in caplog.text


async def test_a_call_that_wants_silero_is_heard_without_it_until_its_model_is_there(engine, monkeypatch):
    monkeypatch.setattr(services(), "lines", OneLine(Tuning(vad_engine="silero")))
    caller = Caller()
    await caller.call()
    await caller.play(silence(500) + speech(600) + silence(300))
    await caller.heard_by(engine.streams[0])
    await caller.hang_up()
    (call,) = await rows(Call)
    assert call.counters["silero_not_ready"] == 1
    assert call.speech_ms > 400


async def test_a_call_that_wants_silero_is_heard_by_it_and_late_decisions_are_counted(engine, monkeypatch):
    monkeypatch.setattr(services(), "lines", OneLine(Tuning(vad_engine="silero")))
    asked = []
    monkeypatch.setattr(services().voice_detector, "vad", lambda: SileroVad(lambda vad, pcm: asked.append(pcm)))
    caller = Caller()
    await caller.call()
    await caller.play(silence(200))
    await caller.heard_by(engine.streams[0])
    await caller.hang_up()
    (call,) = await rows(Call)
    assert len(asked) == 200 // 32
    # The first of them was due with the fourth frame, and none ever came.
    assert call.counters["silero_late"] == 7


async def test_audio_that_no_stream_took_is_counted(engine, monkeypatch):
    monkeypatch.setattr("stt.streaming.held_audio.MAX_HELD_MS", 400)
    caller = Caller()
    await caller.call()
    await caller.play(silence(1200))
    await caller.heard_by(engine.streams[0])
    await caller.hang_up()
    (call,) = await rows(Call)
    assert call.counters["audio_dropped_ms"] == 800


async def test_no_subprotocol_is_spoken_that_was_not_offered(engine):
    caller = Caller()
    assert await caller.call() is None
    await caller.hang_up()


async def test_a_token_of_the_secret_key_before_opens_a_stream(engine, settings, caplog):
    """SECRET_KEY has been changed between the webhook and the socket, in another process for example."""
    token = stream_tokens.issue(SID)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    caller = Caller(token=token)
    await caller.call()
    await caller.hang_up()
    settings.SECRET_KEY_FALLBACKS = []
    connected, _ = await Caller(token=token).socket.connect()
    assert not connected
    assert "media socket refused: token_forged" in caplog.text


@pytest.mark.parametrize("bad", ["signature", "token", "spent"])
async def test_who_is_not_twilio_is_refused_before_accept(engine, caplog, bad):
    token = "forged" if bad == "token" else stream_tokens.issue(SID)
    if bad == "spent":
        await stream_tokens.spend(token)
    connected, _ = await Caller(token=token, signed=bad != "signature").socket.connect()
    assert not connected
    code = {"signature": "bad_signature", "token": "token_forged", "spent": "token_spent"}[bad]
    assert f"media socket refused: {code}" in caplog.text


async def test_no_room_for_one_more_call_is_said(engine, settings, caplog):
    settings.MAX_CALLS = 0
    connected, _ = await Caller().socket.connect()
    assert not connected
    assert "too_many_calls" in caplog.text


@pytest.mark.parametrize(("says_no", "code"), [("draining", "draining"), ("full", "too_many_calls")])
async def test_what_changed_while_the_token_was_spent_is_asked_again(
    engine, settings, caplog, monkeypatch, says_no, code
):
    spend = stream_tokens.spend

    async def meanwhile(token):
        await spend(token)
        if says_no == "draining":
            services().admission.draining = True
        else:
            settings.MAX_CALLS = 0

    monkeypatch.setattr(stream_tokens, "spend", meanwhile)
    connected, _ = await Caller().socket.connect()
    assert not connected
    assert f"media socket refused: {code}" in caplog.text


async def test_many_sockets_at_once_take_no_more_places_than_there_are(engine, settings):
    settings.MAX_CALLS = 2
    callers = [Caller(token=stream_tokens.issue(f"CA{number}")) for number in range(8)]
    connected = await asyncio.gather(*(caller.socket.connect() for caller in callers))
    assert sum(is_in for is_in, _ in connected) == len(services().calls) == 2
    for caller, (is_in, _) in zip(callers, connected, strict=True):
        if is_in:
            await caller.socket.disconnect()
    while services().calls:
        await asyncio.wait(services().calls.pumps, timeout=PATIENCE_S)


async def test_at_full_house_a_caller_whose_socket_was_lost_comes_back(engine, settings):
    settings.MAX_CALLS = 1
    lost = Caller()
    await lost.call()
    other, _ = await Caller(token=stream_tokens.issue("CA2")).socket.connect()
    again = Caller(token=stream_tokens.issue(SID, stream_index=1), stream_sid="MZ2")
    await again.call()
    assert not other
    await lost.socket.disconnect()
    await again.hang_up()


async def test_an_unknown_socket_path_is_refused():
    connected, _ = await Socket(websocket_application(), "/ws/nowhere").connect()
    assert not connected


async def test_a_binary_frame_closes_the_socket_with_a_reason(engine, caplog):
    caller = Caller()
    await caller.call()
    await caller.socket.send_to(bytes_data=b"\x00")
    assert (await caller.socket.receive_output())["code"] == 4400
    assert "binary_frame" in caplog.text
    await caller.hang_up()


async def test_malformed_messages_are_counted_and_the_call_goes_on(engine):
    caller = Caller()
    await caller.call()
    await caller.socket.send_to(text_data="{")
    await caller.say(event="nonsense")
    await caller.say(event="media", media={"payload": "!!"})
    await caller.play(speech(40))
    await caller.hang_up()
    (call,) = await rows(Call)
    assert {"bad_json": 1, "unknown_event": 1, "bad_base64": 1}.items() <= call.counters.items()
    assert call.frames_received == 2


EPOCH_MS = 1_764_126_000_000


@pytest.mark.parametrize(
    ("stamp_of", "wrong"),
    [
        (lambda ms: EPOCH_MS if ms == 1000 else ms, 1),
        (lambda ms: EPOCH_MS + ms, 10),
        (lambda ms: (2**32 - 1200 + ms) % 2**32, 10),
    ],
    ids=["one", "all", "wrap"],
)
async def test_timestamps_that_cannot_be_are_counted_and_the_call_goes_on(
    engine, settings, monkeypatch, tmp_path, stamp_of, wrong
):
    settings.VAR_DIR = tmp_path
    disk = RecordingDisk()
    services().disk = disk
    disk.start()
    caller = Caller()
    await caller.call()
    for at, frame in enumerate(speech(3000)):
        media = {"timestamp": str(stamp_of(20 * at)), "payload": base64.b64encode(frame).decode()}
        await caller.say(event="media", media=media)
    await caller.hang_up()
    disk.stop(10)
    (call,) = await rows(Call)
    assert (call.end_reason, call.frames_received, call.counters["timestamp_wrong"]) == ("stop", 150, wrong)
    assert call.frame_delay_ms["max"] < 60_000, "a wrong stamp says nothing of a frame's delay"
    recording = Recording(tmp_path / call.streams["MZ1"]["recording"])
    assert recording.ulaw() == (0, b"".join(speech(3000)))


async def test_a_message_that_cannot_be_handled_is_counted_and_the_call_goes_on(engine, monkeypatch, caplog):
    real, times = CallSession.receive, []

    def receive(session, message, now_ms):
        times.append(now_ms)
        if len(times) in (5, 6):
            raise struct.error("what nobody thought of")
        return real(session, message, now_ms)

    monkeypatch.setattr(CallSession, "receive", receive)
    before = metrics.RECEIVE_ERRORS._value.get()
    caller = Caller()
    await caller.call()
    await caller.play(speech(200))
    await caller.hang_up()
    (call,) = await rows(Call)
    assert (call.end_reason, call.frames_received, call.counters["receive_error"]) == ("stop", 8, 2)
    assert metrics.RECEIVE_ERRORS._value.get() == before + 2
    assert caplog.text.count("a message could not be handled") == 1


async def test_a_start_whose_parameters_no_database_takes_is_kept(engine):
    token = stream_tokens.issue(SID, f"sip:{'b' * 46}@pbx.example.org;transport=tls;x\0")
    caller = Caller(token=token)
    await caller.socket.connect()
    said = {"from_number": f"sip:{'a' * 30}@pbx.example.org;transport=tls;x", "to_number": "\0+972\ud80035550100"}
    start = {"callSid": SID, "streamSid": "MZ1", "customParameters": said}
    await caller.say(event="start", sequenceNumber="1", start=start)
    await caller.play(speech(200))
    await caller.hang_up()
    (call,) = await rows(Call)
    assert (call.from_number, call.to_number) == (said["from_number"][:64], "+97235550100")
    assert (call.end_reason, call.tuning["streaming"], list(call.streams)) == ("stop", True, ["MZ1"])
    assert call.streams["MZ1"]["recording"].endswith(".vrec")


async def test_the_fallback_runs_in_the_calls_own_thread_and_says_so(engine, caplog):
    caplog.set_level(logging.INFO)
    caller = Caller()
    await caller.call()
    await caller.play(silence(500) + speech(600) + silence(300))
    await caller.hang_up()
    (turn,) = await rows(Transcript)
    assert (turn.text, turn.source) == ("שלום", "fallback")
    (call,) = await rows(Call)
    assert (call.one_shots, call.one_shot_s) == (1, 2)  # 1020 ms
    assert engine.asked[0].startswith("stt-fallback")
    assert "🧵 [STT] fallback in executor (utterance 1, " in caplog.text


async def test_what_a_call_asks_only_to_compare_is_no_fallback(engine, caplog):
    caplog.set_level(logging.INFO)
    fallbacks, comparisons = metrics.FALLBACKS._value.get(), metrics.COMPARISONS._value.get()
    caller = Caller()
    await caller.call()
    (call,) = services().calls
    call.ask_one_shot(AskOneShot(7, bytes(8000), is_comparison=True))
    while not engine.asked:  # noqa: ASYNC110 - the fake has no event to give
        await asyncio.sleep(0)
    await caller.hang_up()
    assert "🧵 [STT] comparison in executor (utterance 7, 1000 ms)" in caplog.text
    assert "fallback in executor" not in caplog.text
    assert (metrics.FALLBACKS._value.get(), metrics.COMPARISONS._value.get()) == (fallbacks, comparisons + 1)


async def test_a_failed_fallback_is_logged_and_the_turn_has_its_code(engine, caplog):
    engine.answer = RuntimeError("no engine")
    caller = Caller()
    await caller.call()
    await caller.play(silence(500) + speech(600) + silence(300))
    await caller.hang_up()
    (turn,) = await rows(Transcript)
    assert (turn.source, turn.code) == ("none", "fallback_error")
    assert "❌ STT fallback failed: no engine" in caplog.text
    assert "fallback_failed" in [event.code for event in await rows(CallEvent)]


async def test_a_call_that_nobody_hears_says_so_on_its_row_and_in_the_metrics(engine):
    engine.answer = RecognizerError("unavailable")
    caller = Caller()
    await caller.call()
    engine.streams[0].opens()
    assert services().calls.recognition_statuses() == ["streaming"]
    engine.streams[0].deliver(StreamClosed(0, RecognizerError("permission_denied", permanent=True)))
    await caller.play(silence(500) + speech(600) + silence(500))
    while "down" not in services().calls.recognition_statuses():  # noqa: ASYNC110 - it has no event to give
        await asyncio.sleep(0)
    await caller.hang_up()
    assert [call.hearing for call in await rows(Call)] == ["down"]


async def test_a_call_whose_engine_has_no_key_is_down_and_says_so(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path))
    services().recognition = recognition_by(GoogleSpeech())
    caller = Caller()
    await caller.call()
    await caller.play(silence(500) + speech(600) + silence(500))
    while "down" not in services().calls.recognition_statuses():  # noqa: ASYNC110 - it has no event to give
        await asyncio.sleep(0)
    (running,) = services().calls
    assert running.status(now_ms()).hears is RecognizerActivity.DOWN  # what alarms are raised on
    await caller.hang_up()
    (turn,) = await rows(Transcript)
    assert (turn.source, turn.code) == ("none", "client_failed")
    codes = [event.code for event in await rows(CallEvent)]
    assert codes[:4] == ["client_failed", "streaming_lost", "fallback", "fallback_failed"]
    assert [call.hearing for call in await rows(Call)] == ["down"]


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_call_whose_hints_are_refused_is_heard_without_them_and_says_so(engine, monkeypatch, streaming):
    tuning = Tuning(phrase_hints=("רחוב",), profile="quick@1", stt_retry_ms=0, streaming=streaming)
    services().lines = OneLine(tuning)
    engine.refuses = lambda options: bool(options.hints)
    caller = Caller()
    await caller.call()
    await caller.play(silence(500) + speech(600) + silence(500))
    if streaming:
        while len(engine.streams) < 2:  # noqa: ASYNC110 - the fake has no event to give
            await asyncio.sleep(0)
        engine.streams[1].opens()
        engine.streams[1].deliver(Final((Word("שלום", 500, 1000),), 1100))
    await caller.hang_up()
    assert [turn.text for turn in await rows(Transcript)] == ["שלום"]
    codes = [event.code for event in await rows(CallEvent)]
    assert codes.count("hints_refused") == 1
    assert "streaming_lost" not in codes


async def test_a_full_queue_drops_nothing_and_says_so(caplog):
    mine = consumer()
    for number in range(40):
        mine.queue.put(("stt_final_text", HeardText(str(number), OneShotDone(None, ()))))
    assert mine.events_q.qsize() == 32
    assert caplog.text.count("⚠️ events_q full; dropping final text") == 8
    assert [str((await mine.queue.next())[1]) for _ in range(40)] == [str(number) for number in range(40)]
    mine.exec.shutdown()


async def test_the_bridge_returns_at_once_and_brings_the_text_back_through_the_queue():
    mine = consumer()
    gate = threading.Event()
    mine._hebrew_stt = lambda audio_data: gate.wait(PATIENCE_S) and "שלום"
    mine._stt_fallback_nonblocking(bytes(3200))
    assert mine.events_q.empty()
    gate.set()
    assert await asyncio.wait_for(mine.events_q.get(), 10) == ("stt_final_text", "שלום")
    mine.exec.shutdown()


async def test_a_hung_thread_is_given_one_utterance_and_the_others_wait_with_their_audio():
    mine = consumer()
    gate = threading.Event()
    heard = []
    mine._hebrew_stt = lambda audio_data: gate.wait(PATIENCE_S) and (heard.append(audio_data.utterance) or "שלום")
    for number in range(1, 12):
        mine._process_utterance_safe(UtteranceAudio.of(bytes(3200), number))
    assert (mine.bridge.is_busy, mine.bridge.waiting) == (True, MAX_WAITING)
    given_up = [mine.events_q.get_nowait()[1].event for _ in range(mine.events_q.qsize())]
    assert [(event.utterance, event.error.code) for event in given_up] == [(2, "fallback_busy"), (3, "fallback_busy")]
    gate.set()
    served = [(await asyncio.wait_for(mine.events_q.get(), 10))[1].event.utterance for _ in range(9)]
    assert served == heard == [1, 4, 5, 6, 7, 8, 9, 10, 11]
    mine.exec.shutdown()


async def test_the_async_wrapper_leaves_the_loop_free():
    mine = consumer()
    gate = threading.Event()
    mine._hebrew_stt = lambda audio_data: gate.wait(PATIENCE_S) and threading.current_thread().name
    waiting = asyncio.ensure_future(mine._stt_fallback_async(b""))
    await asyncio.sleep(0)
    gate.set()  # the loop is here to open the gate while the thread waits
    assert (await waiting).startswith("stt-fallback")
    mine.exec.shutdown()


async def test_a_frame_takes_no_thread_and_no_await(engine, monkeypatch):
    """Audio is handled between one send and the return of receive: nothing is ever waited for on the way."""
    caller = Caller()
    await caller.call()
    await caller.play(silence(40))
    hops = []
    real = SyncToAsync.__call__

    async def counted(self, *args, **kwargs):
        hops.append(self)
        return await real(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    mine = consumer()
    mine.begin(stream_tokens.StreamToken(SID), 0, services())
    start = json.dumps({"event": "start", "start": {"callSid": SID, "streamSid": "MZ"}})
    for text in [start] + [
        json.dumps({"event": "media", "media": {"timestamp": str(i * 20), "payload": base64.b64encode(f).decode()}})
        for i, f in enumerate(silence(500) + speech(600) + silence(300))
    ]:
        steps = mine.dispatch({"type": "websocket.receive", "text": text})
        with pytest.raises(StopIteration):
            steps.send(None)  # runs to its end in one step: it awaited nothing
    assert hops == []
    assert len(engine.streams[-1].fed) == 17 * 640
    await mine.disconnect(1000)
    await caller.hang_up()


async def test_one_blocked_call_is_not_felt_by_another(engine):
    """One call's recogniser hangs; the other call's turn is heard and kept meanwhile."""
    engine.gate.clear()
    blocked = Caller()
    await blocked.call()
    await blocked.play(silence(500) + speech(600) + silence(300))
    await blocked.say(event="stop", stop={"callSid": SID})
    free = Caller(stream_sid="MZ2")
    await free.call()
    await free.play(silence(500) + speech(600) + silence(300))
    await free.heard_by(engine.streams[1])
    engine.streams[1].opens()
    engine.streams[1].deliver(Final((Word("פנוי"),), 1400))
    await free.say(event="stop", stop={"callSid": SID})
    while len(services().calls) > 1:
        await asyncio.wait(services().calls.pumps, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    assert len(services().calls) == 1
    engine.gate.set()
    await free.socket.disconnect()
    await blocked.hang_up()


UTTERANCE = silence(500) + speech(600) + silence(300)


async def says(caller, stream, text):
    """One utterance, and what the recogniser makes of it."""
    await caller.play(UTTERANCE)
    await caller.heard_by(stream)
    stream.opens()
    stream.deliver(Final((Word(text),), 1400))


async def closed_with(caller):
    return (await caller.socket.receive_output()).get("code", 1000)


async def kept_turns():
    return [(turn.text, turn.number) for turn in await rows(Transcript)]


async def test_of_two_live_streams_of_a_call_the_older_is_closed_and_the_words_of_both_are_kept(engine):
    older, newer = Caller(stream_sid="MZ1"), Caller(stream_sid="MZ2")
    await older.call()
    await says(older, engine.streams[0], "ראשון")
    await newer.call()
    assert await closed_with(older) == 4409
    await older.socket.disconnect()
    await says(newer, engine.streams[1], "שני")
    await newer.hang_up()
    assert await kept_turns() == [("ראשון", 1), ("שני", 10_001)]
    (call,) = await rows(Call)
    assert {sid: stream["end_reason"] for sid, stream in call.streams.items()} == {"MZ1": "replaced", "MZ2": "stop"}
    assert call.end_reason == "stop"


async def test_of_streams_that_begin_at_once_the_last_one_is_heard(engine, settings, redis_url, monkeypatch):  # noqa: F811
    settings.REDIS_URL = redis_url

    async def tell(word):
        services().calls.replaced_elsewhere(word)

    monkeypatch.setattr(services().notices, "tell", tell)
    sid = "CA" + secrets.token_hex(16)
    callers = [Caller(token=token_of(sid, f"MZ{number}"), stream_sid=f"MZ{number}") for number in range(5)]
    for caller in callers:
        assert (await caller.socket.connect())[0]
    for caller in callers:
        await caller.say(event="start", start={"callSid": sid, "streamSid": caller.stream_sid})
    for caller in callers[:-1]:
        assert await closed_with(caller) == 4409
    announcing = [task for task in asyncio.all_tasks() if task.get_name().startswith("announce ")]
    if announcing:
        await asyncio.wait(announcing)
    await asyncio.sleep(0)
    assert callers[-1].is_heard()
    for caller in callers:
        await caller.socket.disconnect()
    await callers[-1].hang_up()


async def test_a_newer_stream_in_another_process_closes_the_older_one(engine):
    caller = Caller()
    await caller.call()
    for word in (b"", b"[]", b"{}", b'{"replaced": 1}', b'{"replaced": ["MZother"]}'):
        services().calls.replaced_elsewhere(word)
    await asyncio.sleep(0)
    assert caller.is_heard()
    services().calls.replaced_elsewhere(b'{"replaced": ["MZ0", "MZ1"]}')
    assert await closed_with(caller) == 4409
    await caller.hang_up()
    assert [call.end_reason for call in await rows(Call)] == ["replaced"]


async def test_a_call_whose_voice_is_asked_again_goes_on_in_its_media_time_with_numbers_of_its_own(engine, monkeypatch):
    first, again = Caller(stream_sid="MZ1"), Caller(stream_sid="MZ2")
    await first.call()
    await says(first, engine.streams[0], "ראשון")
    await first.hang_up()
    later = SimpleNamespace(time=lambda: time.time() + 60, monotonic=time.monotonic)
    monkeypatch.setattr("calls.live.live_call.time", later)
    monkeypatch.setattr("calls.process.shared_state.time", later)
    await again.call()
    await says(again, engine.streams[1], "שני")
    await again.hang_up()
    (one, two) = await rows(Transcript)
    assert [(one.text, one.number), (two.text, two.number)] == [("ראשון", 1), ("שני", 10_001)]
    assert one.started_ms < 1000
    assert 60_000 <= two.started_ms < 70_000


async def test_the_start_of_a_call_that_another_process_began_is_read_from_its_row(engine):
    began_at = timezone.now() - timedelta(seconds=60)
    await database_sync_to_async(Call.objects.create)(call_sid=SID, started_at=began_at)
    caller = Caller()
    await caller.call()
    await says(caller, engine.streams[0], "שלום")
    await caller.hang_up()
    (turn,) = await rows(Transcript)
    assert 60_000 <= turn.started_ms < 70_000


@pytest.mark.parametrize(
    ("start", "code"),
    [({"callSid": "CAother"}, "foreign_call"), ({"callSid": SID, "accountSid": "ACother"}, "foreign_account")],
)
async def test_a_start_of_another_call_is_closed_at_once_and_reaches_no_recogniser(engine, start, code):
    caller = Caller(token=stream_tokens.issue(SID, account_sid="AC1"))
    connected, _ = await caller.socket.connect()
    assert connected
    await caller.say(event="start", sequenceNumber="1", start={"streamSid": "MZ1", **start})
    assert await closed_with(caller) == 4400
    await caller.hang_up()
    (call,) = await rows(Call)
    assert (call.end_reason, call.counters[code], engine.streams) == ("foreign_start", 1, [])


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ({"callSid": 5}, "missing_field"),
        ({"callSid": "../../x"}, "bad_sid"),
        ({"streamSid": "a b"}, "bad_sid"),
        ({"accountSid": ""}, "bad_sid"),
        ({"accountSid": None}, "bad_sid"),
        ({"mediaFormat": {"encoding": "audio/x-alaw"}}, "bad_media_format"),
    ],
)
async def test_a_malformed_start_is_closed_at_once_and_reaches_no_recogniser(engine, start, code):
    caller = Caller(token=stream_tokens.issue(SID, account_sid="AC1"))
    assert (await caller.socket.connect())[0]
    await caller.say(event="start", start={"callSid": SID, "streamSid": "MZ1", **start})
    assert await closed_with(caller) == 4400
    await caller.hang_up()
    (call,) = await rows(Call)
    assert (call.end_reason, call.counters[code], engine.streams) == ("bad_start", 1, [])


async def test_who_says_stop_and_stays_is_closed_when_the_record_is_complete(engine):
    caller = Caller()
    await caller.call()
    await says(caller, engine.streams[0], "שלום")
    await caller.say(event="stop", stop={"callSid": SID})
    assert await closed_with(caller) == 1000
    await caller.hang_up()
    (call,) = await rows(Call)
    assert call.end_reason == "stop"


async def test_a_socket_without_a_start_is_closed_and_reaches_no_recogniser(engine, monkeypatch):
    monkeypatch.setattr("calls.core.media_connection.NO_START_MS", 50)
    caller = Caller()
    connected, _ = await caller.socket.connect()
    assert connected
    await caller.play(speech(200))
    assert await closed_with(caller) == 4408
    await caller.hang_up()
    (call,) = await rows(Call)
    assert (call.end_reason, call.counters["media_before_start"], engine.streams) == ("no_start", 10, [])


async def test_audio_of_another_stream_is_dropped_and_counted(engine):
    caller = Caller()
    await caller.call()
    media = {"timestamp": "60", "payload": base64.b64encode(speech(20)[0]).decode()}
    await caller.say(event="media", sequenceNumber="2", media=media, streamSid="MZother")
    await caller.say(event="stop", stop={"callSid": SID}, streamSid="MZother")
    await says(caller, engine.streams[0], "שלום")
    await caller.hang_up()
    (call,) = await rows(Call)
    assert (call.counters["foreign_stream"], call.frames_received) == (2, len(UTTERANCE))


def follow():
    """What Twilio is told when it asks what follows, as soon as it sees the socket closed."""
    form = {"CallSid": SID, "CallStatus": "in-progress"}
    url = "https://voice.example.org"
    signature = RequestValidator("12345").compute_signature(url + "/twilio/after", form)
    headers = {"X-Twilio-Signature": signature, "X-Forwarded-Proto": "https"}
    return Client().post("/twilio/after", form, headers=headers).content.decode()


def away(*_, **__):
    raise DatabaseError("away")


@pytest.mark.parametrize("reason", ["silent_line", "too_long"])
@pytest.mark.parametrize("knows", ["process", "row"])
async def test_the_end_that_we_chose_is_known_when_the_socket_closes(engine, monkeypatch, settings, reason, knows):
    """By this process without a database, by another one from the row."""
    if reason == "too_long":
        settings.MAX_CALL_S = 1
    else:
        monkeypatch.setattr("calls.core.media_connection.NO_CALLER_MS", 200)
    if knows == "process":
        monkeypatch.setattr("calls.storage.rows.write", away)
        monkeypatch.setattr(call_end, "END_KNOWN_S", 0.1)
    caller = Caller()
    await caller.call()
    engine.gate.clear()  # it is still being heard out: the call's own record is written seconds later
    await caller.play(UTTERANCE[:40])
    assert await closed_with(caller) == 1000
    assert services().calls
    if knows == "row":
        services().shared = SharedState()
        assert "<Hangup" in await asyncio.to_thread(follow)
    else:
        monkeypatch.setattr(Call.objects, "filter", away)
        assert "<Hangup" in await asyncio.to_thread(follow)
        monkeypatch.undo()
    engine.gate.set()
    await caller.hang_up()


async def test_a_stream_that_a_message_ended_is_followed_by_another(engine):
    caller = Caller()
    await caller.call()
    await caller.socket.send_to(bytes_data=b"\x00")
    assert await closed_with(caller) == 4400
    assert "<Stream" in await asyncio.to_thread(follow)
    await caller.hang_up()

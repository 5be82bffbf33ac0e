"""The sound of a stream for who listens in: nothing of it is felt on the media path."""

import asyncio
import time

import pytest

from calls.core.actions import Feed
from calls.live import sound_tap
from calls.live.sound_tap import MOST_PARTS, PART, SoundTap, Track, packed
from calls.live.stream_record import StreamRecord
from calls.process.listening_in import group_of
from stt.audio import FRAME_BYTES, FRAME_MS


class Layer:
    """A channel layer that keeps what it is given, or never takes it."""

    def __init__(self, *, hangs=False):
        self.hangs, self.messages, self.taken, self.asked = hangs, [], asyncio.Event(), asyncio.Event()

    async def group_send(self, group, event):
        self.asked.set()
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        self.messages.append((group, event))
        self.taken.set()


@pytest.fixture
def layer(monkeypatch):
    def use(layer):
        monkeypatch.setattr(sound_tap, "get_channel_layer", lambda: layer)
        monkeypatch.setattr(sound_tap, "EVERY_S", 0.001)
        return layer

    return use


def parts_of(message):
    found = []
    while message:
        track, at_ms, length = PART.unpack(message[: PART.size])
        found.append((track, at_ms, message[PART.size : PART.size + length]))
        message = message[PART.size + length :]
    return found


def frame(number):
    return Feed(bytes([number % 256]) * FRAME_BYTES, number * FRAME_MS)


async def test_what_gathers_is_sent_together_in_its_order(layer):
    layer, tap = layer(Layer()), SoundTap("CA1")
    tap.open()
    tap.put(Track.CALLER, 0, b"\x01")
    tap.put(Track.LINE, 40, b"\x02\x03")
    tap.put(Track.CLEARED, 41, b"")
    await asyncio.wait_for(layer.taken.wait(), 5)
    ((group, event),) = layer.messages
    assert (group, event["type"]) == (group_of("CA1"), "listen.sound")
    assert parts_of(event["sound"]) == [(0, 0, b"\x01"), (1, 40, b"\x02\x03"), (2, 41, b"")]
    tap.close()


async def test_nothing_is_kept_while_nobody_listens(layer):
    layer, tap = layer(Layer()), SoundTap("CA1")
    tap.put(Track.CALLER, 0, b"before")
    tap.open()
    tap.close()
    await tap._task
    tap.put(Track.CALLER, 20, b"after")
    assert tap._parts is None and layer.messages == []


async def test_a_stream_that_is_over_is_listened_to_no_more_and_leaves_no_task(layer):
    """Word of a listener may come behind the stream's end."""
    layer, tap = layer(Layer()), SoundTap("CA1")
    tap.open()
    tap.put(Track.CALLER, 0, b"last")
    tap.close()
    tap.open()
    await asyncio.wait_for(tap.sent(), 5)
    assert tap._task.done() and tap._parts is None
    assert [parts_of(event["sound"]) for _, event in layer.messages] == [[(0, 0, b"last")]]


async def test_the_sound_is_wanted_for_a_while_at_a_time(layer, monkeypatch):
    layer(Layer())
    tap, now_s = SoundTap("CA1"), [100.0]
    monkeypatch.setattr(sound_tap, "monotonic", lambda: now_s[0])
    tap.open()
    now_s[0] += sound_tap.LEASE_S - 1
    tap.open()
    now_s[0] += sound_tap.LEASE_S - 1
    done, _ = await asyncio.wait({tap._task}, timeout=0.05)
    assert not done
    now_s[0] += 1
    await asyncio.wait_for(tap._task, 5)


async def test_a_frame_waits_for_nothing_and_asks_nobody(layer, monkeypatch):
    """No task, no callback, no thread: whether somebody listens or not, the media path only appends."""
    layer(Layer(hangs=True))
    record = StreamRecord(Disk())
    record.begin("CA1", "MZ1", 0.0)
    record.listen_in()
    loop = asyncio.get_running_loop()

    def refuse(*_args, **_options):
        raise AssertionError("the media path has asked the loop for something")

    with monkeypatch.context() as patched:
        for name in ("call_soon", "call_soon_threadsafe", "call_later", "call_at", "create_task", "run_in_executor"):
            patched.setattr(loop, name, refuse)
        for number in range(500):
            assert record.frame(frame(number), time.monotonic()) is None
    record.finish()


async def test_of_a_layer_that_hangs_the_newest_second_waits(layer):
    layer(Layer(hangs=True))
    tap = SoundTap("CA1")
    tap.open()
    for number in range(10_000):
        tap.put(Track.CALLER, number * FRAME_MS, bytes(FRAME_BYTES))
    assert len(tap._parts) == MOST_PARTS and tap._parts[-1][1] == 9_999 * FRAME_MS
    tap._task.cancel()


async def test_a_layer_that_fails_is_asked_again(layer, monkeypatch):
    layer = layer(Layer(hangs=True))
    monkeypatch.setattr(sound_tap, "SEND_TIMEOUT_S", 0.001)
    before = sound_tap.metrics.SOUND_UNSENT._value.get()
    tap = SoundTap("CA1")
    tap.open()
    tap.put(Track.CALLER, 0, b"lost")
    await asyncio.wait_for(layer.asked.wait(), 5)
    layer.hangs = False
    tap.put(Track.CALLER, 20, b"heard")
    await asyncio.wait_for(layer.taken.wait(), 5)
    assert sound_tap.metrics.SOUND_UNSENT._value.get() == before + 1
    assert parts_of(layer.messages[0][1]["sound"]) == [(0, 20, b"heard")]
    tap.close()


def test_what_no_message_can_hold_is_left_out():
    assert parts_of(packed([(Track.LINE, -5, b"a"), (Track.LINE, 2**40, b"b"), (Track.LINE, 0, bytes(2**16))])) == [
        (1, 0, b"a"),
        (1, 2**32 - 1, b"b"),
    ]


class Disk:
    def put(self, path, data, header=b"", unwritten=None):
        pass

    def finish(self, path, unwritten=None):
        pass

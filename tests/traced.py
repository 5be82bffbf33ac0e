"""Virtual calls of the samples that keep their trace and recording, as a live call does."""

from calls.core import actions as act
from calls.storage.recording import Recorder
from calls.storage.recording_disk import RecordingDisk
from calls.storage.trace import RecognitionTrace, read_trace
from calls.whatif.recorded_call import heard_of
from stt.emulator.recordings import Library
from tests.paths import SAMPLES
from tests.virtual import Engine, VirtualCall, in_virtual_time

LIBRARY = Library([SAMPLES])


class TracedCall(VirtualCall):
    """A virtual call with a trace and a recording."""

    def __init__(self, engine, tuning, path):
        self.disk = RecordingDisk()
        self.disk.start()
        self.trace = RecognitionTrace(path, self.disk, 0.0)
        self.recorder = Recorder(path.with_suffix(".vrec"), self.disk)
        super().__init__(engine, tuning)

    def _heard(self, event):
        self.trace.event(event, self.now_ms)
        super()._heard(event)

    def _perform(self, actions):
        for action in actions:
            if isinstance(action, act.Feed):
                self.trace.frame(action, self.now_ms)
                self.recorder.push(action.at_ms, action.ulaw)
            elif isinstance(action, act.FinishStream):
                self.trace.stopped(self.now_ms)
        super()._perform(actions)


def heard(path, tuning, *, seed=1, first=0, recordings=6, **faults):
    """A call's turns, and its trace read back."""

    async def call():
        call = TracedCall(Engine(LIBRARY, seed=seed, **faults), tuning, path)
        await call.noise(900)
        for recording in LIBRARY.recordings[first : first + recordings]:
            await call.recording(recording)
            await call.noise(700)
        await call.hang_up()
        call.trace.flush()
        call.recorder.flush()
        call.disk.stop(10)
        return call.turns

    return in_virtual_time(call()), heard_of(read_trace(path))


def sorted_by_time(turns):
    return sorted(turns, key=lambda turn: (turn.started_ms, turn.number))

"""What one process owns, made in one place and handed on: its calls, its threads, its way to engines, rows and others.

``services()`` is the process's own, made when it is first asked for; nothing is started by being made. A test makes its
own with other parts and uses it for a while: ``with using(Services(recognition=...))``.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django.conf import settings

from calls.lines.settings_cache import LineCache
from calls.process.admission import Admission
from calls.process.alarm_monitor import AlarmMonitor
from calls.process.answerers import Answerers
from calls.process.call_orders import CallOrders
from calls.process.change_notices import ChangeNotices
from calls.process.conversations import Conversations
from calls.process.disk_room import disk_verdict
from calls.process.heartbeat import Heartbeat
from calls.process.listening_in import ListeningIn
from calls.process.live_updates import LiveUpdates
from calls.process.loop_lag import LoopLag
from calls.process.recognition import Recognition, recognition_of_settings
from calls.process.recovery import recover_in_background
from calls.process.registry import CallRegistry
from calls.process.rendering import PhraseRendering
from calls.process.shared_state import SharedState
from calls.process.turn_traces import TurnTraces
from calls.process.voices import voices_of_settings
from calls.process.webhooks.sending import WebhookSender
from calls.reply import speakable
from calls.reply.language_models import LanguageModels
from calls.reply.turn_model import TurnModelThread
from calls.reply.voices.registry import Voices
from calls.storage.queued_calls import QueueWriter
from calls.storage.recording_disk import RecordingDisk
from calls.storage.search_filler import Filler
from calls.storage.sums_folder import SumsFolder
from calls.storage.writer import Writer
from stt.endpointing.echo_canceller import EchoCancellers
from stt.endpointing.silero import SileroThread
from voiceapp.runtime import background


class Services:
    """Its parts; each can be given instead of being made from the settings."""

    def __init__(
        self,
        *,
        recognition: Recognition | None = None,
        lines: LineCache | None = None,
        shared: SharedState | None = None,
        notices: ChangeNotices | None = None,
        writer: Writer | None = None,
        disk: RecordingDisk | None = None,
        voice_detector: SileroThread | None = None,
        updates: LiveUpdates | None = None,
        calls: CallRegistry | None = None,
        voices: Voices | None = None,
    ) -> None:
        self.recognition = recognition or recognition_of_settings()
        self.shared = shared or SharedState()
        self.notices = notices or ChangeNotices(settings.REDIS_URL)
        self.voice_detector = voice_detector or SileroThread()
        self.lines = lines or LineCache(
            settings.ENVIRONMENT_TUNING, self.notices, self.voice_detector, settings.TUNING_SET
        )
        self.recognition.named = lambda: self.lines.engine_names
        recovered = partial(recover_in_background, self.recognition)
        self._writer = writer or Writer(Path(settings.VAR_DIR) / "journal", recovered)
        self.disk = disk or RecordingDisk()
        self.updates = updates or LiveUpdates()
        self.calls = CallRegistry() if calls is None else calls
        self.orders = CallOrders(self.calls, settings.REDIS_URL)
        self.voices = voices or voices_of_settings()
        self.rendering = PhraseRendering(self.voices)
        self.language_models = LanguageModels(settings.LLM_API_KEY, settings.LLM_BASE_URL)
        self.answerers = Answerers(self.voices, self.language_models)
        self.conversations = Conversations()
        self.turn_model = TurnModelThread()
        self.echo_cancellers = EchoCancellers()
        self.loop_lag = LoopLag()
        self.traces = TurnTraces()
        self.admission = Admission(self.calls, self.loop_lag)
        self.alarms = AlarmMonitor(lambda: self.recognition.unwell(), disk_verdict, lambda: self.lines.verdict)
        self.heartbeat = Heartbeat(
            self.calls,
            updates=self.updates,
            alarms=self.alarms,
            loop_lag=self.loop_lag,
            trouble=lambda: self.recognition.trouble,
        )
        self._rows_threads = [Filler(), SumsFolder(), QueueWriter(), WebhookSender()]
        self._started = threading.Event()
        self.listening = ListeningIn(self.calls, self.notices)
        self.notices.listeners += [self.calls.replaced_elsewhere, self.orders.heard, self.listening.heard]

    @property
    def writer(self) -> Writer:
        """Started, and again where one of its threads has ended."""
        self._writer.start()
        return self._writer

    def start(self) -> None:
        """Start the threads of a process that serves, as it begins or at its first call: rows, recordings, the line
        cache, alarms, the search text, sums, the reviewers' queue, the model probe, what voices load. Idempotent;
        returns at once."""
        if self._started.is_set():
            return
        self._started.set()
        self._writer.start()
        self.disk.start()
        self.lines.start()
        self.alarms.start()
        self.traces.start()
        for thread in self._rows_threads:
            thread.start()
        background.thread("model-probe", self.recognition.keep_probing, once=True).start()
        # What the first answer would wait for.
        background.thread("speakable", speakable.warm, once=True).start()
        if self.language_models.configured:
            background.thread("language-model", self.language_models.load, once=True).start()
        background.thread("voices", self.voices.warm_up, once=True).start()

    def start_on_loop(self) -> None:
        """Start what watches the running loop. Idempotent; ends with the loop."""
        self.loop_lag.start()
        self.heartbeat.start()


_own: Services | None = None
_making = threading.Lock()


def services() -> Services:
    """This process's. Any thread."""
    global _own
    if _own is None:
        with _making:
            if _own is None:
                _own = Services()
    return _own


def announce_change() -> None:
    """A row that calls read was saved: tell every process. A command that saves one needs no services of its own for
    it. Blocking, bounded; never raises."""
    own = _own
    (own.notices if own is not None else ChangeNotices(settings.REDIS_URL)).announce()


@contextlib.contextmanager
def using(other: Services) -> Iterator[Services]:
    """Let these be the process's for a while: for tests and benchmarks."""
    global _own
    before, _own = _own, other
    try:
        yield other
    finally:
        _own = before

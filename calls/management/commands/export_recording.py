"""``manage.py export_recording CALL_SID [--out call.wav]``: a call's audio, its streams one behind the other.

Where the line spoke it is stereo: the caller left, the line right.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from calls.core.sender_clock import MAX_MEDIA_MS
from calls.desk.access_log.entries import Kind, note_command
from calls.management.rows_command import RowsCommand
from calls.management.written import written
from calls.storage.call_streams import call_streams
from calls.storage.losses import lacking_ms, loss_of
from calls.storage.models import Call
from calls.storage.recording import Recording, RecordingError, line_file, line_recording
from stt.audio import BYTES_PER_MS, SAMPLE_RATE_HZ, ULAW_SILENCE, stereo, ulaw_to_pcm


class Command(RowsCommand):
    help = "Write a call's recording as a wav file."
    opens_files_of_calls = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("call_sid")
        parser.add_argument("--out", type=Path, metavar="FILE.wav", help="Default CALL_SID.wav, here.")

    def handle(self, *args: Any, **options: Any) -> None:
        call = Call.objects.filter(call_sid=options["call_sid"]).first()
        if call is None:
            raise CommandError(f"unknown_call: there is no call {options['call_sid']}")
        note_command(Kind.EXPORT, "export_recording", call_sid=call.call_sid)
        audio, said = bytearray(), bytearray()
        begins_ms: int | None = None
        missing: list[str] = []
        for stream in call_streams(call.streams):
            path = Path(settings.VAR_DIR) / stream.recording
            try:
                at_ms, ulaw = Recording(path).ulaw()
            except RecordingError as error:
                missing.append(f"{error.code}: {error.message}")
                continue
            except OSError as error:
                missing.append(f"no_recording: {error}")
                continue
            begins_ms = at_ms if begins_ms is None else begins_ms
            _place(audio, at_ms - begins_ms, ulaw)
            line = line_recording(path)
            for said_ms, part in line.chunks() if line is not None else ():
                _place(said, said_ms - begins_ms, part)
            missing += _lost(path, is_over=stream.has_ended)
            if lacks_ms := lacking_ms(stream, len(ulaw) // BYTES_PER_MS):
                missing.append(f"recording_damaged: {path.name}: it is {lacks_ms / 1000:.1f} s shorter than its stream")
        if begins_ms is None and missing:
            raise CommandError(missing[0])
        out = options["out"] or Path(f"{call.call_sid}.wav")
        with written(out) as file, wave.open(file, "wb") as wav:
            wav.setnchannels(2 if said else 1)
            wav.setsampwidth(2)
            wav.setframerate(SAMPLE_RATE_HZ)
            caller = ulaw_to_pcm(bytes(audio))
            wav.writeframes(stereo(caller, _as_long(said, len(audio))) if said else caller)
        self.stdout.write(f"{len(audio) / SAMPLE_RATE_HZ:.1f} s in {out}")
        if missing:
            # After the file: whatever can be read is in it.
            raise CommandError("\n".join(["not_whole: some of the call's sound is missing from it:", *missing]))


def _lost(path: Path, *, is_over: bool) -> list[str]:
    """What is missing of a stream's recording, and of what the line said in it; one that grows has no end yet."""
    losses = {one: loss_of(one) for one in (path, line_file(path)) if one.exists()}
    return [loss.sentence(one) for one, loss in losses.items() if loss.parts or loss.code or (loss and is_over)]


def _place(audio: bytearray, at_ms: int, ulaw: bytes) -> None:
    """Behind what stands there, at its time or as soon after it as there is room."""
    # A damaged time is days away: no memory holds the silence before it.
    gap = at_ms * BYTES_PER_MS - len(audio) if at_ms <= MAX_MEDIA_MS else 0
    audio += ULAW_SILENCE * max(0, gap) + ulaw


def _as_long(said: bytearray, length: int) -> bytes:
    """What the line said, as PCM of the caller's length: nothing was played when the call had ended."""
    return ulaw_to_pcm(bytes(said[:length]).ljust(length, ULAW_SILENCE))

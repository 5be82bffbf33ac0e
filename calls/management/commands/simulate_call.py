"""``manage.py simulate_call FILE.wav…``: call a running server as Twilio would, playing recordings at real time.

With ``--say clip.wav@after-heard+500`` (repeated) in place of files the caller converses: it answers what the line
says. ``--interrupt clip.wav@600`` speaks over it, ``--echo -25:250`` gives our voice back. ``--wav`` keeps both sides.
The server is the demo that runs, else the one that the settings describe; ``--base-url`` names another.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import urllib.error
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from calls.core.addresses import canonical
from calls.lab.call_report import SIMULATED_NUMBER, CallRefused, CallReport, Line
from calls.lab.caller_script import ScriptError, answering_steps, read_interruption, read_step
from calls.lab.demo_note import running_demo
from calls.lab.echo_path import Echo, EchoError
from calls.lab.gsm import GsmMissing
from calls.lab.kept_conversation import spoken
from calls.lab.playout import TwilioHabits
from calls.lab.simulator import SimulatedCall
from calls.lines.models import PhoneLine
from calls.reply.responders.catalogue import UNKNOWN, entries
from calls.storage.models import Call
from stt.audio import BYTES_PER_MS
from stt.wavfile import WavError
from voiceapp.runtime.arguments import LONGEST_S, MOST_CALLS, decimal, seed, whole
from voiceapp.runtime.counted import counted
from voiceapp.runtime.percentile import percentile
from voiceapp.runtime.web_address import read_web_url

LEAD_S = 1.0
"""Before the first recording."""
KEPT_TIMEOUT_S = 10
"""A call that is over is complete in the database within this time."""
MOST_NAMED = 10
"""Lines that a warning names."""
FORGED = ("webhook_403", "socket_403")


class Command(BaseCommand):
    help = "Call a running server as Twilio would."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        # argparse takes what begins with a minus and is no number for another option.
        joined = iter(argv)
        super().run_from_argv([f"{one}={next(joined, '')}" if one == "--echo" else one for one in joined])

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clips", nargs="*", type=Path, metavar="FILE.wav", help="Any rate, channels and bits.")
        parser.add_argument(
            "--say",
            action="append",
            default=[],
            metavar="CLIP@CUE",
            help="Repeated, in place of FILEs: CLIP@after-heard+MS (so long after the line's last sound), CLIP@over+MS "
            "(after its first), CLIP@12.5s; hang-up for CLIP hangs up.",
        )
        parser.add_argument(
            "--interrupt",
            action="append",
            default=[],
            metavar="CLIP@MS",
            help="Repeated: spoken over the next answer that still sounds so long after its first sound; a second one "
            "over an answer that begins after the first was spoken (a resumed one too). FILEs then wait for an answer "
            "to be heard.",
        )
        parser.add_argument(
            "--echo",
            metavar="DB:MS[:gsm]",
            help="What is played comes back in the caller's sound, for example -25:250; gsm: all that the caller says "
            "goes through GSM 06.10. The Speech emulator has no words for a recording that an echo is mixed with, and "
            "for some that went through GSM.",
        )
        parser.add_argument(
            "--calls", type=whole(1, MOST_CALLS, "calls"), default=1, help="So many calls at the same time."
        )
        parser.add_argument("--base-url", help="Where the server listens; default the running demo, else PORT here.")
        parser.add_argument("--public-url", help="Its address for Twilio; default its own.")
        parser.add_argument(
            "--pause", type=decimal(0, 3600, "s"), default=0.9, metavar="S", help="Silence behind each FILE."
        )
        parser.add_argument(
            "--tail", type=decimal(0, 3600, "s"), default=1.5, metavar="S", help="Silence before the caller hangs up."
        )
        parser.add_argument(
            "--longest",
            type=decimal(1, LONGEST_S, "s"),
            default=120.0,
            metavar="S",
            help="With --say or --interrupt: the caller hangs up after it at the latest.",
        )
        parser.add_argument("--wav", type=Path, metavar="FILE.wav", help="Both sides: left the caller, right the line.")
        parser.add_argument(
            "--lose-marks", type=decimal(0, 1), default=0.0, metavar="SHARE", help="Marks that are never sent back."
        )
        parser.add_argument(
            "--late-marks", type=whole(0, 60_000, "ms"), default=0, metavar="MS", help="Each mark is sent back so late."
        )
        parser.add_argument(
            "--late-clear", type=whole(0, 60_000, "ms"), default=0, metavar="MS", help="A clear is obeyed so late."
        )
        parser.add_argument("--crossing-mark", action="store_true", help="One mark that was reached crosses a clear.")
        parser.add_argument("--seed", type=seed, default=1, help="Other marks are lost, other times vary.")
        parser.add_argument("--from", dest="from_number", default="+972501234567", metavar="NUMBER", help="Who calls.")
        parser.add_argument(
            "--to",
            dest="to_number",
            metavar="NUMBER",
            help=f"The line that is called; default that of the running demo, else {SIMULATED_NUMBER}.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        line = _line(options["base_url"], options["public_url"], options["to_number"])
        if read_web_url(line.base_url) is None:
            raise CommandError(f"bad_base_url: {line.base_url!r}: write it as http://127.0.0.1:8000.")
        clips, says, interrupts = options["clips"], options["say"], options["interrupt"]
        if (clips and says) or not (clips or says or interrupts):
            raise CommandError(
                "bad_script: name the recordings, or say with --say what the caller answers; not both. "
                "Several answers: --say FIRST@after-heard+500 --say SECOND@after-heard+500."
            )
        try:
            script = tuple(read_step(text) for text in says)
            interruptions = tuple(read_interruption(text) for text in interrupts)
            echo = Echo.read(options["echo"]) if options["echo"] is not None else None
        except (ScriptError, EchoError) as error:
            raise CommandError(f"{error.code}: {error}") from error
        if interruptions and clips:
            script = answering_steps(clips, LEAD_S, options["pause"])
        calls = [
            SimulatedCall(
                line,
                clips,
                script=script,
                interruptions=interruptions,
                echo=echo,
                pauses_s=(options["pause"],),
                tail_s=options["tail"],
                longest_s=options["longest"],
                habits=TwilioHabits(
                    options["lose_marks"],
                    options["late_marks"],
                    options["late_clear"],
                    options["seed"] + i,
                    options["crossing_mark"],
                ),
                seed=options["seed"] + i,
                from_number=options["from_number"],
                call_sid="CA" + secrets.token_hex(16),
            )
            for i in range(options["calls"])
        ]
        is_own = line.base_url == _own_server().base_url
        if is_own:
            self._say_who_answers(line.to_number)
        try:
            reports = asyncio.run(self._run(calls))
        except GsmMissing as error:
            raise CommandError(f"{error.code}: {error}") from error
        except WavError as error:
            raise CommandError(f"broken_recording: {error}") from error
        except CallRefused as error:
            why = ": has it another TWILIO_AUTH_TOKEN or PUBLIC_URL than this command?" if error.code in FORGED else ""
            raise CommandError(f"call_refused: {line.base_url} says {error.code}{why}") from error
        except (OSError, urllib.error.URLError) as error:
            raise CommandError(f"unreachable: nobody answers at {line.base_url} ({error})") from error
        for index, report in enumerate(reports):
            self.stdout.write(
                f"{report.call_sid}: {counted(report.frames_sent, 'frame')}, "
                f"{counted(len(report.played), 'recording')}, "
                f"frames late p99 {percentile(report.late_ms, 0.99) or 0.0:.1f} ms, closed with {report.close_code}\n"
                f"what was heard: {line.base_url}/console/calls/{report.call_sid}"
            )
            if script or interruptions:
                self._show_conversation(report)
            if is_own and (script or interruptions or len(calls) == 1):
                self._show_words(report.call_sid)
            if options["wav"]:
                self._write(report, options["wav"], index)

    def _say_who_answers(self, number: str) -> None:
        """What will be said to the caller, where it is nothing: a silence could be anything."""
        try:
            called = PhoneLine.objects.filter(number=canonical(number)).first()
            lines = [f"{line.number} ({line.name})" for line in PhoneLine.objects.order_by("number")[:MOST_NAMED]]
        except DatabaseError:
            # The server may have its own, and this command needs none.
            return
        if called is None:
            named = f"there are: {', '.join(lines)}" if lines else "there is none yet: add one in the admin"
            self._warn(
                f"unknown_line: {number} is no line ({named}). The call is heard with the default profile and only "
                "transcribed: nobody greets or answers."
            )
        elif called.responder not in entries():
            self._warn(
                f"{UNKNOWN}: {number} ({called.name}) is to be answered by {called.responder!r}, and there are: "
                f"{', '.join(entries())}. The call is only transcribed."
            )
        elif called.responder == "silent":
            greets = "greets and then " if called.greeting else ""
            self._warn(f"silent_line: {number} ({called.name}) {greets}only transcribes: nobody answers.")

    def _warn(self, sentence: str) -> None:
        self.stderr.write(self.style.WARNING(sentence))

    def _show_conversation(self, report: CallReport) -> None:
        for start_ms, end_ms, name in report.timeline:
            who = f"caller: {name}" if name else "line"
            self.stdout.write(f"{start_ms / 1000:9.2f} to {end_ms / 1000:.2f} s  {who}")
        for clear in report.clears:
            at_s = report.at_ms(clear.at_samples) / 1000
            self.stdout.write(f"{at_s:9.2f} s  clear: {clear.unplayed_samples / BYTES_PER_MS:.0f} ms unplayed")
        fates = Counter(echo.fate for echo in report.mark_fates)
        marks = ", ".join(f"{count} {fate}" for fate, count in fates.items()) or "none"
        left = f", {report.unspoken} clips not said" if report.unspoken else ""
        self.stdout.write(f"marks: {marks}; ended by {report.ended_by}{left}")
        for fault in report.faults:
            at_s = report.at_ms(fault.at_samples) / 1000
            self.stdout.write(f"{at_s:9.2f} s  {fault.code}: {fault.reason}")

    def _show_words(self, call_sid: str) -> None:
        """What both sides said, as the server kept it; nothing where it keeps its calls in another database."""
        until_s = time.monotonic() + KEPT_TIMEOUT_S
        try:
            while call := Call.objects.filter(call_sid=call_sid).first():
                if call.ended_at is not None or time.monotonic() > until_s:
                    break
                time.sleep(0.1)
            else:
                return
            for said in spoken(call.turns.all()):
                self.stdout.write(said)
        except DatabaseError:
            return
        if call.ended_at is None:
            self._warn(f"not_ended: {call_sid} was not closed within {KEPT_TIMEOUT_S} s: turns may be missing.")

    def _write(self, report: CallReport, path: Path, index: int) -> None:
        path = path.with_stem(f"{path.stem}-{index + 1}") if index else path
        try:
            report.write_wav(path)
        except OSError as error:
            raise CommandError(f"not_written: {path} ({error.strerror})") from error
        self.stdout.write(f"both sides: {path}")

    async def _run(self, calls: list[SimulatedCall]) -> list[CallReport]:
        return list(await asyncio.gather(*(call.run() for call in calls)))


def _line(base_url: str | None, public_url: str | None, to_number: str | None) -> Line:
    line = _own_server()
    if base_url not in (None, line.base_url):
        line = Line(base_url, settings.PUBLIC_URL or base_url, settings.TWILIO_AUTH_TOKEN)
    return replace(line, public_url=public_url or line.public_url, to_number=to_number or line.to_number)


def _own_server() -> Line:
    """The demo that runs, else the server that the settings describe."""
    base_url = f"http://127.0.0.1:{settings.PORT}"
    return running_demo(settings.VAR_DIR) or Line(base_url, settings.PUBLIC_URL or base_url, settings.TWILIO_AUTH_TOKEN)

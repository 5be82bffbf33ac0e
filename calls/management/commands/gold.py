"""``manage.py gold --out DIR --user NAME [--line NUMBER] [--last N]``: corrected turns with their audio, in a folder.

Only of lines that say since when their recordings may be used so; who took them is noted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from calls.core.addresses import canonical
from calls.desk.engines.gold import LIST, GoldError, Taken, taken_by, write
from calls.management.rows_command import RowsCommand
from stt.audio import duration_ms
from voiceapp.runtime.arguments import whole
from voiceapp.runtime.counted import counted

MOST_TURNS = 10_000


NO_GOLD = (
    "no_gold: no turn of these lines was corrected and has a recording. A line allows it by its date "
    '(gold_since: "recordings may measure recognisers, from"), and calls from before that date never count'
)


def add_source(parser: CommandParser, *, required: bool) -> None:
    """Arguments that say whose gold is taken, for this command and manage.py wer."""
    parser.add_argument(
        "--user", required=required, metavar="NAME", help="Who takes it: must be allowed to listen and to export."
    )
    parser.add_argument("--line", metavar="NUMBER", help="Only calls to this number; else all lines that allow it.")
    parser.add_argument(
        "--last", type=whole(1, MOST_TURNS, "turns"), default=500, metavar="N", help="The newest N turns (500)."
    )


def taken(options: dict[str, Any]) -> Taken:
    """As the arguments of ``add_source`` say; one turn at least. Raises CommandError."""
    user = get_user_model().objects.filter(username=options["user"]).first()
    if user is None:
        raise CommandError(f"unknown_user: --user must name who takes the turns; there is no {options['user']!r}")
    try:
        found = taken_by(user, canonical(options["line"]) if options["line"] else "", options["last"])
    except GoldError as error:
        raise CommandError(f"{error.code}: {error.message}") from error
    if not found.turns:
        raise CommandError("\n".join([NO_GOLD, *found.left_out_said]))
    return found


class Command(RowsCommand):
    help = "Write corrected turns with their audio: a WAV file each, and gold.jsonl, which lists them."
    opens_files_of_calls = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        add_source(parser, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["out"]
        found = taken(options)
        turns = found.turns
        try:
            write(folder, turns)
        except GoldError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        except OSError as error:
            raise CommandError(f"not_written: {error}") from error
        seconds = sum(duration_ms(turn.ulaw) for turn in turns) / 1000
        calls = len({turn.call_sid for turn in turns})
        self.stdout.write(
            f"{counted(len(turns), 'turn')} of {counted(calls, 'call')}, {seconds:.0f} s of audio: {folder / LIST}"
        )
        for sentence in found.left_out_said:
            self.stderr.write(sentence)

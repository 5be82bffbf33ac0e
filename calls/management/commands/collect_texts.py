"""``manage.py collect_texts``: bring voiceapp/locale to the texts that pages and code mark. Needs GNU gettext.

Its order stays, so that a change of one text is a change of a few lines. What is found is what makemessages finds in a
copy of the sources: it writes beside what it reads, and guesses translations for texts that only look alike.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

ROOMS = ("calls", "stt", "voiceapp", "templates")
READ = frozenset({".py", ".html", ".txt"})
LANGUAGE = "he"
CATALOGUE = Path("locale", LANGUAGE, "LC_MESSAGES", "django.po")
FORMAT = "python-format"


class Command(BaseCommand):
    help = "Bring the catalogue of texts to what pages and code mark."
    requires_system_checks: Any = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail where something would change.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        import polib  # only developers have it

        if shutil.which("xgettext") is None:
            raise CommandError("no_gettext: install GNU gettext (Debian: apt install gettext)")
        path = settings.BASE_DIR / "voiceapp" / CATALOGUE
        catalogue = polib.pofile(str(path))
        changes = _merged(catalogue, _marked(settings.BASE_DIR))
        for change in changes:
            self.stdout.write(change)
        if check and changes:
            raise CommandError("catalogue_differs: run script/translate")
        if not check:
            catalogue.save()
            _run("msgfmt", "-o", str(path.with_suffix(".mo")), str(path))


def _marked(root: Path) -> Any:
    """A catalogue of the texts that are marked."""
    import polib

    with TemporaryDirectory() as folder:
        for room in ROOMS:
            for source in (root / room).rglob("*"):
                if source.suffix in READ and source.is_file():
                    copied = Path(folder) / source.relative_to(root)
                    copied.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, copied)
        Path(folder, "locale").mkdir()
        # With the settings the texts of voiceapp/ would go into a catalogue of their own.
        bare = "env", "-u", "DJANGO_SETTINGS_MODULE"
        _run(*bare, sys.executable, "-m", "django", "makemessages", "--locale", LANGUAGE, "--no-location", cwd=folder)
        return polib.pofile(str(Path(folder) / CATALOGUE))


def _run(*command: str, cwd: str | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise CommandError(f"not_collected: {done.stderr.strip()}")


def _merged(catalogue: Any, marked: Any) -> list[str]:
    """Bring the one to the other; what was changed, a line each."""
    known, wanted = ({(one.msgctxt, one.msgid): one for one in entries} for entries in (catalogue, marked))
    changes = []
    for key in known.keys() - wanted.keys():
        catalogue.remove(known[key])
        changes.append(f"- {key[1]}")
    for key, entry in wanted.items():
        if key not in known:
            entry.flags, entry.comment, entry.tcomment = [one for one in entry.flags if one == FORMAT], "", ""
            catalogue.append(entry)
            changes.append(f"+ {key[1]}")
            continue
        one = known[key]
        if (one.msgid_plural, FORMAT in one.flags) != (entry.msgid_plural, FORMAT in entry.flags):
            one.msgid_plural, one.flags = entry.msgid_plural, [flag for flag in entry.flags if flag == FORMAT]
            changes.append(f"~ {key[1]}")
    return changes

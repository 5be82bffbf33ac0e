"""``manage.py answer_faults``: callers of lines whose model or voice fails."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from calls.management.commands.answer_faults import write
from tests.databases import put_migrated_database
from tests.paths import ROOT


def test_a_page_keeps_what_stands_around_the_table(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- faults -->\nold\n<!-- /faults -->\nb\n")
    write(page, "new \\1")
    assert page.read_text() == "a\n<!-- faults -->\nnew \\1\n<!-- /faults -->\nb\n"
    page.write_text("a\n")
    with pytest.raises(CommandError, match="^no_marks: "):
        write(page, "new")


def test_a_table_of_some_faults_is_not_written():
    with pytest.raises(CommandError, match="^not_all: "):
        call_command("answer_faults", "--only", "llm:500", "--write")


@pytest.mark.live
def test_a_caller_whose_model_fails_hears_an_apology_and_then_the_lines_fallback(tmp_path):
    put_migrated_database(tmp_path / "migrated.sqlite3")
    command = ("manage.py", "answer_faults", "--only", "llm:500")
    done = subprocess.run(
        [sys.executable, "-m", "tests.filled", str(tmp_path / "migrated.sqlite3"), *command],
        cwd=ROOT,
        env={**os.environ, "DEBUG": "1", "VAR_DIR": str(tmp_path), "TWILIO_AUTH_TOKEN": "demo"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("| `llm:500`")]
    assert "the apology" in row and row.endswith("| answered | the line's fallback |")

"""manage.py itself."""

import sys

import pytest
from django.core import management

import manage
from voiceapp.runtime import piped_output


def test_a_command_that_is_broken_off_ends_with_one_sentence_and_as_a_shell_has_it(monkeypatch, capsys):
    def break_off(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(piped_output, "end_when_the_reader_leaves", lambda: None)  # the outputs are this process's
    monkeypatch.setattr(management, "execute_from_command_line", break_off)
    monkeypatch.setattr(sys, "argv", ["manage.py", "backup", "there"])
    with pytest.raises(SystemExit) as ended:
        manage.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted: backup was broken off"

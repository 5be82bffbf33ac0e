"""The scripts in script/ say what they do before they install anything."""

import shutil
import subprocess

import pytest
from django.core.management import CommandError, call_command

from calls.lab.call_report import CallRefused
from calls.management.commands import demo
from tests.paths import ROOT
from tests.waiting import COMMAND_S

SCRIPTS = ["demo", "server", "setup", "test"]


def helped(name, folder, *arguments):
    """What a copy of it prints, in a folder where nothing is."""
    (folder / "script").mkdir()
    script = shutil.copy(ROOT / "script" / name, folder / "script")
    done = subprocess.run([script, *arguments], capture_output=True, text=True, timeout=COMMAND_S, check=True)
    assert [path.name for path in folder.iterdir()] == ["script"]
    return done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("--once", "--help")])
def test_help_comes_at_once_and_makes_nothing(name, arguments, tmp_path):
    lines = helped(name, tmp_path, *arguments).splitlines()
    assert lines[0].startswith(f"script/{name}")
    assert len(lines) > 2 and not any(line.startswith(("#", "set ", "case ")) for line in lines)


def test_the_demos_help_names_its_options(tmp_path):
    parser = demo.Command().create_parser("manage.py", "demo")
    own = [action.option_strings[-1] for action in parser._actions if action.container.title == "options"]
    django = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
              "--force-color"}  # fmt: skip
    said = helped("demo", tmp_path, "--help")
    assert len(set(own) - django) >= 6
    assert [option for option in own if option not in django and option not in said] == []


def test_the_demo_says_that_its_port_was_taken(settings):
    settings.PORT = 8000
    assert demo.port_note(8000) == ""
    assert "port 8000 is taken: serving on 41000" in demo.port_note(41000)
    settings.PORT = 0
    assert demo.port_note(41000) == ""


@pytest.mark.django_db
def test_a_demo_whose_server_took_no_call_ends_with_a_sentence(monkeypatch, settings, tmp_path):
    settings.VAR_DIR = tmp_path

    def refused(*_, **__):
        raise CallRefused("no_stream")

    monkeypatch.setattr(demo, "Rig", refused)
    with pytest.raises(CommandError, match="^call_refused: no_stream: .* try again; its log is .*demo.log"):
        call_command("demo", "--once")

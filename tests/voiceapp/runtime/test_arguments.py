"""Numbers from the command line have bounds, in every command."""

import argparse

import pytest
from django.core.management import get_commands, load_command_class

from voiceapp.runtime.arguments import decimal, whole

OURS = [name for name, app in get_commands().items() if app in ("calls", "stt", "voiceapp") and name != "runserver"]
"""runserver is daphne's."""


@pytest.mark.parametrize("text", ["0", "-5", "101", "many", "", "1.5", "9" * 5000])
def test_a_whole_number_out_of_its_bounds_is_told_with_them(text):
    with pytest.raises(argparse.ArgumentTypeError, match=r"give a whole number from 1 to 100 days\.$"):
        whole(1, 100, "days")(text)


@pytest.mark.parametrize("text", ["-0.1", "60.1", "nan", "inf", "-inf", "soon"])
def test_a_number_out_of_its_bounds_is_told_with_them(text):
    with pytest.raises(argparse.ArgumentTypeError, match=r"give a number from 0 to 60 s\.$"):
        decimal(0, 60, "s")(text)


def test_a_number_within_its_bounds_is_taken():
    assert (whole(1, 100)("1"), whole(1, 100)("100"), decimal(0, 60)("0.5")) == (1, 100, 0.5)


@pytest.mark.parametrize("name", OURS)
def test_no_command_takes_a_number_without_bounds(name):
    app = get_commands()[name]
    parser = load_command_class(app, name).create_parser("manage.py", name)
    own = [action for action in parser._actions if action.dest not in ("verbosity",)]
    assert [action.dest for action in own if action.type in (int, float)] == []
    for action in own:
        if (
            action.type is not None
            and action.type.__module__ == "voiceapp.runtime.arguments"
            and action.default is not None
        ):
            assert action.type(str(action.default)) == action.default


@pytest.mark.parametrize(
    "arguments",
    [
        ("purge", "--older-than", "0"),
        ("purge", "--older-than", "-5"),
        ("loadtest", "--calls", "-1"),
        ("loadtest", "--seconds", "nan"),
        ("whatif", "--last", "0"),
        ("whatif", "--last", "-1"),
        ("simulate_call", "x.wav", "--pause", "-1"),
        ("simulate_call", "x.wav", "--calls", "0"),
        ("chaos", "--rounds", "0"),
        ("outage", "--away", "-1"),
        ("screenshots", "--calls", "0"),
        ("speech_emulator", "--port", "70000"),
        ("serve", "--port", "-1"),
    ],
)
def test_what_a_command_cannot_do_it_does_not_begin(arguments):
    parser = load_command_class(get_commands()[arguments[0]], arguments[0]).create_parser("manage.py", arguments[0])
    parser.called_from_command_line = False
    with pytest.raises(Exception, match="give a (whole )?number from"):
        parser.parse_args(arguments[1:])

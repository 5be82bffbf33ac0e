"""``manage.py test``: Django's labels and options, given to pytest."""

import pytest
from django.core.management import CommandError, call_command

from tests.paths import ROOT
from voiceapp.testing import path_of


@pytest.fixture
def given(monkeypatch):
    """What pytest is called with."""
    calls = []
    monkeypatch.setattr(pytest, "main", lambda arguments: calls.append(arguments) or 0)
    return calls


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        ((), []),
        (("--failfast",), ["--exitfirst"]),
        (("-k", "late words"), ["-k", "late words"]),
        (("--parallel", "5", "--keepdb"), ["--reuse-db", "-n", "5"]),
    ],
)
def test_an_option_is_pytests(given, asked, arguments):
    call_command("test", *asked)
    assert given == [arguments]


@pytest.mark.parametrize(
    ("label", "path"),
    [
        ("tests.calls", "tests/calls"),
        ("tests.voiceapp.test_testing", "tests/voiceapp/test_testing.py"),
        ("tests.voiceapp.test_testing.TestIt.test_one", "tests/voiceapp/test_testing.py::TestIt::test_one"),
        ("tests/voiceapp", "tests/voiceapp"),
        ("tests/voiceapp/test_testing.py", "tests/voiceapp/test_testing.py"),
        ("tests/voiceapp/test_testing.py::test_one[a.b]", "tests/voiceapp/test_testing.py::test_one[a.b]"),
        ("tests.none", "tests.none"),
    ],
)
def test_a_label_is_djangos_or_a_path(given, monkeypatch, label, path):
    monkeypatch.chdir(ROOT)
    assert path_of(label) == path
    call_command("test", label)
    assert given == [[path]]


def test_an_option_that_there_is_not_is_refused(given):
    with pytest.raises((CommandError, TypeError, SystemExit)):
        call_command("test", "--no-such-option")
    assert given == []

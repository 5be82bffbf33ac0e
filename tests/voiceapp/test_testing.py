"""``manage.py test``: Django's labels and options, given to pytest."""

import sys
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from tests.paths import ROOT
from voiceapp.testing import MAX_SECOND_LOOKS, path_of


@pytest.fixture
def given(monkeypatch):
    """What pytest is called with."""
    calls = []
    monkeypatch.setattr(pytest, "main", lambda arguments, plugins: calls.append(arguments) or 0)
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


class TestSecondLook:
    """What failed beside other tests runs once more, alone."""

    @pytest.fixture
    def run(self, monkeypatch, capfd):
        """The exit status and what was run again, where these tests failed at first and the second run ends so."""

        def run(failing, second=0, *options):
            def first(arguments, plugins):
                for name in failing:
                    plugins[0].pytest_runtest_logreport(SimpleNamespace(failed=True, nodeid=name))
                return pytest.ExitCode.TESTS_FAILED if failing else 0

            again = []

            def run_again(arguments, check):
                again.append(arguments)
                return SimpleNamespace(returncode=second)

            monkeypatch.setattr(pytest, "main", first)
            monkeypatch.setattr("subprocess.run", run_again)
            try:
                call_command("test", *(options or ("--parallel", "5")))
                status = 0
            except SystemExit as left:
                status = left.code
            assert all(arguments[:3] == [sys.executable, "-m", "pytest"] for arguments in again)
            return status, [name for arguments in again for name in arguments[3:]], capfd.readouterr().out

        return run

    def test_few_that_pass_alone_are_told_of_and_pass(self, run):
        status, again, said = run(["tests/live/test_a.py::test_one"])
        assert (status, again) == (0, ["tests/live/test_a.py::test_one"])
        assert "1 failed beside the others" in said and "passed alone" in said and "test_a.py::test_one" in said

    def test_what_fails_again_fails(self, run):
        status, again, said = run(["a.py::b", "a.py::b", "a.py::c"], 1)
        assert (status, again) == (1, ["a.py::b", "a.py::c"]) and "failed again" in said

    def test_as_many_as_one_busy_moment_takes_are_few(self, run):
        names = [f"a.py::test_{number}" for number in range(8)]
        status, again, said = run(names)
        assert (status, again) == (0, names)
        assert "8 failed beside the others" in said and all(name in said for name in names)

    def test_many_are_no_accident(self, run):
        status, again, _ = run([f"a.py::test_{number}" for number in range(MAX_SECOND_LOOKS + 1)])
        assert (status, again) == (1, [])

    @pytest.mark.parametrize("options", [("tests.calls",), ("--parallel", "5", "--failfast")])
    def test_what_runs_alone_or_ends_at_the_first_failure_has_none(self, run, options):
        assert run(["a.py::b"], 0, *options)[:2] == (1, [])

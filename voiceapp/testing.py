"""pytest behind ``manage.py test``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

MAX_SECOND_LOOKS = 8
"""Tests of a run that may fail beside the others and pass alone: one moment in which the machine is busy takes several
at once. More of them are no accident."""


class PytestRunner:
    """Runs pytest with the labels given; pytest is imported only when tests run."""

    def __init__(
        self,
        verbosity: int = 1,
        failfast: bool = False,
        keepdb: bool = False,
        expression: str = "",
        parallel: int = 0,
        **_: Any,
    ) -> None:
        self.looks_twice = bool(parallel) and not failfast
        self.arguments = [
            *(["-v"] if verbosity > 1 else []),
            *(["--exitfirst"] if failfast else []),
            *(["--reuse-db"] if keepdb else []),
            *(["-k", expression] if expression else []),
            *(["-n", str(parallel)] if parallel else []),
        ]

    @classmethod
    def add_arguments(cls, parser: Any) -> None:
        parser.add_argument("--keepdb", action="store_true", help="Reuse the test database.")
        parser.add_argument(
            "--parallel", type=int, default=0, metavar="N", help="Run so many tests at a time, each in its process."
        )
        parser.add_argument(
            "-k",
            dest="expression",
            default="",
            metavar="WORDS",
            help="As pytest's -k: tests whose names have these words.",
        )
        parser.add_argument("--failfast", action="store_true", help="Stop at the first test that fails.")

    def run_tests(self, test_labels: list[str]) -> int:
        try:
            import pytest
        except ImportError:
            sys.exit("no_pytest: run script/setup: script/server and script/demo install nothing for tests.")

        sys.stdout.flush()
        failures = Failures()
        status = int(pytest.main([*self.arguments, *map(path_of, test_labels)], plugins=[failures]))
        are_few = 0 < len(failures.names) <= MAX_SECOND_LOOKS
        if self.looks_twice and are_few and status == pytest.ExitCode.TESTS_FAILED:
            return look_again(failures.names)
        return status


class Failures:
    """The tests that failed in a run, by name; a plugin of pytest's."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and report.nodeid not in self.names:
            self.names.append(report.nodeid)


def look_again(names: list[str]) -> int:
    """Run what failed beside other tests once more, alone, and say so; returns the exit status of that.

    Several at a time share a few cores with the servers, browsers and databases of the others, and their clocks go on.
    Both runs are printed: what fails only beside others is a fault of the test, or a race, and is to be mended.
    """
    print(f"second look: {len(names)} failed beside the others, and run alone now:", *names, sep="\n  ", flush=True)
    status = subprocess.run([sys.executable, "-m", "pytest", *names], check=False).returncode  # noqa: S603 - ourselves
    said = "failed again" if status else "passed alone; why they failed at first is told above"
    print(f"second look: {said}", flush=True)
    return status


def path_of(label: str) -> str:
    """What pytest takes for a label of Django's: ``tests.calls``, ``tests.calls.test_urls`` or, within a module,
    ``tests.calls.test_urls.TestClass.test_name``. A path, or a path with ``::``, is given back as it is."""
    if Path(label.partition("::")[0]).exists():
        return label
    names = label.split(".")
    for length in range(len(names), 0, -1):
        path = Path(*names[:length])
        if length == len(names) and path.is_dir():
            return str(path)
        if (module := path.with_suffix(".py")).is_file():
            return "::".join([str(module), *names[length:]])
    return label

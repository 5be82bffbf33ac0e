"""pytest behind ``manage.py test``."""

from __future__ import annotations

import sys
from typing import Any


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
            "-k", dest="pytest_args", default="", type=lambda text: f"-k {text}", help="As pytest's -k."
        )

    def run_tests(self, test_labels: list[str]) -> int:
        try:
            import pytest
        except ImportError:
            sys.exit("no_pytest: run script/setup: script/server and script/demo install nothing for tests.")

        sys.stdout.flush()
        return int(pytest.main([*self.arguments, *test_labels]))

"""A process on a server's database that does what tests say in Python, one thing after the other.

``manage.py shell -c`` begins anew for each: most of a second of processor time, half a hundred times.
"""

import json
import subprocess
import sys
import traceback

from tests.paths import ROOT
from tests.waiting import COMMAND_S


class Shell:
    """``with Shell(environment) as shell: shell(code)``; what fails there fails here."""

    def __init__(self, environment):
        self._environment = environment

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.shell"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(COMMAND_S)
        self._process.stdout.close()

    def __call__(self, code):
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        failed = json.loads(self._process.stdout.readline())
        assert not failed, failed


def main():
    import django
    from django.db import close_old_connections

    django.setup()
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        failed = ""
        try:
            exec(json.loads(line), {"__name__": "__console__"})  # noqa: S102 - our own code
        except Exception:
            failed = traceback.format_exc()
        close_old_connections()
        print(json.dumps(failed), file=answers, flush=True)


if __name__ == "__main__":
    main()

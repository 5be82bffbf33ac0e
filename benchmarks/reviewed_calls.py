"""Stored calls reviewed in Chromium by keyboard alone: keys and seconds a call. ``python -m benchmarks.reviewed_calls``

Makes calls in a database of its own (SQLite in a folder that is removed), every fifth with a turn that was heard wrong,
and a server over them. A script then does what a reviewer's hands do: it opens the queue and goes through it, corrects
the wrong turns letter by letter, gives those calls another verdict, and goes on. Seconds are from a call's page being
there to the next one's being there: the desk's share of a review. Listening and thinking are the person's and come on
top.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
# Playwright's loop runs in this thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
django.setup()

from django.conf import settings  # noqa: E402

from calls.lab.browser import CHROMIUM_ARGUMENTS, find_chromium  # noqa: E402
from calls.lab.own_database import USER, own_database  # noqa: E402
from calls.lab.rig import Rig  # noqa: E402
from tests.browser.shell import Shell  # noqa: E402
from tests.reviewable_calls import RIGHT, WRONG, WRONG_TURN  # noqa: E402
from voiceapp.runtime.percentile import percentile  # noqa: E402

MINE = ".review .bar[data-mine=yes]"
COUNT = """
from calls.models import CallReview, Correction
done, corrected = CallReview.objects.count(), Correction.objects.filter(text={right!r}).count()
verdicts = CallReview.objects.filter(verdict="follow_up").count()
assert (done, corrected, verdicts) == {expected!r}, (done, corrected, verdicts)
"""


@dataclass
class Reviewer:
    """A page, and what was pressed on it."""

    page: Any
    keys: int = 0
    letters: int = 0
    took: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: {"fine": [], "wrong": []})
    """Keys and seconds of each call."""

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.keys += len(keys)

    def review(self, is_last: bool) -> None:
        began_s, keys = time.perf_counter(), self.keys
        wrong = WRONG in self.page.locator(f"#turn-{WRONG_TURN} .heard").inner_text()
        if wrong:
            self.press(*"j" * WRONG_TURN, "2", "e")
            self.page.wait_for_function(f"() => document.activeElement.id === 'text-{WRONG_TURN}'")
            self.press("Control+a")
            self.page.keyboard.type(RIGHT)
            self.letters += len(RIGHT)
        with self.page.expect_navigation():
            self.press("Control+Shift+Enter" if wrong else "n")
        self.page.wait_for_selector(".queue" if is_last else MINE)
        self.took["wrong" if wrong else "fine"].append((self.keys - keys, time.perf_counter() - began_s))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    password = secrets.token_urlsafe(9)
    with (
        own_database(password) as environment,
        tempfile.TemporaryDirectory() as folder,
        Shell({**os.environ, "ENV_FILE": "", **environment}) as shell,
        Rig(settings.BASE_DIR / "samples", Path(folder) / "server.log", environment=environment) as server,
        sync_playwright() as p,
    ):
        shell(f"from tests.reviewable_calls import make_reviewable; make_reviewable({options.calls})")
        browser = p.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="he-IL").new_page()
        page.goto(f"{server.url}/admin/login/?next=/review/queue/")
        page.fill("#id_username", USER)
        page.fill("#id_password", password)
        page.press("#id_password", "Enter")
        page.wait_for_url("**/review/queue/")
        reviewer = Reviewer(page)
        began_s = time.perf_counter()
        reviewer.press("Enter")
        page.wait_for_selector(MINE)
        for number in range(options.calls):
            reviewer.review(number + 1 == options.calls)
        took_s = time.perf_counter() - began_s
        wrong = len(reviewer.took["wrong"])
        shell(COUNT.format(right=RIGHT, expected=(options.calls, wrong, wrong)))
        browser.close()
    print(
        f"{options.calls} calls in {took_s:.0f} s ({took_s / options.calls:.2f} s a call), {reviewer.keys} keys and "
        f"{reviewer.letters} letters of corrections; all of them are stored"
    )
    for name, calls in reviewer.took.items():
        keys, seconds = Counter(keys for keys, _ in calls), [took for _, took in calls]
        told = ", ".join(f"{count} × {times}" for count, times in sorted(keys.items()))
        print(
            f"{name}: {len(calls)} calls; keys (keys × calls): {told}; seconds: mean {statistics.mean(seconds):.2f}, "
            f"p50 {percentile(seconds, 0.5):.2f}, p95 {percentile(seconds, 0.95):.2f}"
        )


if __name__ == "__main__":
    main()

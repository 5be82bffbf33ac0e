"""How long the reviewers' queue takes on a full database; a part of benchmarks/growth.py."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from voiceapp.runtime.percentile import percentile

_SECOND_LOOKS = """
UPDATE calls_queuedcall SET last_reviewer_id = %s WHERE done = 1 AND wanted = 2 AND last_reviewer_id IS NULL
"""
"""The worst case: whatever waits for a second look waits for somebody else."""


def time_queue(times: int) -> None:
    """One person opens the queue, has the next call, is done with it and has the one after it, so many times."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    client = Client(SERVER_NAME="127.0.0.1")
    user = User.objects.get_or_create(username="growth", is_staff=True, is_superuser=True)[0]
    client.force_login(user)
    with connection.cursor() as cursor:
        cursor.execute(_SECOND_LOOKS, [user.pk])
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE done < wanted AND doubt > 0) FROM calls_queuedcall")
        queued, open_ones = cursor.fetchone()
    print(f"\n{queued} calls in the queue, of which {open_ones} wait with doubt")
    took_ms: dict[str, list[float]] = defaultdict(list)
    queries = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    said: dict[str, int] = {}

    def timed(name: str, ask: Any, status: int, *arguments: Any) -> Any:
        nonlocal queries
        queries, began_s = 0, time.perf_counter()
        with connection.execute_wrapper(count):
            answer = ask(*arguments)
        took_ms[name].append((time.perf_counter() - began_s) * 1000)
        said[name] = queries
        if answer.status_code != status:
            raise SystemExit(f"page_failed: {name} answered {answer.status_code}: the run is void")
        return answer

    client.get(reverse("review-queue"))  # templates and URLs are loaded once
    for _ in range(times):
        timed("the queue's page", client.get, 200, reverse("review-queue"))
        page = timed("next", client.post, 302, reverse("review-next"))["Location"]
        if "/change/" not in page:
            break  # so few calls are all reviewed
        timed("the call's page", client.get, 200, page)
        call = _call_of(page)
        timed("claim", client.post, 200, reverse("review-claim", args=[call]))
        page = timed("skip and next", client.post, 302, reverse("review-put-back", args=[call]))["Location"]
        if "/change/" in page:
            call = _call_of(page)
        timed("done and next", client.post, 302, reverse("review-done", args=[call]), {"verdict": "fine"})
    print(f"{'the review queue, ms':52} {'p50':>6} {'p95':>6} {'queries':>8}")
    for name, values in took_ms.items():
        print(f"{name:52} {percentile(values, 0.5):6.0f} {percentile(values, 0.95):6.0f} {said[name]:8}", flush=True)


def _call_of(page: str) -> int:
    """The key of the call whose page it is."""
    return int(page.split("/change/")[0].rsplit("/", 1)[1])

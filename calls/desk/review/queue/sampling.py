"""Draw calls at random, so that what is found in them holds for all: by a seed that is kept, as anybody can do again.

The calls of the period are ordered by SHA-256 of ``seed:CallSid``, and the first of that order are the sample: every
call has the same chance, and neither its doubt nor who reviews has a say in it.
"""

from __future__ import annotations

import heapq
import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from calls.desk.access_log.entries import Kind, note
from calls.desk.review.queue.models import ReviewSample, SampledCall
from calls.storage.queued_calls import QueuedCall

MOST_SAMPLED = 1000


class NothingToDraw(ValueError):
    """There is no call in the period."""


def draw(user: Any, since: datetime, until: datetime, size: int, *, line: str = "", seed: str = "") -> ReviewSample:
    """``size`` calls that ended, of those that started in the period; all of them where there are fewer. Reads the
    period's CallSids once: a second for half a million. Raises NothingToDraw."""
    seed = seed or secrets.token_hex(8)
    queued = QueuedCall.objects.filter(call__started_at__gte=since, call__started_at__lt=until)
    if line:
        queued = queued.filter(call__to_number=line)
    population = 0

    def drawn() -> Any:
        nonlocal population
        for pk, sid in queued.order_by().values_list("pk", "call__call_sid").iterator(chunk_size=5000):
            population += 1
            yield sha256(f"{seed}:{sid}".encode()).digest(), pk

    first = heapq.nsmallest(size, drawn())
    if not first:
        raise NothingToDraw
    with transaction.atomic():
        sample = ReviewSample.objects.create(
            seed=seed, line=line, since=since, until=until, population=population, size=len(first),
            user=user, username=user.get_username(), made_at=timezone.now(),
        )  # fmt: skip
        SampledCall.objects.bulk_create(
            SampledCall(sample=sample, queued_id=pk, position=position) for position, (_, pk) in enumerate(first, 1)
        )
        note(Kind.REVIEW, user, calls=len(first))
    return sample

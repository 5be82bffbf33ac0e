"""Is the process up, and should it get calls?"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.middleware import common
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from calls.core.recognition_health import RecognitionStatus, worst
from calls.process import half_closing
from calls.process.services import services
from voiceapp.runtime import background
from voiceapp.runtime.metrics import CALLS_HEARING, REGISTRY

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


class CommonMiddleware(common.CommonMiddleware):
    """Checks Host against ALLOWED_HOSTS, but not for probes and Prometheus: they use a pod's address or a service's
    name, and nothing in their answers is made of it."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path in PATHS else super().process_request(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "up"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when calls can be taken; 503 with the reasons otherwise. A lost database is told, and is no reason: calls
    are taken and kept without it. One that answers is a reason until the lines were read from it once."""
    refusal = services().admission.refusal()
    lines = services().lines
    # Before the writer is asked for: that makes what has ended begin again.
    unwell = background.unwell()
    ended = ["thread_ended"] if background.Unwell.ENDED in unwell.values() else []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        # Of the pool that pages have: one that gave this connection has perhaps given others none.
        database = "crowded" if getattr(connection, "is_crowded", False) else "up"
    except DatabaseError:
        database = "down"
    unread = ["lines_unread"] if database != "down" and lines.are_being_read else []
    reasons = [*([refusal] if refusal else []), *ended, *unread]
    status = 503 if reasons else 200
    answer = {"ready": not reasons, "reasons": reasons, "database": database, "threads": unwell}
    answer["lines"] = "known" if lines.are_known else "unknown"
    # Rows by their keys: the numbers of lines are nobody's here.
    answer |= {"settings_trouble": lines.trouble, "settings_unread": dict(lines.unread)}
    answer |= {**_rows(), **_recognisers()}
    known = half_closing.statuses(services().recognition)
    answer["half_closing"] = {engine: half_closing.as_json(status) for engine, status in known.items()}
    return JsonResponse(answer, status=status)


def _rows() -> dict[str, Any]:
    """``rows_behind_bytes``: of this process's journal, not in the database yet; ``rows_trouble``: what could not be
    written when it was last tried; ``recovery``: of a dead one's journal;
    ``unreadable_journals``: those of dead ones that wait for a person, each with its code. No reason to refuse calls:
    another process would find the same, and what comes now is written."""
    recovery = services().writer.recovery
    return {
        "rows_behind_bytes": services().writer.behind_bytes,
        "rows_trouble": services().writer.trouble,
        "recovery": {"journal": recovery.path.name, "done_bytes": recovery.done_bytes, "bytes": recovery.total_bytes}
        if recovery is not None
        else None,
        "unreadable_journals": services().writer.unreadable_journals,
    }


def _recognisers() -> dict[str, Any]:
    """``hearing``: of the call that is heard worst, or as the next one would be: by no stream while the breaker is
    open, by nobody after a failed model probe, which is a one-shot."""
    engine = services().recognition
    states = services().calls.recognition_statuses()
    if engine.probe_failure:
        states.append(RecognitionStatus.DOWN)
    elif engine.trouble:
        states.append(RecognitionStatus.DEGRADED)
    state = "down" if engine.trouble else "up"
    hearing = {"recogniser": state, "recogniser_code": engine.trouble, "hearing": worst(states).value}
    # Where lines have several: one that is down while another hears is no trouble of a call's.
    return {**hearing, "engines": engine.troubles}


def metrics(request: HttpRequest) -> HttpResponse:
    heard = Counter(services().calls.recognition_statuses())
    for state in RecognitionStatus:
        CALLS_HEARING.labels(state.value).set(heard[state])
    half_closing.set_gauges(services().recognition)
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)

"""Is the process up, and should it get calls?"""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from calls import admission
from calls.recognition import recognition
from calls.store import writer
from voiceapp.metrics import REGISTRY


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "up"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when calls can be taken; 503 with the reasons otherwise. A lost database is told, and is no reason: calls
    are taken and kept without it."""
    refusal = admission.refusal()
    reasons = [*([refusal] if refusal else []), *([] if writer().alive else ["writer_dead"])]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = "up"
    except DatabaseError:
        database = "down"
    status = 503 if reasons else 200
    recogniser = "down" if recognition().breaker.open else "up"
    answer = {"ready": not reasons, "reasons": reasons, "database": database, "recogniser": recogniser}
    return JsonResponse(answer, status=status)


def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)

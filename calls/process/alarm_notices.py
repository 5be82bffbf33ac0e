"""What people are told of an alarm, and how: an e-mail, and a webhook that is signed. Blocking; raises what failed.

The webhook's ``X-Voiceapp-Signature`` is ``sha256=`` and the HMAC-SHA256, with ALARM_WEBHOOK_SECRET, of the
``X-Voiceapp-Timestamp`` (seconds), a dot and the body: a receiver refuses old timestamps, and a copy is worth nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import requests
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from calls.core.line_health import Trouble
from calls.lines.models import ENGINE_DOWN, Alarm, AlarmNotice, PhoneLine

TIMEOUT_S = (3.0, 7.0)
"""To connect, and for the answer."""
OLDEST_S = 300
"""What a receiver should still take."""


def channels() -> list[str]:
    """Those that the settings name."""
    return [
        *([str(AlarmNotice.Channel.EMAIL)] if settings.ALARM_EMAILS else []),
        *([str(AlarmNotice.Channel.WEBHOOK)] if settings.ALARM_WEBHOOK_URL else []),
    ]


def send(notice: AlarmNotice) -> None:
    """Raises OSError (also SMTP's and requests')."""
    if notice.channel == AlarmNotice.Channel.EMAIL:
        _mail(notice.alarm, over=notice.over)
    else:
        _post(notice.alarm, over=notice.over)


def _mail(alarm: Alarm, *, over: bool) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        if alarm.kind == Trouble.ENGINE:
            what = ENGINE_DOWN % {"engine": alarm.line}
            about, place = what, f"{_('engine')}: {alarm.line}"
        else:
            name, what = _line_name(alarm.line), alarm.get_kind_display()
            about, place = f"{what} · {name or alarm.line or '—'}", f"{_('line')}: {name} {alarm.line}"
        subject = f"{_('Over') if over else _('Alarm')}: {about}"
        since = timezone.localtime(alarm.raised_at)
        lines = [
            what,
            place,
            f"{_('raised')}: {since:%d.%m.%Y %H:%M:%S}",
            *([f"{_('over')}: {timezone.localtime(alarm.over_at):%d.%m.%Y %H:%M:%S}"] if alarm.over_at else []),
            *([alarm.detail] if alarm.detail else []),
            settings.PUBLIC_URL + "/console/",
        ]
    send_mail(subject, "\n".join(lines), None, settings.ALARM_EMAILS)


def _post(alarm: Alarm, *, over: bool) -> None:
    body = json.dumps(
        {
            "alarm": alarm.pk,
            "event": "over" if over else "raised",
            "kind": alarm.kind,
            "line": alarm.line,
            "line_name": _line_name(alarm.line),
            "detail": alarm.detail,
            "raised_at": alarm.raised_at.isoformat(),
            "over_at": alarm.over_at.isoformat() if over and alarm.over_at else None,
        },
        ensure_ascii=False,
    ).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Voiceapp-Timestamp": timestamp,
        "X-Voiceapp-Signature": signature(settings.ALARM_WEBHOOK_SECRET, timestamp, body),
    }
    url = settings.ALARM_WEBHOOK_URL
    requests.post(url, body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False).raise_for_status()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _line_name(number: str) -> str:
    return PhoneLine.objects.filter(number=number).values_list("name", flat=True).first() or ""

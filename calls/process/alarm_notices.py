"""What people are told of an alarm, and how: an e-mail, and a webhook that is signed. Blocking; raises what failed.

The webhook is sent and signed as those of calls are (calls/process/webhooks), with ALARM_WEBHOOK_SECRET. For older
receivers its ``X-Voiceapp-Signature`` is ``sha256=`` and the HMAC-SHA256 of the ``X-Voiceapp-Timestamp`` (seconds), a
dot and the body.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from calls.core.line_health import Trouble
from calls.lines.models import ENGINE_DOWN, Alarm, AlarmNotice, PhoneLine
from calls.process.webhooks.signing import signed_headers


class NotTaken(OSError):
    """The webhook's receiver did not take a notice; the text is the code."""


def channels() -> list[str]:
    """Those that the settings name."""
    return [
        *([str(AlarmNotice.Channel.EMAIL)] if settings.ALARM_EMAILS else []),
        *([str(AlarmNotice.Channel.WEBHOOK)] if settings.ALARM_WEBHOOK_URL else []),
    ]


def send(notice: AlarmNotice) -> None:
    """Raises OSError (also SMTP's)."""
    if notice.channel == AlarmNotice.Channel.EMAIL:
        _mail(notice.alarm, over=notice.over)
    else:
        _post(notice)


def _mail(alarm: Alarm, *, over: bool) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        if alarm.kind == Trouble.ENGINE:
            what = ENGINE_DOWN % {"engine": alarm.line}
            about, place = what, f"{_('engine')}: {alarm.line}"
        elif not alarm.line:
            # Of the whole service.
            what = about = alarm.get_kind_display()
            place = ""
        else:
            name, what = _line_name(alarm.line), alarm.get_kind_display()
            about, place = f"{what} · {name or alarm.line}", f"{_('line')}: {name} {alarm.line}"
        subject = f"{_('Over') if over else _('Alarm')}: {about}"
        since = timezone.localtime(alarm.raised_at)
        lines = [
            what,
            *([place] if place else []),
            f"{_('raised')}: {since:%d.%m.%Y %H:%M:%S}",
            *([f"{_('over')}: {timezone.localtime(alarm.over_at):%d.%m.%Y %H:%M:%S}"] if alarm.over_at else []),
            *([alarm.detail] if alarm.detail else []),
            settings.PUBLIC_URL + "/console/",
        ]
    send_mail(subject, "\n".join(lines), None, settings.ALARM_EMAILS)


def _post(notice: AlarmNotice) -> None:
    # Here, for a server without webhooks needs no HTTP client.
    from calls.process.webhooks.posting import Post, post

    alarm, over, secret = notice.alarm, notice.over, settings.ALARM_WEBHOOK_SECRET
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
    timestamp = int(time.time())
    headers = {
        **signed_headers(secret, f"msg_notice_{notice.pk}", timestamp, body),
        "X-Voiceapp-Timestamp": str(timestamp),
        "X-Voiceapp-Signature": signature(secret, str(timestamp), body),
    }
    # The environment's address is its owner's: also one of the owner's own network.
    answered = asyncio.run(post(Post(settings.ALARM_WEBHOOK_URL, body, headers, networks=None)))
    if answered.code:
        raise NotTaken(f"{answered.code} {answered.status or ''}".strip())


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _line_name(number: str) -> str:
    return PhoneLine.objects.filter(number=number).values_list("name", flat=True).first() or ""

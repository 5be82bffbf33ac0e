"""What a call's page says first: whose call it was, when, how long, at what cost, how it ended, how much was heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from calls.core.heard_share import HeardShare
from calls.desk.clock import zone_name
from calls.desk.codes import ENDS, STATUSES, shown_code
from calls.desk.rows import percent
from calls.lines.costs import prices_on, usage_of
from calls.lines.models import PhoneLine
from calls.storage.models import SPEECH_SUMS, Call, Transcript


@dataclass(frozen=True, slots=True)
class ShownShare:
    """The figure and its parts, as they are shown; None and empty where there is none."""

    percent: str
    received: int
    lost: int
    spoken_s: str
    worded_s: str

    @classmethod
    def of(cls, share: HeardShare) -> ShownShare:
        heard = "" if share.heard is None else percent(share.heard)
        spoken_s, worded_s = (f"{ms / 1000:.1f}" for ms in (share.spoken_ms, share.worded_ms))
        return cls(heard, share.frames_received, share.frames_lost, spoken_s, worded_s)


@dataclass(frozen=True, slots=True)
class CallHead:
    """Of one call. Empty is what is not known."""

    line: str
    """The line's name."""
    began_at: datetime | None
    """By the pages' clock."""
    zone: str
    """What that clock is called."""
    lasted: str
    """h:mm:ss; empty while it runs."""
    profile: str
    cost: str
    ending: str
    status: str
    hearing: str
    heard: ShownShare

    @property
    def title(self) -> str:
        """The page's."""
        began = f"\u2066{self.began_at:%d.%m.%Y %H:%M:%S}\u2069" if self.began_at else ""
        return " · ".join(part for part in (self.line or gettext("call without a line"), began) if part)


def head_of(call: Call) -> CallHead:
    """Three questions to the database."""
    prices = prices_on(timezone.localdate(call.started_at) if call.started_at else timezone.localdate())
    lines = PhoneLine.objects.filter(number=call.to_number) if call.to_number else PhoneLine.objects.none()
    return CallHead(
        line=lines.values_list("name", flat=True).first() or "",
        began_at=call.started_at and timezone.localtime(call.started_at),
        zone=zone_name(),
        lasted=lasted(call),
        profile=str(call.tuning.get("profile", "")),
        cost=f"{usage_of(call).cost(prices):.4f} {prices.currency}",
        ending=shown_code(call.end_reason, ENDS),
        status=shown_code(call.status, STATUSES),
        hearing=call.get_hearing_display(),
        heard=ShownShare.of(heard_share(call)),
    )


def heard_share(call: Call) -> HeardShare:
    """Of its rows: one sum in the database."""
    sums: dict[str, Any] = Transcript.objects.filter(call=call).spoken().aggregate(**SPEECH_SUMS)
    return HeardShare(call.frames_received, call.frames_lost, sums["spoken_ms"] or 0, sums["worded_ms"] or 0)


def lasted(call: Call) -> str:
    """From its start to its end, h:mm:ss; empty while it runs."""
    if call.started_at is None or call.ended_at is None:
        return ""
    return str(timedelta(seconds=max(0, round((call.ended_at - call.started_at).total_seconds()))))

"""The settings that a call ran with beside its profile's of today, and what was counted of it, as its page's tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.desk.codes import COUNTERS, ENDS, shown_code
from calls.desk.tuning.words import setting, shown_value
from calls.storage.call_streams import call_streams
from calls.storage.models import Call
from stt.models import TuningProfile
from stt.tuning import TuningError

FIELD_OF = {"phrase_hints": "phrases"}
"""A profile's field of a setting that Tuning names otherwise."""
DELAYS = {
    "p50": _("half of the frames"),
    "p99": _("99 of 100 frames"),
    "p999": _("999 of 1000 frames"),
    "max": _("the latest frame"),
}


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting then and now, in words."""

    label: str
    unit: str
    then: str
    now: str
    """Empty where its profile is no more, or says nothing of it."""
    differs: bool


@dataclass(frozen=True, slots=True)
class ShownStream:
    """One of the call's media streams."""

    number: int
    stream_sid: str
    began: str
    ended: str
    ending: str
    process: str
    received: int
    lost: int
    speech_s: str


def settings_of(call: Call) -> dict[str, Any]:
    """For the template: those that differ today and those that do not, and today's profile, None where it is gone."""
    profile = TuningProfile.objects.filter(pk=call.tuning_profile).first() if call.tuning_profile else None
    today: dict[str, Any] = {}
    if profile is not None:
        try:
            today = profile.tuning().as_dict()
        except TuningError:
            profile = None  # out of its bounds: no call can run with it
    rows = [row for name, value in call.tuning.items() if (row := _shown(name, value, today)) is not None]
    return {
        "settings_then": call.tuning.get("profile", ""),
        "profile_now": profile,
        "settings_that_differ": [row for row in rows if row.differs],
        "settings_alike": [row for row in rows if not row.differs],
    }


def counted_of(call: Call) -> dict[str, Any]:
    """For the template: the counters, the delays of frames, and the streams, each as rows."""
    streams = call_streams(call.streams)
    return {
        "counters": [(shown_code(code, COUNTERS), code, times) for code, times in call.counters.items()],
        "delays": [(label, call.frame_delay_ms[name]) for name, label in DELAYS.items() if name in call.frame_delay_ms],
        "streams_counted": [
            ShownStream(
                number,
                stream.stream_sid,
                _clock(stream.started_at),
                _clock(stream.ended_at),
                shown_code(stream.text("end_reason"), ENDS),
                stream.text("process"),
                stream.count("frames_received"),
                stream.count("frames_lost"),
                f"{stream.count('speech_ms') / 1000:.1f}",
            )
            for number, stream in enumerate(streams, 1)
        ],
    }


def _shown(name: str, then: Any, today: dict[str, Any]) -> ShownSetting | None:
    """None of what is no field of a profile."""
    field = FIELD_OF.get(name, name)
    if field in ("profile", "revision"):
        return None
    try:
        about = setting(field)
    except FieldDoesNotExist:
        return None
    now = today.get(name)
    told = shown_value(field, then)
    return ShownSetting(
        str(about.label),
        about.unit,
        told,
        "" if now is None else shown_value(field, now),
        name in today and now != then,
    )


def _clock(at: Any) -> str:
    return f"{timezone.localtime(at):%H:%M:%S}" if at is not None else ""

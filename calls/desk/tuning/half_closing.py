"""What half-closing was found to gain, in words, for a profile's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from stt.engines.half_close import HalfClosingStatus, RestReason, Standing
from stt.engines.kept_finals import FinalsFigures

BECAUSE = {
    RestReason.GAINS_LITTLE: gettext_lazy("finals come hardly sooner by it"),
    RestReason.LACKS_WORDS: gettext_lazy("finals that were asked for lacked words"),
    RestReason.QUOTA_USED: gettext_lazy("as many requests were made in a minute as a profile allows"),
}


@dataclass(frozen=True, slots=True)
class ShownHalfClosing:
    """Of one engine."""

    engine: str
    standing: str
    forced: str
    natural: str


def shown(statuses: Mapping[str, HalfClosingStatus]) -> list[ShownHalfClosing]:
    """By engine, in the page's language."""
    return [
        ShownHalfClosing(
            engine,
            _standing(status),
            _figures(gettext("Forced"), status.forced),
            _figures(gettext("Natural"), status.natural),
        )
        for engine, status in statuses.items()
    ]


def _standing(status: HalfClosingStatus) -> str:
    if status.standing is Standing.FORCING or status.reason is None:
        return gettext("Finals are asked for.")
    because = BECAUSE[status.reason]
    if status.standing is Standing.TRYING:
        return gettext("Tried again after a rest, because %(because)s.") % {"because": because}
    until = timezone.localtime(timezone.now() + timedelta(milliseconds=status.rests_for_ms))
    values = {"until": f"\u2066{date_format(until, 'H:i')}\u2069", "because": because}
    return gettext("Rests until %(until)s, because %(because)s.") % values


def _figures(kind: str, figures: FinalsFigures) -> str:
    if figures.median_ms is None:
        return gettext("%(kind)s: no final yet.") % {"kind": kind}
    values = {"kind": kind, "ms": f"\u2066{figures.median_ms:.0f} ms\u2069", "count": figures.count}
    text = gettext("%(kind)s: median %(ms)s over %(count)s.") % values
    if figures.compared:
        values = {"lacking": figures.lacking, "compared": figures.compared}
        lacked = gettext("Of %(compared)s compared with the one-shot recogniser %(lacking)s lacked words.") % values
        text = f"{text} {lacked}"
    return text

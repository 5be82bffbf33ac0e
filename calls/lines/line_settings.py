"""The settings that a call takes at its start, of its line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from calls.core.kept_words import Keeps
from calls.lines.allocation import Arm, arm_of
from calls.lines.privacy import Notice
from calls.reply.settings import AnswerPrices, AnswerSettings
from stt.tuning import Tuning


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a caller gets whom we cannot hear."""

    sentence: str = "מצטערים, לא נוכל לענות כעת. אנא נסו שוב מאוחר יותר."
    number: str = ""
    records: bool = False


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A line's calls between two snapshots."""

    number: int
    share_b_percent: int
    a: Tuning
    b: Tuning

    def tuning_for(self, call_sid: str) -> Tuning:
        return self.b if arm_of(call_sid, self.number, self.share_b_percent) is Arm.B else self.a


@dataclass(frozen=True, slots=True)
class LineSettings:
    """A phone line as last read."""

    tuning: Tuning
    greeting: str = ""
    follow_number: str = ""
    fallback: Fallback = field(default_factory=Fallback)
    trial: RunningTrial | None = None
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    keeps: Keeps = field(default_factory=Keeps)
    notice: Notice = field(default_factory=Notice)

    def tuning_for(self, call_sid: str) -> Tuning:
        return self.tuning if self.trial is None else self.trial.tuning_for(call_sid)

    @property
    def withheld(self) -> LineSettings:
        """Where the line's row could never be read: it may say that nothing is kept."""
        return replace(self, keeps=Keeps(recordings=False, words=False))


@dataclass(frozen=True, slots=True)
class AllSettings:
    """Every line's, as last read."""

    default: LineSettings
    """Of calls to a number that is no line's."""
    lines: Mapping[str, LineSettings] = field(default_factory=dict)
    """By number."""
    prices: AnswerPrices = field(default_factory=AnswerPrices)
    unread: Mapping[str, str] = field(default_factory=dict)
    """Of rows that could not be read ("line 3") the code, or the error's name: what was last read of them stands."""

    def line(self, number: str) -> LineSettings:
        return self.lines.get(number, self.default)

    @property
    def tunings(self) -> list[Tuning]:
        """All that a call may get, the default first."""
        lines = (self.default, *self.lines.values())
        trials = [line.trial for line in lines if line.trial is not None]
        return [line.tuning for line in lines] + [tuning for trial in trials for tuning in (trial.a, trial.b)]

    @property
    def withheld(self) -> AllSettings:
        """For numbers of which it is not known what may be kept of their calls."""
        return replace(self, default=self.default.withheld)

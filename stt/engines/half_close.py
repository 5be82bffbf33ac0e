"""HalfClosing: whether half-closing a stream for its final pays with one engine, found out while it runs. Pure.

A half-close asks for the final at once and costs a request more. Whether an engine answers it sooner than it would have
spoken by itself, and with all of its words, is the engine's habit: nobody promises it, and it may change any day. So
one process keeps of each engine how late finals came, forced and natural (the last 50 of each), and what the one-shot
recogniser heard beyond them, and lets half-closing rest where it does not pay:

    FORCING  as long as nothing speaks against it, which is how it begins; one utterance in 20 is left natural, and
             of one forced final in 20 the one-shot recogniser is asked, to compare (six in 20 of either while
             it is not clear whether forcing pays).
             -> RESTING  gains_little, lacks_words
    RESTING  for REST_MS; every final comes by itself.
             -> TRYING   when the time is over
    TRYING   one utterance is forced, and a second where the first spoke for it; the others are not.
             -> FORCING  their finals came RETURN_GAIN_MS sooner (and, after lacks_words, whole)
             -> RESTING  one did not

The quota rests apart from this, and only profiles that allow no more requests than the one that met its share. What it
takes to return is more than what it takes to stay: an engine at the edge rests, and does not go back and
forth.

Time is an argument, chance is given. One thread reports and asks; ``status`` may be read by any.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from random import Random

from stt.engines.kept_finals import FinalsFigures, KeptFinals, Kind
from stt.engines.one_in_every import OneInEvery

REST_MS = 600_000
REST_GAIN_MS, RETURN_GAIN_MS = 150.0, 200.0
"""Where forcing gains less than the first it rests; it returns where a trial gains the second."""
MIN_FORCED, MIN_NATURAL = 10, 2
"""Finals of each kind before anything is concluded from how late they come: with a natural median of 880 ms and a
forced one of 370 (the emulator's) two natural ones mislead once in a thousand times."""
TRIAL, LONGEST_TRIAL = 2, 4
"""Finals that must speak for forcing after a rest, and utterances that are forced for them at most."""
TRIAL_PATIENCE_MS = 20_000
"""A trial's utterance of which nothing was heard for so long came to nothing (its caller spoke on): another is taken,
or the trial has shown nothing."""
CLEAR_NATURAL, CLEAR_GAIN_MS = 16, 400.0
"""With fewer natural finals and a smaller gain it is not clear whether forcing pays: more are left natural."""
LACKING = ((3, 0.3), (4, 0.1))
"""Forced finals that lacked words, and by how much their share is larger than that of natural ones: either is held
against forcing. The one-shot recogniser errs, too: where it does once in a hundred times that is far from both."""


class FinalChoice(Enum):
    """What becomes of an utterance."""

    FORCE = auto()
    COMPARE = auto()
    """It is left natural, to compare."""
    REST = auto()
    """Half-closing rests."""


class Standing(StrEnum):
    """Of half-closing with an engine."""

    FORCING = "forcing"
    RESTING = "resting"
    TRYING = "trying"


class RestReason(StrEnum):
    """Why it rests; also the stable code of the event on the call that found it out."""

    GAINS_LITTLE = "half_close_gains_little"
    LACKS_WORDS = "half_close_lacks_words"
    QUOTA_USED = "half_close_quota_used"


RESUMED = "half_close_resumed"
"""Stable code of the event on the call whose trial showed that it pays again."""


@dataclass(frozen=True, slots=True)
class Change:
    """It rests from now on, or it pays again."""

    code: str
    """A RestReason's, or RESUMED."""
    detail: str
    """The figures that it rests on; no words."""


@dataclass(frozen=True, slots=True)
class HalfClosingStatus:
    """What people and probes are told."""

    standing: Standing
    reason: RestReason | None
    """Why it rests, or why it rested before this trial; None while it is forcing."""
    rests_for_ms: float
    """0 while it does not rest."""
    forced: FinalsFigures
    natural: FinalsFigures
    rests: dict[RestReason, int]
    """How often it began to rest, since the process began."""


@dataclass(slots=True)
class _Trial:
    """The few utterances that are forced after a rest."""

    forced: int = 0
    forced_ms: float = 0.0
    """When the last of them was."""

    def is_over(self, now_ms: float) -> bool:
        return self.forced >= LONGEST_TRIAL and now_ms - self.forced_ms >= TRIAL_PATIENCE_MS

    def takes(self, now_ms: float, heard_of: int) -> bool:
        """``heard_of``: of so many it is known how they went. One at a time."""
        waits = self.forced > heard_of and now_ms - self.forced_ms < TRIAL_PATIENCE_MS
        if waits or self.forced >= LONGEST_TRIAL:
            return False
        self.forced, self.forced_ms = self.forced + 1, now_ms
        return True


class HalfClosing:
    """What one process knows of one engine."""

    def __init__(self, random: Random) -> None:
        self._finals = {kind: KeptFinals() for kind in Kind}
        self._standing = Standing.FORCING
        self._reason: RestReason | None = None
        self._until_ms = 0.0
        self._quota_limit, self._quota_until_ms = 0, 0.0
        """Profiles that allow so many requests a minute, or fewer, rest until then."""
        self._comparing = OneInEvery(random)
        self._checking = OneInEvery(random)
        self._trial = _Trial()
        self._rests: Counter[RestReason] = Counter()
        self._change: Change | None = None

    def ask(self, now_ms: float, requests: int, limit: int) -> FinalChoice:
        """What becomes of an utterance. ``requests``: of the last minute; ``limit``: what its profile allows."""
        if self.over_quota(now_ms, requests, limit):
            return FinalChoice.REST
        if self._standing is Standing.RESTING and now_ms >= self._until_ms:
            self._standing, self._trial, self._finals[Kind.FORCED] = Standing.TRYING, _Trial(), KeptFinals()
        if self._standing is Standing.TRYING and self._reason is not None and self._trial.is_over(now_ms):
            self._rest(self._reason, now_ms, "the trial has shown nothing")
        if self._standing is Standing.FORCING:
            return FinalChoice.COMPARE if self._comparing.draw() else FinalChoice.FORCE
        if self._standing is Standing.TRYING:
            forced = self._finals[Kind.FORCED]
            known = forced.lacking if self._reason is RestReason.LACKS_WORDS else forced.delays_ms
            if self._trial.takes(now_ms, len(known)):
                return FinalChoice.FORCE
        return FinalChoice.REST

    def over_quota(self, now_ms: float, requests: int, limit: int) -> bool:
        """The quota's share is used, or was within REST_MS."""
        resting = now_ms < self._quota_until_ms
        if requests >= limit and not (resting and limit <= self._quota_limit):
            self._quota_limit, self._quota_until_ms = limit, now_ms + REST_MS
            self._rests[RestReason.QUOTA_USED] += 1
            self._change = Change(RestReason.QUOTA_USED, f"{requests} requests in a minute, {limit} allowed")
            return True
        return resting and limit <= self._quota_limit

    # What calls report

    def final_came(self, kind: Kind, delay_ms: float, now_ms: float) -> None:
        """A final that covers its utterance, so long after the last voiced frame's arrival."""
        self._finals[kind].delays_ms.append(delay_ms)
        self._judge(now_ms)
        if kind is Kind.NATURAL and self._standing is Standing.FORCING and self._is_unclear:
            self._comparing.again()

    def came_to_nothing(self) -> None:
        """Of an utterance that was left natural to compare no delay is known: its caller spoke on."""
        self._comparing.again()

    def wants_check(self, kind: Kind, choice: FinalChoice) -> bool:
        """Whether the one-shot recogniser should be asked what it hears in an utterance whose final has come."""
        if kind is Kind.NATURAL:
            return choice is FinalChoice.COMPARE
        if self._standing is Standing.TRYING:
            return self._reason is RestReason.LACKS_WORDS
        return self._standing is Standing.FORCING and self._checking.draw()

    def check_failed(self, kind: Kind) -> None:
        """It was not asked after all, or has not answered."""
        if kind is Kind.FORCED:
            self._checking.again()

    def checked(self, kind: Kind, now_ms: float, *, lacks: bool) -> None:
        """An utterance's words by the stream were compared with the one-shot's; ``lacks``: the stream has fewer."""
        self._finals[kind].lacking.append(lacks)
        self._judge(now_ms)
        if kind is Kind.FORCED and lacks:
            self._checking.again()  # whether it is a habit the next ones say

    # What others read

    def take_change(self) -> Change | None:
        """The last change, once: whose report made it notes it."""
        change, self._change = self._change, None
        return change

    def status(self, now_ms: float) -> HalfClosingStatus:
        """As it stands. Any thread."""
        standing, reason, until_ms = self._standing, self._reason, self._until_ms
        if standing is Standing.FORCING and now_ms < self._quota_until_ms:
            standing, reason, until_ms = Standing.RESTING, RestReason.QUOTA_USED, self._quota_until_ms
        return HalfClosingStatus(
            standing,
            reason,
            max(0.0, until_ms - now_ms) if standing is Standing.RESTING else 0.0,
            self._finals[Kind.FORCED].figures(),
            self._finals[Kind.NATURAL].figures(),
            {rest: self._rests[rest] for rest in RestReason},
        )

    # What follows

    def _judge(self, now_ms: float) -> None:
        if self._standing is Standing.RESTING:
            return
        forced, natural = self._finals[Kind.FORCED], self._finals[Kind.NATURAL]
        trying = self._standing is Standing.TRYING
        more = forced.lacking_share - natural.lacking_share
        rules = ((1, 0.1),) if trying and self._reason is RestReason.LACKS_WORDS else LACKING
        if any(sum(forced.lacking) >= finals and more >= share for finals, share in rules):
            lacked = (f"{kind} {sum(one.lacking)} of {len(one.lacking)}" for kind, one in self._finals.items())
            self._rest(RestReason.LACKS_WORDS, now_ms, f"lacked words: {', '.join(lacked)}")
            return
        if len(forced.delays_ms) < (1 if trying else MIN_FORCED):
            return
        medians = (f"{kind} {one.median_ms:.0f} ms over {len(one.delays_ms)}" for kind, one in self._finals.items())
        figures = ", ".join(medians)
        if len(natural.delays_ms) >= MIN_NATURAL and self._gain_ms < (RETURN_GAIN_MS if trying else REST_GAIN_MS):
            self._rest(RestReason.GAINS_LITTLE, now_ms, figures)
            return
        whole = self._reason is not RestReason.LACKS_WORDS or len(forced.lacking) >= TRIAL
        if trying and whole and len(forced.delays_ms) >= TRIAL:
            self._standing, self._reason = Standing.FORCING, None
            self._change = Change(RESUMED, figures)

    @property
    def _gain_ms(self) -> float:
        """By so much forced finals come sooner; 0 while either is unknown."""
        forced, natural = self._finals[Kind.FORCED], self._finals[Kind.NATURAL]
        return natural.median_ms - forced.median_ms if forced.delays_ms and natural.delays_ms else 0.0

    @property
    def _is_unclear(self) -> bool:
        natural = len(self._finals[Kind.NATURAL].delays_ms)
        # Of three the median leaves one late final aside: of two it is between both.
        return natural <= MIN_NATURAL or (natural < CLEAR_NATURAL and self._gain_ms < CLEAR_GAIN_MS)

    def _rest(self, reason: RestReason, now_ms: float, detail: str) -> None:
        self._standing, self._reason, self._until_ms = Standing.RESTING, reason, now_ms + REST_MS
        self._rests[reason] += 1
        self._change = Change(reason, detail)

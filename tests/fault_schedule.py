"""What goes wrong around a call in virtual time: a loop that stalls, an engine that is late, deaf, away or hung.

All instants and lengths are seconds of the virtual loop's time; each kind is drawn with the call's own seed.
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class FaultWindow:
    """A stretch of time. ``s``: how much of what it brings, where that is a length."""

    from_s: float
    to_s: float
    s: float = 0.0

    def holds(self, now_s):
        return self.from_s <= now_s < self.to_s


@dataclass(frozen=True)
class FaultSchedule:
    stall_every_s: float = 0.0
    """On average; 0: the loop never stalls."""
    stall_s: tuple = (0.05, 0.5)
    result_s: tuple = (0.0, 0.0)
    """From the engine's saying to its arrival here, in order."""
    late: tuple[FaultWindow, ...] = ()
    """Results, ends of streams and one-shots come so much later."""
    deaf: tuple[FaultWindow, ...] = ()
    """Streams say nothing."""
    hung: tuple[FaultWindow, ...] = ()
    """Nothing comes through: streams open, say nothing and do not end, and one-shots hang."""
    away: tuple[FaultWindow, ...] = ()
    """The engine restarts: its streams die at the beginning, nothing opens, one-shots fail."""
    one_shot_s: tuple = (0.25, 0.7)
    one_shots_hang: tuple[FaultWindow, ...] = ()
    one_shots_fail: tuple[FaultWindow, ...] = ()

    def over(self, windows, now_s):
        return any(window.holds(now_s) for window in windows)

    def late_s(self, now_s):
        return max((window.s for window in self.late if window.holds(now_s)), default=0.0)


FAIR = FaultSchedule()


def draw(random: Random) -> FaultSchedule:
    """Some of everything, for a call of about a minute."""

    def windows(most, length, s=(0.0, 0.0)):
        begins = [random.uniform(1, 50) for _ in range(random.choice(range(most + 1)))]
        return tuple(FaultWindow(at, at + random.uniform(*length), random.uniform(*s)) for at in begins)

    def now_and_then(drawn, chance=0.35):
        return drawn if random.random() < chance else ()

    return FaultSchedule(
        stall_every_s=random.choice([0, 0, 0.5, 2, 5]),
        stall_s=random.choice([(0.05, 0.2), (0.05, 0.5)]),
        result_s=random.choice([(0, 0), (0, 0.1), (0.05, 0.4)]),
        late=now_and_then(windows(3, (1, 12), (0.5, 10))),
        deaf=now_and_then(windows(2, (1, 15))),
        away=now_and_then(windows(2, (2, 6))),
        one_shot_s=random.choice([(0.25, 0.7), (0.25, 0.7), (0.5, 3.5)]),
        one_shots_hang=now_and_then(windows(2, (2, 20))),
        one_shots_fail=now_and_then(windows(2, (2, 10))),
    )

"""The garbage collector of a process that serves: every call and every page waits for it."""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 5_000
"""The collector looks for cycles when there are so many containers more than before. At Python's 700 a hundred calls
set it off six times a second, and what it looks at then is in no cache: 3 % of the CPU, and now and then a full
collection of 44 ms."""


def collect_seldom() -> None:
    """Keep it from looking at what is no garbage: once everything is imported."""
    # What the application is made of never will be: a full collection takes 75 ms with it and under 1 without.
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)

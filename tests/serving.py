"""A process's services for a test: its own, with what it gives in place of what the settings would make."""

from collections.abc import Iterator
from contextlib import contextmanager

from calls.lines.settings_cache import LineCache
from calls.process.services import Services, using


class QuietServices(Services):
    """Its threads begin when they are asked for, and not with the first call."""

    def __init__(self, **parts):
        super().__init__(**parts)
        if isinstance(self.lines, LineCache):
            # Nobody has made a line.
            self.lines._read.set()

    def start(self):
        """The writer starts by itself; nothing probes, refreshes or watches."""


@contextmanager
def serving(**parts) -> Iterator[Services]:
    """Use services of one's own; what they have for the database is written at the end."""
    with using(QuietServices(**parts)) as own:
        try:
            yield own
        finally:
            own.writer.stop(10)

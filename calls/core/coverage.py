"""How far the engine has listened: does a result cover an utterance, and did a stream hear its beginning? Pure."""

from __future__ import annotations

UNHEARD_MS = 600
"""After a stream has failed: the next one opens, and a word on the edge of the first may be the next utterance's."""


class Coverage:
    """What is known beside the ends of results, in ms of media time."""

    def __init__(self, slack_ms: int) -> None:
        """``slack_ms``: a result may end this long before the last voiced frame and still cover it."""
        self._slack_ms = slack_ms
        self.heard_out_ms = 0
        """Up to here a half-closed stream has said all that it will say."""
        self._unheard_to_ms = 0
        """What begins before this was not heard from its beginning by the stream that hears now."""

    def reaches(self, end_ms: int | None, heard_to_ms: int | None, beyond_ms: int = 0) -> bool:
        """Whether a result that ends at ``heard_to_ms`` covers voice that ends at ``end_ms``, and more behind it."""
        heard_to_ms = max(heard_to_ms or 0, self.heard_out_ms)
        return bool(heard_to_ms and end_ms and heard_to_ms >= end_ms + beyond_ms - self._slack_ms)

    def has_heard_out(self, end_ms: int) -> bool:
        """Whether no stream will say more of what ends here."""
        return self.heard_out_ms >= end_ms

    def stream_failed(self, fed_ms: int) -> None:
        """A stream that was fed up to here gives no more words."""
        self._unheard_to_ms = fed_ms + UNHEARD_MS

    def misses_beginning(self, start_ms: int) -> bool:
        """Whether voice that begins here was not heard from its beginning."""
        return start_ms < self._unheard_to_ms

"""Finds the utterances of recorded audio, as a call's endpointer would. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stt.audio import FRAME_MS
from stt.endpointing.endpointer import Endpointer, SpeechEnded


def utterances_in(
    frames: Iterable[bytes], endpointer: Endpointer, begins_ms: int = 0
) -> Iterator[tuple[SpeechEnded, int]]:
    """Each utterance of a recording's 20 ms frames, with the media time at which a call would have been told its end.

    ``begins_ms``: media time of the first frame. An utterance that the recording cuts off is told at its end.
    """
    at_ms = begins_ms
    for ulaw in frames:
        boundary = endpointer.push(ulaw, at_ms)
        at_ms += FRAME_MS
        if isinstance(boundary, SpeechEnded):
            yield boundary, at_ms
    last = endpointer.end()
    if last is not None:
        yield last, at_ms

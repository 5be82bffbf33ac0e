"""Voice that is no utterance yet: the line does not speak into it. Pure.

Speech is told of when two frames of three are voiced and one of them has a voice's pitch
(stt/endpointing/boundaries.py). A word that begins with "sh" or "s" has none for a fifth of a second, and a pause that
ends just then would be answered into the caller's mouth. So what is due waits while voiced frames arrive: until they
stop, or speech is told of and takes the floor back, or they have lasted longer than a consonant does. A noise holds the
line once and for so long at most: behind that it is the same run, however it goes on.
"""

from __future__ import annotations

from calls.core.status import VoicedRun

LONGEST_ONSET_MS = 250
"""From a run's first voiced frame: a consonant without pitch is shorter, so what has become no speech is none."""


def held_until_ms(due_ms: float, voice: VoicedRun | None) -> float:
    """The instant from which the line may do what is due at ``due_ms``; the same without voice. ``voice``: the newest,
    which may be over, or be the utterance that the pause follows."""
    if voice is None:
        return due_ms
    return max(due_ms, min(voice.over_ms, voice.from_ms + LONGEST_ONSET_MS))

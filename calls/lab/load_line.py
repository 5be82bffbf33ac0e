"""The line that the conversing callers of a load call: it answers whatever is said with one sentence.

The sentence is said at the call's beginning too, so that it stands in the phrase cache before the first answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.conf import settings

from calls.lines.dialogues import Dialogue
from calls.lines.models import PhoneLine
from calls.lines.settings_cache import first_profile

NUMBER = "+97235559001"
NAME = f"loadtest {NUMBER}"
SENTENCE = "רָשַׁמְתִּי, תּוֹדָה. אֶפְשָׁר לְהַמְשִׁיךְ."
VOICE = "google:he-IL-Wavenet-A"
"""Of the emulator: it hums."""
DIALOGUE = f"""
start: more
goodbye: תּוֹדָה, וּלְהִתְרָאוֹת.
steps:
  more:
    say: {SENTENCE}
    expect: open
    match: more
    attempts: 1
    silence: enough
  enough:
    say: תּוֹדָה, וּלְהִתְרָאוֹת.
    next: hang_up
examples:
  - name: עוד ועוד
    talk:
      - {{caller: שלום, step: more}}
"""
ANSWERED_MS = 4500
"""A caller's pause, in which it is answered: a second until the line has the floor, and the sentence."""
INTERRUPTED_MS = 1800
"""The pause of a caller who speaks over each answer: it has sounded for 0.8 s then, too long for a false start."""
MOST_ANSWERS, LONGEST_S = 1000, 14_400
"""Of a call."""


@contextlib.contextmanager
def conversing_line() -> Iterator[None]:
    """It is there until left; what a killed run left behind is taken over."""
    dialogue, _ = Dialogue.objects.update_or_create(name=NAME, defaults={"text": DIALOGUE})
    answers = {
        "name": NAME,
        "profile": first_profile(settings.ENVIRONMENT_TUNING),
        "responder": "scripted",
        "dialogue": dialogue,
        "voice": VOICE,
        "max_agent_turns": MOST_ANSWERS,
        "max_answered_s": LONGEST_S,
    }
    PhoneLine.objects.update_or_create(number=NUMBER, defaults=answers)
    try:
        yield
    finally:
        PhoneLine.objects.filter(number=NUMBER).delete()
        dialogue.delete()

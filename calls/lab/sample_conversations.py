"""The sample conversations: what their callers say, and the lines that answer them; and the line that only listens.

samples/conversations is a folder of recordings as samples/ is one, whose calls.json says besides which number is
called, and what answers there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from calls.lab.call_report import SIMULATED_NUMBER
from calls.lab.caller_script import Cue, ScriptStep
from calls.lines.dialogues import Dialogue
from calls.lines.models import PhoneLine
from calls.lines.settings_cache import first_profile

FOLDER = settings.BASE_DIR / "samples" / "conversations"
DIALOGUES = settings.BASE_DIR / "samples" / "dialogues"
VOICE = "google:he-IL-Chirp3-HD-Aoede"
"""Of the lines; a rig that speaks puts an emulator in Google's place."""
LISTENING_NAME = "הקו מקשיב וכותב"
"""Of the line that only transcribes."""
REPLY_AFTER_MS = 300
"""From the line's last sound to the caller's words."""


@dataclass(frozen=True, slots=True)
class SampleConversation:
    """A caller who answers a line."""

    name: str
    title: str
    from_number: str
    to_number: str
    clips: tuple[Path, ...]
    responder: str
    dialogue: str = ""
    """A file's name, of the dialogue that answers."""
    greeting: str = ""
    over_ms: Mapping[str, int] = field(default_factory=dict)
    """Clips, by name, that are spoken over the line's answer, so long after its first sound. Each other one is said
    when the answer was heard."""

    @property
    def script(self) -> tuple[ScriptStep, ...]:
        return tuple(
            ScriptStep(clip, Cue.OVER, self.over_ms[clip.name])
            if clip.name in self.over_ms
            else ScriptStep(clip, Cue.AFTER_HEARD, REPLY_AFTER_MS)
            for clip in self.clips
        )


def sample_conversations() -> list[SampleConversation]:
    return [
        SampleConversation(
            call["name"],
            call["title_he"],
            call["from"],
            call["to"],
            tuple(FOLDER / clip for clip in call["clips"]),
            call["responder"],
            call.get("dialogue", ""),
            call.get("greeting", ""),
            call.get("over_ms", {}),
        )
        for call in json.loads((FOLDER / "calls.json").read_text("utf-8"))
    ]


def put_lines(conversations: list[SampleConversation]) -> None:
    """The lines that these call, and their dialogues, as the samples say, whatever was changed in them before.

    Before a server starts, which reads them then. Raises DatabaseError, ValidationError."""
    profile = first_profile(settings.ENVIRONMENT_TUNING)
    for conversation in conversations:
        answers = {
            "responder": conversation.responder,
            "dialogue": _dialogue(conversation) if conversation.dialogue else None,
            "greeting": conversation.greeting,
            "voice": VOICE,
        }
        found = PhoneLine.objects.filter(number=conversation.to_number).first()
        line = found or PhoneLine(number=conversation.to_number, name=conversation.title, profile=profile)
        for name, value in answers.items():
            setattr(line, name, value)
        line.full_clean()
        line.save()


def put_listening_line() -> None:
    """The line that all other sample calls call; one of its number stays as it is.

    Before a server starts, which reads it then. Raises DatabaseError, ValidationError."""
    if PhoneLine.objects.filter(number=SIMULATED_NUMBER).exists():
        return
    profile = first_profile(settings.ENVIRONMENT_TUNING)
    line = PhoneLine(number=SIMULATED_NUMBER, name=LISTENING_NAME, profile=profile)
    line.full_clean()
    line.save()


def _dialogue(conversation: SampleConversation) -> Dialogue:
    text = (DIALOGUES / conversation.dialogue).read_text("utf-8")
    dialogue = Dialogue.objects.filter(name=conversation.title).first() or Dialogue(name=conversation.title)
    if dialogue.text != text:
        dialogue.text = text
        dialogue.full_clean()
        dialogue.save()
    return dialogue

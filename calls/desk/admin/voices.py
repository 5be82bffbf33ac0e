"""Voices in the admin's forms: which may be chosen, the buttons that play a text, and rendering.

What a process owns is imported where it is needed: with it come the vendors' clients, which most commands do not need.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from calls.desk.answers import shown_voice
from calls.desk.rows import ltr
from calls.lines.models import PhoneLine
from calls.lines.spoken_texts import SAYS_OTHERS_WORDS, fixed_texts, is_answering

CAN_ONLY_APOLOGISE = _(
    "The voices of this line say only words with vowel points, and what it answers has none: it can only apologise. "
    "Choose a second voice."
)
NO_VOICE = _(
    "This server has no voice: answers cannot be spoken, and callers hear a recorded apology. Set "
    "GOOGLE_APPLICATION_CREDENTIALS or TTS_EMULATOR_HOST, or install espeak-ng, and start the server anew; "
    "“manage.py speak --list” says what is missing."
)
VOICE_NOT_HERE = _(
    "None of this line's voices is on this server: answers cannot be spoken, and callers hear a recorded apology. "
    "Choose another voice."
)
HEAR = _("Play")
SCRIPT = forms.Script("calls/hear.js", type="module")


def choices(current: str = "") -> list[tuple[str, str]]:
    """What a line may choose on this server; a voice that is stored stays one of them."""
    from calls.process.services import services

    voices = services().voices
    names = {name: shown_voice(name, emulated=voices.is_emulated(name)) for name in voices.names()}
    if names:
        default = gettext("the server's first: %(voice)s") % {"voice": next(iter(names.values()))}
    else:
        default = gettext("none on this server: Twilio's voice and recordings")
    found = [("", default), *names.items()]
    if current and current not in names:
        found.append((current, gettext("%(voice)s (not on this server)") % {"voice": f"\u2066{current}\u2069"}))
    return found


def hear_attributes(label: Any) -> dict[str, str]:
    """Of a field's widget: static/calls/hear.js sets a button beside it."""
    return {"data-hear": reverse("desk-hear"), "data-hear-label": f"{HEAR}: {label}"}


def hear_button(text: str, label: str) -> SafeString:
    """Plays this text; hidden until a script makes it work."""
    return format_html(
        '<button type="button" class="hear" data-hear="{}" data-text="{}" aria-label="{}: {}" hidden></button>',
        reverse("desk-hear"), text, HEAR, label,
    )  # fmt: skip


def texts_to_hear(rows: Iterable[tuple[str, str, str]]) -> SafeString:
    """``rows``: what is played, how it is shown, where it stands."""
    shown = ((hear_button(played, text), text, ltr(place)) for played, text, place in rows)
    return format_html(
        '<ul class="to-hear">{}</ul>',
        format_html_join("", '<li>{} <span dir="rtl">{}</span> <span class="quiet">{}</span></li>', shown),
    )


HEARD = {"prompts", "says"}
"""Fields that show texts to be heard."""


def with_what_may_be_heard(fieldsets: Any, may_hear: bool) -> Any:
    """Without the texts to be heard, for those who may only read."""
    if may_hear:
        return fieldsets
    return [
        (name, {**options, "fields": [one for one in options["fields"] if one not in HEARD]})
        for name, options in fieldsets
    ]


def render_later(lines: Iterable[PhoneLine]) -> None:
    """Render what these lines always say, once what was saved is there to stay. A save never waits for it."""
    lines = list(lines)

    def begin() -> None:
        from calls.process.services import services

        for line in lines:
            texts, answers = fixed_texts(line), is_answering(line)
            if (texts or answers) and (line.voice or services().voices.default_name()):
                services().rendering.begin(line.pk, line.voice, texts, answers=answers)

    transaction.on_commit(begin, robust=True)


def warn_of_unsaid_words(request: HttpRequest, line: PhoneLine) -> None:
    """Say that no voice speaks the line's answers, or that none of its voices can say what its responder will."""
    from calls.process.services import services

    voices, own = services().voices, (line.voice, line.voice_fallback)
    if not is_answering(line):
        return
    if not voices.default_name():
        messages.warning(request, str(NO_VOICE))
    elif not voices.speaks(*own):
        messages.warning(request, str(VOICE_NOT_HERE))
    elif line.responder in SAYS_OTHERS_WORDS and not voices.says_unpointed(*own):
        messages.warning(request, str(CAN_ONLY_APOLOGISE))


def warn_of_unrendered(request: HttpRequest, lines: Iterable[PhoneLine]) -> None:
    """Say what the last rendering of these lines could not do, as far as this process knows."""
    from calls.process.services import services

    for line in lines:
        failed = services().rendering.failed(line.pk)
        if not failed:
            continue
        text, error = next(iter(failed.items()))
        sentence = ngettext(
            "%(line)s: %(count)s sentence could not be prepared in the line's voice (%(code)s): “%(text)s”",
            "%(line)s: %(count)s sentences could not be prepared in the line's voice (%(code)s), the first: “%(text)s”",
            len(failed),
        )
        named = {"line": line.name, "count": len(failed), "code": f"\u2066{error.code}\u2069", "text": text}
        messages.warning(request, sentence % named)

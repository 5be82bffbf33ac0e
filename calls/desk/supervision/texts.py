"""What the console's scripts say, in the page's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from calls.core.line_health import Trouble
from calls.desk.answers import answer_texts
from calls.desk.codes import EVENTS
from calls.desk.event_details import detail_texts
from calls.lines.models import ENGINE_DOWN, LABELS
from calls.storage.models import SOURCES


def texts() -> dict[str, Any]:
    """What the pages' scripts say."""
    return {
        "listening": _("the caller is silent"),
        "speaking": _("the caller speaks"),
        "nothing": _("hearing nothing"),
        "unknown": _("no news"),
        "stream": _("streaming"),
        "one_shot": _("one-shot"),
        "deaf": _("deaf"),
        "stand_in": _("another engine hears"),
        "quiet": _("quiet"),
        "down": _("recogniser down"),
        "up": _("recogniser up"),
        "live": _("live"),
        "silent": _("not live: nothing has come for a while"),
        "off": _("not live: connecting again"),
        "refused": _("not live: you may not watch"),
        "unread": _("the database does not answer; what is live goes on"),
        "ended": _("the call has ended"),
        "listen": _("Listen in"),
        "listen_stop": _("Stop listening"),
        "listen_opening": _("connecting"),
        "listening_in": _("you hear the call: the caller on the left, the line on the right, about half a second late"),
        "listen_silent": _("no sound comes at the moment"),
        "listen_refused": _("you may not listen to calls"),
        "listen_many": _("too many people listen already"),
        "listen_unable": _("this browser cannot play the sound"),
        "one_call": ngettext("one call", "%(count)s calls", 1),
        "calls": ngettext("one call", "%(count)s calls", 2),
        "server": _("server"),
        "in_time": _("keeps up"),
        "behind": _("falls behind: calls are heard late"),
        "overloaded": _("overloaded: takes no new calls"),
        "lag": _("lateness of its work"),
        "seen_to_by": _("seen to by"),
        "sound_on": _("Sound at alarms"),
        "sound_off": _("No sound at alarms"),
        "no_words": _("(no words)"),
        "echo": _("echo"),
        "emulated": _("emulated"),
        "emulated_why": _("An emulator heard this: it recognises no speech, it knows recordings."),
        **{trouble.value: str(label) for trouble, label in LABELS.items()},
        Trouble.ENGINE.value: ENGINE_DOWN,
        "sources": {source: str(label) for source, label in SOURCES},
        "line": _("The line"),
        "not_heard": _("not heard:"),
        "playing": _("is being said"),
        "answered_after": _("answered after"),
        "secret": _("secret"),
        "withdrawn": _("preparations withdrawn: %(times)s"),
        "answer": answer_texts(),
        "codes": {code: str(meaning) for code, meaning in EVENTS.items()},
        "details": detail_texts(),
    }

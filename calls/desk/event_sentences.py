"""What an event's detail may say, whole: each sentence that calls/core, calls/reply and stt/engines write into one, and
how it is said in the page's language. tests/calls/desk/test_event_details.py holds it against the sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

SENTENCES: Mapping[str, Any] = {
    r"(?:utterance|turn) (?<number>\d+)": _("turn %(number)s"),
    r"stream (?<number>\d+)": _("stream %(number)s"),
    r"utterance (?<number>\d+), (?<ms>\d+) ms after its end": _("turn %(number)s, %(ms)s milliseconds after its end"),
    r"utterance (?<number>\d+), forced": _("turn %(number)s, a final that was asked for"),
    r"utterance (?<number>\d+), natural": _("turn %(number)s, a final that came by itself"),
    r"forced (?<forced>\d+) ms over (?<asked>\d+), natural (?<natural>\d+) ms over (?<others>\d+)": _(
        "finals that were asked for came after %(forced)s milliseconds (%(asked)s of them), others after %(natural)s "
        "(%(others)s of them)"
    ),
    r"lacked words: forced (?<forced>\d+) of (?<asked>\d+), natural (?<natural>\d+) of (?<others>\d+)": _(
        "of finals that were asked for %(forced)s of %(asked)s lacked words, of others %(natural)s of %(others)s"
    ),
    r"(?<requests>\d+) requests in a minute, (?<allowed>\d+) allowed": _(
        "%(requests)s requests in a minute, %(allowed)s are allowed"
    ),
    r"the trial has shown nothing": _("the trial has shown nothing"),
    r"The line has no voice\.": _("The line has no voice."),
    r"Nothing of the answer can be spoken\.": _("Nothing of the answer can be spoken."),
    r"The responder kept the caller waiting\.": _("What answers kept the caller waiting."),
    r"The caller would have heard nothing for too long\.": _("The caller would have heard nothing for too long."),
    r"The model kept the caller waiting\.": _("The model kept the caller waiting."),
    r"The model said nothing\.": _("The model said nothing."),
    r"The line names no model\.": _("The line names no model."),
    r"The model called tools wrongly, and again when it was told\.": _(
        "The model asked for actions in a form that cannot be read, and again when it was told."
    ),
    r"The model's answer was longer than its most tokens\.": _(
        "The model's answer was longer than the tokens that the line allows."
    ),
    r"The model's server filtered its answer\.": _("The model's server filtered its answer."),
    r"The model's answer was cut off\.": _("The model's answer was cut off."),
    r"The model's server answered with (?<kind>\S+) in place of a stream\.": _(
        "The model's server answered with a page (%(kind)s) in place of words: is its address right?"
    ),
    r"The model's server answered (?<status>\d+)(?<code>| \([a-z_]+\))\.": _(
        "The model's server answered with the error %(status)s%(code)s."
    ),
    r"The model's server was not reached: (?<kind>\w+)\.": _("The model's server was not reached (%(kind)s)."),
    r"The model's server broke its answer off with an error(?<code>| \([a-z_]+\))\.": _(
        "The model's server broke its answer off with an error%(code)s."
    ),
    r"The model's answer could not be read: (?<kind>\w+)\.": _("The model's answer could not be read (%(kind)s)."),
    r"Neither LLM_API_KEY nor LLM_BASE_URL is set\.": _("The server has neither LLM_API_KEY nor LLM_BASE_URL."),
    r"the line has no dialogue that passes its checks": _("the line has no dialogue that passes its checks"),
    r"there is no responder '(?<name>[^']*)'; there are: (?<names>.*)": _(
        "there is no “%(name)s” that answers here; there are: %(names)s"
    ),
    r"The voice made no sound\.": _("The voice made no sound."),
    r"No sound came within (?<s>[\d.]+) s\.": _("No sound came within %(s)s seconds."),
    r"(?<voice>\S+) has failed again and again and is given a rest\.": _(
        "The voice has failed again and again and is given a rest."
    ),
    r"There is no voice '(?<name>[^']*)'; there are: (?<names>.*)\.": _(
        "There is no voice “%(name)s”; there are: %(names)s."
    ),
    r"(?<voice>\S+) cannot be used: GOOGLE_APPLICATION_CREDENTIALS is not set, nor is TTS_EMULATOR_HOST\.": _(
        "%(voice)s cannot be used: GOOGLE_APPLICATION_CREDENTIALS is not set, nor is TTS_EMULATOR_HOST."
    ),
    r"(?<voice>\S+) cannot be used: (?<what>\S+) is not installed \((?<how>.*)\)\.": _(
        "%(voice)s cannot be used: %(what)s is not installed (%(how)s)."
    ),
    r"Google has no Hebrew voice '(?<name>[^']*)'; there is, for example: (?<other>\S+)\.": _(
        "Google has no Hebrew voice “%(name)s”; there is, for example: %(other)s."
    ),
    r"espeak has no voice '(?<name>[^']*)'; there is: he\.": _("espeak has no voice “%(name)s”; there is: he."),
    r"(?<program>\S+) was not done within (?<s>[\d.]+) s\.": _("%(program)s was not done within %(s)s seconds."),
    r"(?<program>\S+) ended with code (?<code>-?\d+)\.": _("%(program)s ended with code %(code)s."),
    r"There is no recording '(?<name>[^']*)' in (?<folder>.+)\.": _("There is no recording “%(name)s” in %(folder)s."),
    r"The recordings in (?<folder>.+) cannot be read: (?<why>[\s\S]+)": _(
        "The recordings in %(folder)s cannot be read: %(why)s"
    ),
    r"the file is empty\.": _("the file is empty."),
    r"this is no WAV file\.": _("this is no WAV file."),
    r"audio of format (?<kind>\d+) with (?<bits>\d+) bits is not read: PCM, float, A-law and µ-law are\.": _(
        "audio of format %(kind)s with %(bits)s bits is not read: PCM, float, A-law and µ-law are."
    ),
    r"(?<channels>\d+) channels at (?<rate>\d+) Hz cannot be played\.": _(
        "%(channels)s channels at %(rate)s Hz cannot be played."
    ),
    r"it holds no audio\.": _("it holds no audio."),
    r"its audio comes before its format\.": _("its audio comes before its format."),
    r"it is cut off before its audio\.": _("it is cut off before its audio."),
    r"it is cut off: (?<bytes>\d+) bytes of audio are announced, (?<there>\d+) are there\.": _(
        "it is cut off: %(bytes)s bytes of audio are announced, %(there)s are there."
    ),
}
"""Patterns of a whole detail, in JavaScript's notation, and what each says."""

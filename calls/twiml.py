"""TwiML as Twilio can read it: whatever stands in a line's sentences or in Twilio's own fields, it is XML.

Twilio answers what is no XML with an English error and hangs up (12100, https://www.twilio.com/docs/api/errors/12100).
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from twilio.twiml.voice_response import VoiceResponse

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Outside of XML's Char; a character reference cannot name them either: https://www.w3.org/TR/xml/#charsets"""


def speakable(sentence: str) -> None:
    """Refuse in a form what ``twiml`` would leave out. Raises ValidationError."""
    if _NOT_IN_XML.search(sentence):
        message = _("This holds a character that cannot be spoken, for example a control character: write it again.")
        raise ValidationError(message, code="bad_character")


def twiml(response: VoiceResponse) -> str:
    """The response as a document, without the characters that XML forbids."""
    root = response.xml()
    for element in root.iter():
        element.text = _NOT_IN_XML.sub("", element.text or "")
        element.tail = _NOT_IN_XML.sub("", element.tail or "")
        for name, value in element.items():
            element.set(name, _NOT_IN_XML.sub("", value))
    return '<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root, encoding="unicode")

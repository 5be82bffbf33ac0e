"""TwiML as Twilio can read it: whatever stands in a line's sentences or in Twilio's own fields, it is XML.

Twilio answers what is no XML with an English error and hangs up (12100, https://www.twilio.com/docs/api/errors/12100).
"""

from __future__ import annotations

from xml.etree import ElementTree

from twilio.twiml.voice_response import VoiceResponse

from calls.core.text import clean


def twiml(response: VoiceResponse) -> str:
    """The response as a document, without what XML forbids (https://www.w3.org/TR/xml/#charsets; a character reference
    cannot name it either) and the other controls."""
    root = response.xml()
    for element in root.iter():
        element.text = clean(element.text or "")
        element.tail = clean(element.tail or "")
        for name, value in element.items():
            element.set(name, clean(value))
    return '<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root, encoding="unicode")

"""TwiML is XML, whatever stands in it."""

import sys
from xml.etree import ElementTree

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, VoiceResponse

from calls.lines.sentences import speakable
from calls.twilio.twiml import twiml

HOSTILE = "\x00\x0b\x1f\ud800\udfff\ufffe\uffff"
ANY_TEXT = st.text(st.characters(max_codepoint=sys.maxunicode, exclude_categories=()))


@pytest.mark.parametrize("character", HOSTILE)
def test_what_xml_forbids_is_left_out_of_texts_and_attributes_and_refused_in_forms(character):
    response = VoiceResponse()
    response.say(f"של{character}ום", voice=f"a{character}b")
    (say,) = ElementTree.fromstring(twiml(response))
    assert (say.text, say.get("voice")) == ("שלום", "ab")
    with pytest.raises(ValidationError) as refused:
        speakable(f"של{character}ום")
    assert refused.value.code == "bad_character"


@given(ANY_TEXT)
def test_any_text_makes_a_document(text):
    response = VoiceResponse()
    response.say(text)
    dial = Dial(caller_id=text)
    dial.number(text)
    response.append(dial)
    document = twiml(response).encode()
    assert [element.tag for element in ElementTree.fromstring(document).iter()] == ["Response", "Say", "Dial", "Number"]


def test_hebrew_and_line_ends_stay():
    response = VoiceResponse()
    response.say('שלום, כאן מרפאת "אלון" <24/7>\n&')
    speakable('שלום, כאן מרפאת "אלון" <24/7>\n&')
    assert ElementTree.fromstring(twiml(response)).find("Say").text == 'שלום, כאן מרפאת "אלון" <24/7>\n&'

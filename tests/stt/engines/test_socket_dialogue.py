"""What a vendor's dialogue has without a word of its own."""

import pytest

from stt.engines.socket_dialogue import SocketDialogue


def test_audio_goes_as_it_is_and_nothing_else_is_said():
    dialogue = SocketDialogue()
    assert dialogue.audio(b"\x01") == b"\x01"
    assert (*dialogue.opening(), *dialogue.ending()) == ()
    assert (dialogue.done, dialogue.half_closed, dialogue.keep_alive, dialogue.linger_s) == (False, False, "", 0.0)


def test_what_a_vendor_says_only_its_own_dialogue_knows():
    with pytest.raises(NotImplementedError):
        SocketDialogue().heard("")

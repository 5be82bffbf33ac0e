"""The contract of an engine: every implementation has all of it, and what is not said is the vendor's default."""

from decimal import Decimal
from inspect import signature

import pytest

from stt.engines.base import Capabilities, Engine, RecognitionOptions, StreamingRecognizer
from stt.engines.google import GoogleSpeech
from stt.engines.task_stream import TaskStream
from tests.stt.engines.toy import ToyEngine


def members(protocol):
    return [name for name in vars(protocol) if not name.startswith("_")]


@pytest.mark.parametrize("engine", [GoogleSpeech, ToyEngine])
def test_an_engine_has_every_member_of_the_contract_with_its_arguments(engine):
    for name in members(Engine):
        wanted = vars(Engine)[name]
        if callable(wanted):
            asked = list(signature(wanted).parameters)
            assert list(signature(getattr(engine, name)).parameters) == asked, name
        else:
            assert hasattr(engine, name) or name in engine.__init__.__code__.co_names, name


def test_a_stream_has_every_member_of_the_contract():
    assert all(callable(getattr(TaskStream, name)) for name in members(StreamingRecognizer))


def test_a_vendor_that_names_no_limit_has_none():
    can = Capabilities(
        streaming=True,
        one_shot=False,
        word_times=False,
        message_bytes=100,
        half_close=False,
        price_per_hour=Decimal("1.44"),
    )
    assert (can.longest_stream_s, can.idle_limit_s) == (None, None)


def test_options_that_are_not_given_are_hebrew_and_the_engines_own_choice():
    options = RecognitionOptions()
    assert (options.language, options.model, options.hints, options.punctuation) == ("iw-IL", "", (), False)

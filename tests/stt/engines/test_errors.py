"""The wall around an engine's library."""

import gc
import weakref

import pytest

from stt.engines.errors import CLIENT_FAILED, recognizer_errors, without_traceback
from stt.events import RecognizerError
from voiceapp.runtime import metrics


def known(error):
    return RecognizerError("away") if isinstance(error, OSError) else None


def raised(error, *otherwise):
    with pytest.raises(RecognizerError) as caught, recognizer_errors(known, *otherwise):
        raise error
    return caught.value


def test_an_error_of_the_service_has_the_engines_code():
    cause = OSError()
    assert raised(cause).code == "away"
    assert raised(cause).__cause__ is cause


def test_a_recognizer_error_passes_as_it_is():
    error = RecognizerError("unavailable")
    assert raised(error) is error


@pytest.mark.parametrize(("otherwise", "permanent"), [("engine_error", False), (CLIENT_FAILED, True)])
def test_anything_else_is_counted_and_has_a_code(otherwise, permanent):
    before = metrics.ENGINE_ERRORS.labels(otherwise)._value.get()
    error = raised(KeyError("x"), otherwise)
    assert (error.code, error.message, error.permanent) == (otherwise, "KeyError: 'x'", permanent)
    assert metrics.ENGINE_ERRORS.labels(otherwise)._value.get() == before + 1


def test_nothing_holds_the_frames_of_an_error_that_was_taken_as_a_value():
    class Frame:
        pass

    def fails():
        frame = Frame()
        seen.append(weakref.ref(frame))
        with recognizer_errors(known):
            raise OSError

    seen: list = []
    gc.disable()
    try:
        try:
            fails()
        except RecognizerError as error:
            value = without_traceback(error)
        assert seen[0]() is None
    finally:
        gc.enable()
    assert (value.code, value.__traceback__, value.__context__) == ("away", None, None)

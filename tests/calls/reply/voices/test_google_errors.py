"""A used-up quota is known as one, whichever way it arrives."""

import grpc
import pytest
from google.api_core.exceptions import (
    InternalServerError,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
    from_http_status,
)
from google.auth.exceptions import RefreshError

from calls.reply.voice import VoiceError
from calls.reply.voices.google_errors import is_lost, voice_errors
from stt.wavfile import WavError


def raw(code):
    """As grpc.aio itself raises it."""
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "Quota exceeded")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ResourceExhausted("Quota exceeded"), "voice_quota"),
        (from_http_status(429, "Quota exceeded"), "voice_quota"),
        (raw(grpc.StatusCode.RESOURCE_EXHAUSTED), "voice_quota"),
        (RetryError("Deadline exceeded", ResourceExhausted("Quota exceeded")), "voice_quota"),
        (RetryError("Deadline exceeded", None), "voice_raised"),
        (ServiceUnavailable("away"), "voice_raised"),
        (raw(grpc.StatusCode.UNAVAILABLE), "voice_raised"),
        (grpc.RpcError(), "voice_raised"),
        (RefreshError("no key"), "voice_raised"),
        (WavError("no sound"), "voice_empty"),
    ],
)
def test_an_error_has_its_code(error, code):
    with pytest.raises(VoiceError) as failed, voice_errors():
        raise error
    assert failed.value.code == code


def test_what_is_none_of_the_service_goes_on():
    with pytest.raises(ZeroDivisionError), voice_errors():
        raise ZeroDivisionError


def test_only_grpcs_own_internal_error_has_lost_its_reason():
    assert is_lost(InternalServerError("Internal error from Core"))
    assert not is_lost(InternalServerError("Synthesis failed"))

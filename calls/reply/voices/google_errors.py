"""Errors of Google's client as VoiceErrors: whichever way one arrives, a used-up quota is ``voice_quota``."""

from __future__ import annotations

from types import TracebackType

import grpc
from google.api_core.exceptions import GoogleAPICallError, InternalServerError, RetryError, TooManyRequests
from google.auth.exceptions import GoogleAuthError

from calls.reply.voice import VoiceError
from stt.wavfile import WavError

LOST = "Internal error from Core"
"""What grpc.aio says, with its own status INTERNAL, where the server ended a stream before it took a request: the
server's status is lost with it (grpc/aio/_call.py: ``_write``)."""


class voice_errors:
    """What is none of the service's goes on to the wall of guarded.py. No generator, as in stt/engines/errors.py."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, GoogleAPICallError | GoogleAuthError | RetryError | grpc.RpcError):
            code = "voice_quota" if is_quota(error) else "voice_raised"
            raise VoiceError(code, f"{type(error).__name__}: {error}") from error
        if isinstance(error, WavError):
            raise VoiceError("voice_empty", str(error)) from error


def is_quota(error: BaseException | None) -> bool:
    """RESOURCE_EXHAUSTED or its HTTP status 429: as the client's own error, as gRPC's, or as what was retried."""
    if error is None:
        return False
    if isinstance(error, RetryError):
        return is_quota(error.cause)
    if isinstance(error, grpc.RpcError):
        code = getattr(error, "code", None)
        return code is not None and code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    return isinstance(error, TooManyRequests)


def is_lost(error: InternalServerError) -> bool:
    """The server has refused the request, and its reason is not known: it may be asked once more."""
    return LOST in str(error)

"""Stable codes for what vendors answer over HTTP and WebSockets: statuses and close codes. Pure.

Statuses mean what https://developers.deepgram.com/reference/errors, https://soniox.com/docs/stt/rt/error-handling and
RFC 9110 say of them; close codes what RFC 6455, section 7.4.1 does.
"""

from __future__ import annotations

from stt.events import EMULATOR_UNKNOWN, RecognizerError

PERMANENT = frozenset({"invalid_argument", "unauthenticated", "permission_denied", "not_found"})
STATUSES = {
    400: "invalid_argument",
    401: "unauthenticated",
    402: "permission_denied",  # unpaid
    403: "permission_denied",
    404: "not_found",
    408: "audio_timeout",
    413: "invalid_argument",
    422: "invalid_argument",
    429: "resource_exhausted",
    500: "internal",
}
CLOSES = {
    1000: "stream_cut",
    1002: "internal",
    1003: "internal",
    1007: "internal",
    1008: "aborted",
    1009: "internal",
    1011: "internal",
}
LONGEST_MESSAGE = 300
"""Letters of a vendor's own words that are kept."""


def error_of_status(status: int, message: str) -> RecognizerError:
    """``status``: of an HTTP answer, or as a vendor writes it into a message."""
    message = message[:LONGEST_MESSAGE]
    if EMULATOR_UNKNOWN in message:
        return RecognizerError(EMULATOR_UNKNOWN, message, permanent=True)
    code = STATUSES.get(status, "unavailable" if status >= 500 else "aborted")
    return RecognizerError(code, f"HTTP {status} {message}".rstrip(), permanent=code in PERMANENT)


def error_of_close(code: int | None, reason: str = "") -> RecognizerError:
    """A connection that the vendor closed before its last word; None: it broke without a close frame."""
    if code is None:
        return RecognizerError("unavailable", "the connection broke")
    # Deepgram's: https://developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors
    name = "audio_timeout" if "NET-0001" in reason else CLOSES.get(code, "unavailable")
    return RecognizerError(name, f"closed with {code} {reason[:LONGEST_MESSAGE]}".rstrip())

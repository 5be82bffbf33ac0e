"""Is it Twilio? ``X-Twilio-Signature`` on webhooks and on the media socket's handshake.

The address that was signed is PUBLIC_URL, never the Host header: we stand behind proxies.
https://www.twilio.com/docs/usage/security#validating-requests
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from twilio.request_validator import RequestValidator


def webhook_is_signed(request: HttpRequest) -> bool:
    """A webhook carries a valid signature over its public address and all its form fields."""
    signature = request.headers.get("X-Twilio-Signature", "")
    if not settings.TWILIO_AUTH_TOKEN or not signature:
        return False
    # The QueryDict itself: repeated fields are each signed, and the validator asks it for them.
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(validator.validate(settings.PUBLIC_URL + request.get_full_path(), request.POST, signature))


def handshake_is_signed(path: str, signature: str) -> bool:
    """A WebSocket handshake carries a valid signature over the exact ``wss://`` Stream address."""
    if not settings.TWILIO_AUTH_TOKEN or not signature:
        return False
    return bool(RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(socket_url(path), {}, signature))


def socket_url(path: str) -> str:
    """The public address of one of our WebSocket paths."""
    return "ws" + settings.PUBLIC_URL.removeprefix("http") + path

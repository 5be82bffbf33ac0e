"""Is it Twilio? ``X-Twilio-Signature`` on webhooks and on the media socket's handshake.

The address that was signed is PUBLIC_URL, never the Host header: we stand behind proxies.
https://www.twilio.com/docs/usage/security#validating-requests
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from twilio.request_validator import RequestValidator


def webhook_is_signed(request: HttpRequest) -> bool:
    """A webhook carries a valid signature over its public address and all its form fields."""
    # The QueryDict itself: repeated fields are each signed, and the validator asks it for them.
    url, form = settings.PUBLIC_URL + request.get_full_path(), request.POST
    return _is_signed(url, form, request.headers.get("X-Twilio-Signature", ""))


def handshake_is_signed(path: str, signature: str) -> bool:
    """A WebSocket handshake carries a valid signature over the exact ``wss://`` Stream address."""
    return _is_signed(socket_url(path), {}, signature)


def _is_signed(url: str, form: Any, signature: str) -> bool:
    """By the account's token, or by the one that is being exchanged for it (docs/security.md)."""
    tokens = [token for token in (settings.TWILIO_AUTH_TOKEN, *settings.TWILIO_AUTH_TOKEN_FALLBACKS) if token]
    return bool(signature) and any(RequestValidator(token).validate(url, form, signature) for token in tokens)


def socket_url(path: str) -> str:
    """The public address of one of our WebSocket paths."""
    return "ws" + settings.PUBLIC_URL.removeprefix("http") + path

"""What Google's v1 can, and which of its models hears Hebrew: ``phone_call`` where it exists, else ``default``.

Pure: asking is an argument. https://cloud.google.com/speech-to-text/docs/transcription-model
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal

from stt.engines.base import Capabilities
from stt.events import RecognizerError

logger = logging.getLogger(__name__)

NAME = "google"
CAPABILITIES = Capabilities(
    streaming=True,
    one_shot=True,
    word_times=True,
    longest_stream_s=305.0,
    idle_limit_s=10.0,
    # Google refuses stream messages beyond about 25 KB; 15 KB is called safe. One second of µ-law.
    message_bytes=8000,
    half_close=True,
    price_per_hour=Decimal("1.44"),  # v1 without data logging, 2026: https://cloud.google.com/speech-to-text/pricing
)
PHONE_CALL, DEFAULT = "phone_call", "default"
"""Each model is asked for enhanced: where there is no such variant, Google takes the standard one."""
HEBREW_MODELS = (DEFAULT, "command_and_search")
"""Of v1; with any other name the engine refuses every request. ``phone_call`` is asked for where a profile names none.
https://cloud.google.com/speech-to-text/docs/speech-to-text-supported-languages"""
HOST = "speech.googleapis.com"
HOSTS = (HOST, f"eu-{HOST}", f"us-{HOST}")
"""That serve API v1."""


def choose_stt_model(probe: Callable[[str], object]) -> tuple[str, RecognizerError | None]:
    """Try ``phone_call``; where the engine has no such model for the language, ``default``. Logs the choice.

    ``probe`` recognises a moment of silence with a model and raises RecognizerError. Only a refused model decides
    against ``phone_call`` for good; any other failure, which is returned, leaves the question open.
    """
    model, error = PHONE_CALL, _refusal(probe, PHONE_CALL)
    if error is not None:
        model = DEFAULT
        if error.code == "model_not_supported":
            error = None
        elif error.code == "invalid_argument":
            # Refused in other words: whether another model is heard says if it was the model.
            error = _refusal(probe, DEFAULT)
    if error is not None:
        logger.warning("⚠️ [STT] The model probe failed (%s); asking again later", error.code)
    logger.info("✅ [STT] Selected model: %s (enhanced=%s)", model, True)
    return model, error


def _refusal(probe: Callable[[str], object], model: str) -> RecognizerError | None:
    try:
        probe(model)
    except RecognizerError as error:
        return error
    return None


def v1_endpoint(endpoint: str) -> str:
    """The host that serves API v1 for a configured endpoint; logs when that is another one.

    ``europe-west1-speech.googleapis.com`` and the like are v2 regional hosts; v1 has the multi-regions eu and us.
    """
    host = endpoint.strip() or HOST
    for prefix, mapped in (("europe-", f"eu-{HOST}"), ("us-", f"us-{HOST}")):
        if host.startswith(prefix) and host.endswith(f"-{HOST}") and host != mapped:
            said = "GOOGLE_CLOUD_SPEECH_ENDPOINT=%s is a v2 regional host; this application speaks v1 and uses %s."
            logger.warning(said, host, mapped)
            return mapped
    return host

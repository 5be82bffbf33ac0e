"""Which of Google's models hears Hebrew: ``phone_call`` where it exists for the language, else ``default`` + enhanced.

Pure: asking is an argument. https://cloud.google.com/speech-to-text/docs/transcription-model
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from stt.events import RecognizerError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SttModel:
    name: str
    enhanced: bool


PHONE_CALL = SttModel("phone_call", enhanced=True)
DEFAULT = SttModel("default", enhanced=True)


@dataclass(frozen=True, slots=True)
class Choice:
    model: SttModel
    certain: bool
    """The engine said so. False: it could not be asked; the choice must not be remembered."""


def choose_stt_model(probe: Callable[[SttModel], None]) -> Choice:
    """Try ``phone_call``; where the engine has no such model for the language, ``default`` + enhanced.

    ``probe`` recognises a moment of silence with a model and raises RecognizerError. Only "not supported for language"
    decides against ``phone_call`` for good; any other failure leaves the question open. Logs the choice.
    """
    try:
        probe(PHONE_CALL)
        choice = Choice(PHONE_CALL, certain=True)
    except RecognizerError as error:
        choice = Choice(DEFAULT, certain=error.code == "model_not_supported")
        if not choice.certain:
            logger.warning("⚠️ [STT] The model probe failed (%s); asking again later", error.code)
    logger.info("✅ [STT] Selected model: %s (enhanced=%s)", choice.model.name, choice.model.enhanced)
    return choice


def v1_endpoint(endpoint: str) -> tuple[str, str]:
    """The host that serves API v1 for a configured endpoint, and a warning ("" when it is taken as it is).

    ``europe-west1-speech.googleapis.com`` and the like are v2 regional hosts; v1 has the multi-regions eu and us.
    """
    host = endpoint.strip() or "speech.googleapis.com"
    for prefix, region in (("europe-", "eu"), ("us-", "us")):
        mapped = f"{region}-speech.googleapis.com"
        if host.startswith(prefix) and host.endswith("-speech.googleapis.com") and host != mapped:
            return mapped, (
                f"GOOGLE_CLOUD_SPEECH_ENDPOINT={host} is a v2 regional host; "
                f"this application speaks v1 and uses {mapped}."
            )
    return host, ""

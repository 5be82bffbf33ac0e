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
HEBREW_MODELS = ("default", "command_and_search")
"""Of v1; with any other name the engine refuses every request. ``phone_call`` is asked for where a profile names none.
https://cloud.google.com/speech-to-text/docs/speech-to-text-supported-languages"""


@dataclass(frozen=True, slots=True)
class Choice:
    model: SttModel
    error: RecognizerError | None = None
    """Why the engine could not be asked; None: it has answered."""

    @property
    def certain(self) -> bool:
        """The engine said so. False: the choice must not be remembered."""
        return self.error is None


def choose_stt_model(probe: Callable[[SttModel], None]) -> Choice:
    """Try ``phone_call``; where the engine has no such model for the language, ``default`` + enhanced.

    ``probe`` recognises a moment of silence with a model and raises RecognizerError. Only a refused model decides
    against ``phone_call`` for good; any other failure leaves the question open. Logs the choice.
    """
    error = _refusal(probe, PHONE_CALL)
    choice = Choice(DEFAULT, error) if error is not None else Choice(PHONE_CALL)
    if error is not None and error.code == "model_not_supported":
        choice = Choice(DEFAULT)
    elif error is not None and error.code == "invalid_argument":
        # Refused in other words: whether another model is heard says if it was the model.
        choice = Choice(DEFAULT, _refusal(probe, DEFAULT))
    if choice.error is not None:
        logger.warning("⚠️ [STT] The model probe failed (%s); asking again later", choice.error.code)
    logger.info("✅ [STT] Selected model: %s (enhanced=%s)", choice.model.name, choice.model.enhanced)
    return choice


def _refusal(probe: Callable[[SttModel], None], model: SttModel) -> RecognizerError | None:
    try:
        probe(model)
    except RecognizerError as error:
        return error
    return None


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

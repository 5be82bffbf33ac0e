"""Which models of Google's v2 a project has for Hebrew, as Google itself lists them.

https://cloud.google.com/speech-to-text/v2/docs/locations
"""

from __future__ import annotations

from google.cloud.location import locations_pb2
from google.cloud.speech_v2.types import locations_metadata

from stt.engines.errors import recognizer_errors
from stt.engines.google_v2 import GoogleSpeechV2, translate

TIMEOUT_S = 10.0
HEBREW = ("iw-IL", "he-IL")
RECOGNIZER = "recognizer"
"""The feature whose release state is the model's."""


@recognizer_errors(translate)
def hebrew_models(engine: GoogleSpeechV2) -> dict[str, str]:
    """The models that hear Hebrew at the engine's location, each with its release state and features as Google writes
    them. Blocking. Raises RecognizerError."""
    name = engine.recognizer.rpartition("/recognizers/")[0]
    location = engine.client.get_location(locations_pb2.GetLocationRequest(name=name), timeout=TIMEOUT_S, retry=None)
    listed = locations_metadata.LocationsMetadata.pb()()
    location.metadata.Unpack(listed)
    models: dict[str, str] = {}
    for language in HEBREW:
        if language in listed.languages.models:
            for model, features in listed.languages.models[language].model_features.items():
                states = {one.feature: one.release_state for one in features.model_feature}
                others = sorted(feature for feature in states if feature != RECOGNIZER)
                models[model] = ", ".join([states.get(RECOGNIZER, "?"), *others])
    return models

"""The engines that there are: what each is called, can, costs and needs, and how one is made.

One row an engine. Reading the table imports no vendor's library: it serves the settings, the admin and the checks as
well; ``make`` imports what it needs. An engine stays out of the way until a profile names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from stt.engines import google_models, vendor_capabilities, whisper
from stt.engines.base import Capabilities, Engine
from stt.tuning import MOST_ENGINES
from voiceapp.runtime.marked_texts import gettext_noop as _

EngineAt = Callable[[str], Engine]
"""Makes the engine for an endpoint; "" is its own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntry:
    """One engine. Variables are those of the environment; keys come from there alone."""

    name: str
    """As profiles name it, and rows, metrics and exports call it. Does not change. Lower case, digits and ``_``.

    An engine on its emulator calls itself otherwise, ``emulator:NAME``, so that no row passes for real recognition;
    Google's, of before there were others, is plain ``emulator``."""
    title: str
    """For people; a product's name, and therefore the same in every language."""
    hebrew: str
    """The code under which it hears Hebrew, and how far the vendor stands by it, for example ``iw-IL (Preview)``."""
    capabilities: Capabilities
    models: tuple[str, ...]
    """That hear Hebrew and may be asked for by name; "" is always its own choice."""
    needs: Mapping[str, str]
    """Variables without which it does not work, each with what to set it to: ``set it to ...``."""
    emulator: str = ""
    """Variable with the host:port of its stand-in: where it is set, nothing of ``needs`` is. Empty: it has none."""
    reads: tuple[str, ...] = ()
    """Variables that it takes as well, and does without."""
    make: Callable[[Mapping[str, str]], EngineAt]
    """From the values of ``variables``, all there and "" where not set. May import heavily; makes no connection. Raises
    nothing: what is wrong with a value is the first request's error."""

    @property
    def variables(self) -> tuple[str, ...]:
        """All that it may read."""
        return (*self.needs, *((self.emulator,) if self.emulator else ()), *self.reads)

    def missing(self, values: Mapping[str, str]) -> str:
        """The variable that keeps it from working; empty where nothing is missing."""
        if self.emulator and values.get(self.emulator):
            return ""
        return next((name for name in self.needs if not values.get(name)), "")

    def engine_at(self, values: Mapping[str, str]) -> EngineAt:
        """What EngineRegistry takes: ``make``, called once and when an engine is first wanted."""
        made = cache(lambda: self.make(values))
        return lambda endpoint: made()(endpoint)


def _google(values: Mapping[str, str]) -> EngineAt:
    from stt.engines.google import google_at

    return google_at(values["GOOGLE_CLOUD_SPEECH_ENDPOINT"], values["STT_EMULATOR_HOST"])


def _google_v2(values: Mapping[str, str]) -> EngineAt:
    from stt.engines.google_v2 import google_v2_at

    return google_v2_at(
        values["GOOGLE_CLOUD_PROJECT"], values["GOOGLE_CLOUD_SPEECH_LOCATION"], values["GOOGLE_V2_EMULATOR_HOST"]
    )


def _deepgram(values: Mapping[str, str]) -> EngineAt:
    from stt.engines.deepgram import deepgram_at

    return deepgram_at(values["DEEPGRAM_API_KEY"], values["DEEPGRAM_EMULATOR_HOST"])


def _soniox(values: Mapping[str, str]) -> EngineAt:
    from stt.engines.soniox import soniox_at

    return soniox_at(values["SONIOX_API_KEY"], values["SONIOX_EMULATOR_HOST"])


def _elevenlabs(values: Mapping[str, str]) -> EngineAt:
    from stt.engines.elevenlabs import elevenlabs_at

    return elevenlabs_at(values["ELEVENLABS_API_KEY"], values["ELEVENLABS_EMULATOR_HOST"])


ENTRIES: tuple[EngineEntry, ...] = (
    EngineEntry(
        name=google_models.NAME,
        title="Google Cloud Speech v1",
        hebrew="iw-IL",
        capabilities=google_models.CAPABILITIES,
        models=google_models.HEBREW_MODELS,
        needs={"GOOGLE_APPLICATION_CREDENTIALS": "the path of a Google service account's key file"},
        emulator="STT_EMULATOR_HOST",
        reads=("GOOGLE_CLOUD_SPEECH_ENDPOINT",),
        make=_google,
    ),
    EngineEntry(
        name="google_v2",
        title="Google Cloud Speech v2, Chirp 3",
        hebrew="iw-IL (Preview)",
        capabilities=vendor_capabilities.GOOGLE_V2,
        models=("chirp_3",),
        needs={
            "GOOGLE_APPLICATION_CREDENTIALS": "the path of a Google service account's key file",
            "GOOGLE_CLOUD_PROJECT": "the id of the Google Cloud project that is billed",
        },
        emulator="GOOGLE_V2_EMULATOR_HOST",
        reads=("GOOGLE_CLOUD_SPEECH_LOCATION",),
        make=_google_v2,
    ),
    EngineEntry(
        name="deepgram",
        title="Deepgram Nova-3",
        hebrew="he",
        capabilities=vendor_capabilities.DEEPGRAM,
        models=("nova-3",),
        needs={"DEEPGRAM_API_KEY": "an API key of Deepgram's console"},
        emulator="DEEPGRAM_EMULATOR_HOST",
        make=_deepgram,
    ),
    EngineEntry(
        name="soniox",
        title="Soniox v5",
        hebrew="he",
        capabilities=vendor_capabilities.SONIOX,
        models=("stt-rt-v5",),
        needs={"SONIOX_API_KEY": "an API key of Soniox's console"},
        emulator="SONIOX_EMULATOR_HOST",
        make=_soniox,
    ),
    EngineEntry(
        name="elevenlabs",
        title="ElevenLabs Scribe v2 Realtime",
        hebrew="he",
        capabilities=vendor_capabilities.ELEVENLABS,
        models=("scribe_v2_realtime",),
        needs={"ELEVENLABS_API_KEY": "an API key of ElevenLabs' console"},
        emulator="ELEVENLABS_EMULATOR_HOST",
        make=_elevenlabs,
    ),
    EngineEntry(
        name=whisper.NAME,
        title=_("Whisper, on this machine"),
        hebrew="he",
        capabilities=whisper.CAPABILITIES,
        models=(),
        needs={whisper.DIRECTORY: "a folder of Whisper weights for CTranslate2 (manage.py whisper_weights makes one)"},
        make=lambda values: whisper.whisper_at(values[whisper.DIRECTORY]),
    ),
)
"""In the order in which people see them."""


def by_name() -> dict[str, EngineEntry]:
    """The rows by their names."""
    return {entry.name: entry for entry in ENTRIES}


def variables() -> tuple[str, ...]:
    """All that the engines may read, each once."""
    return tuple(dict.fromkeys(name for entry in ENTRIES for name in entry.variables))


Flaw = tuple[str, dict[str, str]]
"""A code of FLAWS, and what its sentence names."""
NOT_CONFIGURED = "engine_not_configured"
FLAWS = {
    "engines_wrong": _("One to three engines, each once."),
    "unknown_engine": _("There is no engine %(engine)s; there are: %(known)s."),
    "first_without_streams": _(
        "%(engine)s hears whole utterances only: while streaming is on it can stand in for others, not be the first."
    ),
    NOT_CONFIGURED: _("%(engine)s cannot be used here: the environment does not set %(variable)s."),
}
"""Why a profile's engines are refused, by stable code."""


def flaw_of(names: Sequence[str], *, streaming: bool) -> Flaw | None:
    """Why no line can be heard by these, in this order; None where one can."""
    known = by_name()
    if not 1 <= len(names) <= MOST_ENGINES or len(set(names)) < len(names):
        return "engines_wrong", {}
    for name in names:
        if name not in known:
            return "unknown_engine", {"engine": name, "known": ", ".join(known)}
    if streaming and not known[names[0]].capabilities.streaming:
        return "first_without_streams", {"engine": known[names[0]].title}
    return None


def unready(names: Iterable[str], values: Mapping[str, str]) -> tuple[EngineEntry, str] | None:
    """The first of these that lacks something, and the variable."""
    known = by_name()
    for name in names:
        if name in known and (variable := known[name].missing(values)):
            return known[name], variable
    return None

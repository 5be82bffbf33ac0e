"""Checks of who hears and who speaks: each engine that a profile names, by one real request; the lines' voices; quotas.

An engine is sent a second of silence, which costs what its vendor bills at least. Blocking.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError

from calls.lines.models import PhoneLine
from calls.management.doctor.finding import Finding, failed, ok, skipped, warning
from calls.process.rendering import HearingRefused
from calls.process.services import services
from calls.reply.voice import VoiceError
from stt.audio import BYTES_PER_MS, ULAW_SILENCE
from stt.engine_variables import engine_variables, names_of
from stt.engines.base import EMULATOR, Engine, RecognitionOptions, StreamEvent
from stt.engines.catalogue import EngineEntry, by_name
from stt.engines.registry import UNKNOWN
from stt.events import RecognizerError, StreamClosed
from stt.models import TuningProfile
from stt.tuning import DEFAULT_ENGINES

ANSWERS_WITHIN_S = 10.0
SLOW_MS = 1500
"""A stream that opens later than this begins its caller's first words late, though none is lost."""
SILENCE_MS = 1000
GREETING = "שלום"
REQUESTS_A_MINUTE = 900
"""Of Google's v1 for a project: https://cloud.google.com/speech-to-text/quotas"""
REQUESTS_OF_A_CALL = 4
"""A minute, without half-closing (docs/scaling.md)."""


def engines() -> Iterator[Finding]:
    """Each that some profile names: credentials, endpoint and model for Hebrew, and a stream's round trip."""
    try:
        rows = list(TuningProfile.objects.order_by("name").values_list("name", "engines"))
    except DatabaseError:
        rows = []
    profiles = [names for _, text in rows if (names := names_of(text))] or [DEFAULT_ENGINES]
    firsts, known, values = {names[0] for names in profiles}, by_name(), engine_variables()
    for name in dict.fromkeys(name for names in profiles for name in names):
        check = f"engine {name}"
        if name not in known:
            who = ", ".join(profile for profile, text in rows if name in names_of(text))
            detail = f"{UNKNOWN}: this version has no such engine, and these profiles name it: {who}"
            yield failed(check, detail, f"choose their engines anew; there are: {', '.join(known)}")
        elif variable := known[name].missing(values):
            says = failed if name in firsts else warning
            yield says(check, f"{variable} is not set", f"set it to {known[name].needs[variable]}")
        else:
            yield from _asked(check, known[name], known[name].engine_at(values)(""))


def _asked(check: str, entry: EngineEntry, engine: Engine) -> Iterator[Finding]:
    is_emulated = engine.name.startswith(EMULATOR)
    host = "" if is_emulated else getattr(engine, "host", "")
    began_s = time.monotonic()
    try:
        engine.probe()
        probe_ms = (time.monotonic() - began_s) * 1000
        opened_ms = asyncio.run(_round_trip(engine)) if entry.capabilities.streaming else None
    except RecognizerError as error:
        advice = (
            f"{entry.emulator} names an emulator: leave it empty, or start that"
            if is_emulated
            else _advice(error, entry)
        )
        yield failed(check, f"{error.code}: {error.message[:200]}", advice)
        return
    model = f", model {engine.model}" if engine.model else ""
    stream = f", a stream opens and ends within {opened_ms:.0f} ms" if opened_ms is not None else ""
    at = f" at {host}" if host else ""
    detail = f"{engine.name}{model}{at}: {entry.hebrew}, answers within {probe_ms:.0f} ms{stream}"
    if opened_ms is not None and opened_ms > SLOW_MS:
        yield warning(check, detail, "choose an endpoint nearer to this box")
    elif is_emulated:
        yield warning(check, detail, f"it is an emulator, which recognises no speech: leave {entry.emulator} empty")
    else:
        yield ok(check, detail)


async def _round_trip(engine: Engine) -> float:
    """Open a stream, send silence, half-close, and wait for its end. Returns ms. Raises RecognizerError."""
    events: asyncio.Queue[StreamEvent] = asyncio.Queue()
    began_s = time.monotonic()
    try:
        stream = engine.open_stream(events.put_nowait, RecognitionOptions())
        stream.feed(ULAW_SILENCE * (SILENCE_MS * BYTES_PER_MS))
        stream.finish()
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            while not isinstance(event := await events.get(), StreamClosed):
                pass
    except TimeoutError:
        raise RecognizerError("deadline_exceeded", f"no stream ended within {ANSWERS_WITHIN_S:.0f} s") from None
    finally:
        await engine.close()
    if event.error is not None:
        raise event.error
    return (time.monotonic() - began_s) * 1000


def _advice(error: RecognizerError, entry: EngineEntry) -> str:
    variable = next(iter(entry.needs), "its key")
    return {
        "unauthenticated": f"{variable} is not taken: correct it, or make a new one",
        "client_failed": f"{variable} cannot be used: correct it, or make a new one",
        "permission_denied": "give the account of the key the right to recognise, and enable the API in its project",
        "unavailable": "see that this box reaches it, and that the endpoint is right",
        "deadline_exceeded": "see that this box reaches it, and that the endpoint is right",
        "resource_exhausted": "the quota is used up: ask the vendor for more",
        "model_not_supported": "leave the profile's model empty, or name one that hears Hebrew",
    }.get(error.code, "see docs/operating.md for the code")


def voices() -> Iterator[Finding]:
    """Each that a line which answers speaks with says a word."""
    try:
        answering = PhoneLine.objects.exclude(responder="silent")
        names = {name for line in answering for name in (line.voice or services().voices.default_name(),)}
        fallbacks = set(answering.exclude(voice_fallback="").values_list("voice_fallback", flat=True))
    except DatabaseError:
        names = fallbacks = set()
    if not names | fallbacks:
        yield skipped("voice", "no line answers")
    for name in sorted(names | fallbacks):
        if not name:
            yield failed("voice", "lines answer, and this server has no voice", "see manage.py speak --list")
            continue
        began_s = time.monotonic()
        try:
            services().rendering.sound(name, GREETING)
        except (VoiceError, HearingRefused) as error:
            yield failed("voice", f"{name}: {error.code}", f"{error.message} See manage.py speak --list.")
        else:
            yield ok("voice", f"{name} speaks within {(time.monotonic() - began_s) * 1000:.0f} ms")


def quotas() -> Iterator[Finding]:
    """What MAX_CALLS would ask of Google in a minute, against what a project has unasked: arithmetic."""
    wanted = settings.MAX_CALLS * REQUESTS_OF_A_CALL
    detail = f"{settings.MAX_CALLS} calls that talk ask Google {wanted} times a minute a process"
    if wanted > REQUESTS_A_MINUTE:
        yield warning(
            "quota", f"{detail}; a project has {REQUESTS_A_MINUTE}", "have Google raise it, or lower MAX_CALLS"
        )
    else:
        yield ok("quota", f"{detail}, of {REQUESTS_A_MINUTE}")

"""All of the doctor's checks, in the order in which one mends what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from calls.management.doctor import box, lines, recognition, storage, telephony, web
from calls.management.doctor.finding import Finding, FindingState, failed
from voiceapp.runtime import metrics

Check = Callable[[], Iterator[Finding]]
CHECKS: Mapping[str, Check] = {
    "settings": box.configuration,
    "versions": box.versions,
    "database": box.database,
    "lines": lines.lines,
    "redis": box.redis_answers,
    "disk": box.disk,
    "storage": storage.storage,
    "clock": web.clock,
    "engines": recognition.engines,
    "quotas": recognition.quotas,
    "voices": recognition.voices,
    "public_url": web.public_url,
    "twilio": telephony.account,
}


FINDINGS: Mapping[str, str] = {
    "migrations": "database",
    "search": "database",
    "half_written_files": "storage",
    "storage_key_missing": "storage",
    "storage_keys_unusable": "storage",
    "engine": "engines",
    "quota": "quotas",
    "voice": "voices",
    "certificate": "public_url",
    "webhooks": "public_url",
    "metrics": "public_url",
    "number": "twilio",
}
"""The check that makes a finding of another name; ``engine`` stands for each engine's (``engine google``)."""


def check_of(name: str) -> str:
    """The check that has this name, or makes findings of this name. Raises ValueError, which names all."""
    found = name if name in CHECKS else FINDINGS.get(name, FINDINGS.get(name.partition(" ")[0]))
    if found is None:
        raise ValueError(f"{name!r} is none of {', '.join(CHECKS)}, and no name of their findings")
    return found


def examine(names: Iterable[str] = CHECKS) -> Iterator[Finding]:
    """Each finding as soon as it is there. Never raises: what a check did not foresee is its finding."""
    for name in names:
        try:
            yield from CHECKS[name]()
        except Exception as error:
            # The wall: the other checks are still to be made.
            metrics.THREADS_FAILED.labels("doctor").inc()
            yield failed(name, f"{type(error).__name__}: {error}", "the check itself failed: please report it")


def is_well(findings: Iterable[Finding]) -> bool:
    """Nothing has failed; there may be warnings."""
    return all(finding.state is not FindingState.FAILED for finding in findings)

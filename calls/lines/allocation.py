"""Which half of a trial a call belongs to: a hash of its CallSid, so that every process, and every stream of the call,
says the same without asking. Pure."""

from __future__ import annotations

import hashlib
from enum import StrEnum


class Arm(StrEnum):
    A = "a"
    B = "b"


def arm_of(call_sid: str, trial: int, share_b_percent: int) -> Arm:
    """The arm of a call in a trial. The trial's number goes into the hash: each trial splits anew."""
    digest = hashlib.blake2b(f"{trial}/{call_sid}".encode(), digest_size=8).digest()
    return Arm.B if int.from_bytes(digest, "big") * 100 < share_b_percent << 64 else Arm.A

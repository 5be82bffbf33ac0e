"""Receipts of what was exported or forgotten of a phone number: signed by this server, and without the number itself.

A receipt is JSON. ``subject`` is a keyed hash of the number, by which a receipt can be found for a number and not the
number from a receipt; ``signature`` is of everything else.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from voiceapp.runtime.private_files import private_folder, private_open

SALT = "calls.desk.privacy.receipts"


def made(kind: str, number: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """A signed receipt. ``kind``: ``export`` | ``forget``."""
    receipt = {
        "receipt": secrets.token_hex(8),
        "kind": kind,
        "made_at": timezone.now().isoformat(),
        "subject": _hash("subject", number),
        **told,
    }
    return {**receipt, "signature": _signature(receipt)}


def is_ours(receipt: Mapping[str, Any], number: str = "") -> bool:
    """This server has made it as it stands; with a number: about that one."""
    unsigned = {name: value for name, value in receipt.items() if name != "signature"}
    signed = constant_time_compare(str(receipt.get("signature", "")), _signature(unsigned))
    return signed and (not number or receipt.get("subject") == _hash("subject", number))


def write(receipt: Mapping[str, Any], folder: Path) -> Path:
    """Keep it in this folder. Raises OSError."""
    private_folder(folder)
    path = folder / f"{receipt['kind']}-{receipt['receipt']}.json"
    with private_open(path, "x", encoding="utf-8") as file:
        json.dump(receipt, file, ensure_ascii=False, indent=1)
    return path


def _signature(unsigned: Mapping[str, Any]) -> str:
    return _hash("receipt", json.dumps(unsigned, ensure_ascii=False, sort_keys=True))


def _hash(purpose: str, value: str) -> str:
    return salted_hmac(f"{SALT}.{purpose}", value, algorithm="sha256").hexdigest()

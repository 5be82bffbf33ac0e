"""What examples have where a secret belongs: changeme, <token>, your_auth_token."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    r"<.*>|\.{3}|…|x{3,}|(change|replace)[-_ ]?(me|this)|to ?do|placeholder|example|your[-_ ].*", re.IGNORECASE
)


def is_placeholder(text: str) -> bool:
    """Nobody chose it as a secret."""
    return _PLACEHOLDER.fullmatch(text) is not None

"""Numbers of a call's turns and events as people read them. Rows, keys and exports keep their own
(calls/core/numbering.py)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from calls.core.agent_turns import FIRST_AGENT_NUMBER
from calls.core.numbering import NUMBERS_A_STREAM, RECOVERED_NUMBER


def shown_number(number: int) -> str:
    """``3``, or ``answer 3`` of the line's, or ``recovered 3`` of what was heard after a crash; each from 1. Of a
    call's second stream ``2.3``."""
    block, local = divmod(number, NUMBERS_A_STREAM)
    stream = f"{block + 1}." if block else ""
    if local > RECOVERED_NUMBER:
        return _("recovered %(number)s") % {"number": f"{stream}{local - RECOVERED_NUMBER}"}
    if local >= FIRST_AGENT_NUMBER:
        return _("answer %(number)s") % {"number": f"{stream}{local - FIRST_AGENT_NUMBER + 1}"}
    return f"{stream}{local}"

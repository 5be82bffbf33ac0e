"""Why a call waits for a reviewer, in words (calls/storage/doubt.py has the reasons and their points)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def _silent(_times: int) -> str:
    return _("no word was recognised in the whole call")


def _no_words(times: int) -> str:
    return ngettext("%(n)s turn without words", "%(n)s turns without words", times) % {"n": times}


def _fallback(times: int) -> str:
    return ngettext("%(n)s turn by the one-shot recogniser", "%(n)s turns by the one-shot recogniser", times) % {
        "n": times
    }


def _deaf(times: int) -> str:
    return ngettext("%(n)s second of speech unheard", "%(n)s seconds of speech unheard", times) % {"n": times}


def _regret(times: int) -> str:
    return ngettext("%(n)s text revised later", "%(n)s texts revised later", times) % {"n": times}


def _interrupted(times: int) -> str:
    return ngettext("%(n)s answer cut off by the caller", "%(n)s answers cut off by the caller", times) % {"n": times}


SAID: dict[str, Callable[[int], str]] = {
    "silent": _silent,
    "no_words": _no_words,
    "fallback": _fallback,
    "deaf_s": _deaf,
    "regret": _regret,
    "interrupted": _interrupted,
}


def shown_reasons(reasons: Mapping[str, int]) -> list[str]:
    """The heaviest first, in the page's language. What a newer version has counted is left out."""
    return [said(reasons[name]) for name, said in SAID.items() if reasons.get(name)]

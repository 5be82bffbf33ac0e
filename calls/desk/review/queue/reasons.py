"""Why a call waits for a reviewer, in words (calls/storage/doubt.py has the reasons and their points)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from calls.desk.codes import shown_code


def _silent(_times: int) -> str:
    return _("no word was recognised in the whole call")


def _gave_up(_times: int) -> str:
    return _("answers failed until the line gave the call up")


def _answer_failed(times: int) -> str:
    return ngettext("%(n)s answer failed", "%(n)s answers failed", times) % {"n": times}


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


def _asked_again(times: int) -> str:
    return ngettext("the line said the same again", "the line said the same again, %(n)s times", times) % {"n": times}


SAID: dict[str, Callable[[int], str]] = {
    "silent": _silent,
    "gave_up": _gave_up,
    "answer_failed": _answer_failed,
    "no_words": _no_words,
    "fallback": _fallback,
    "deaf_s": _deaf,
    "regret": _regret,
    "interrupted": _interrupted,
    "asked_again": _asked_again,
}


def shown_reasons(reasons: Mapping[str, int]) -> list[str]:
    """The heaviest first, in the page's language; of a failed answer also what its code means. What a newer version has
    counted is left out."""
    shown = []
    for reason, said in SAID.items():
        for name, times in reasons.items():
            counted, _colon, code = name.partition(":")
            if counted == reason and times:
                shown.append(f"{said(times)}: {shown_code(code)}" if code else said(times))
    return shown

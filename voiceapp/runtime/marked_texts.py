"""Marks texts for translation where they stand in tables and are looked up later; imports no Django, for pure rooms."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """The text. ``makemessages`` collects what this is called with, and what ``_`` is, as which it may be imported."""
    return text


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """Both texts; collected as ``ngettext``, as which it may be imported."""
    return one, many

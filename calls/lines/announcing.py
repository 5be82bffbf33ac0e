"""Signals of each model that the lines' cache (calls/lines/settings_cache.py) reads.

Whoever saves a row must not have to remember that calls wait for it, and stt must not know calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models.signals import post_delete, post_save

from calls.lines.dialogues import Dialogue
from calls.lines.models import LinePerson, PhoneLine, Trial
from calls.lines.prices import Price
from stt.models import TuningProfile


def announce_changes(announce: Callable[..., Any]) -> None:
    """From now on ``announce`` is called whenever one of them is saved or deleted."""
    for model in (TuningProfile, PhoneLine, Trial, Dialogue, LinePerson, Price):
        for signal in (post_save, post_delete):
            signal.connect(announce, sender=model, weak=False, dispatch_uid=f"announce {model.__name__}")

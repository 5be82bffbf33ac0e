"""Twisted's reactor on uvloop. daphne takes the reactor that it finds when Django loads its app: this comes first."""

from __future__ import annotations

import uvloop
from twisted.internet import asyncioreactor


def install() -> None:
    """Once a process, before Django is set up."""
    asyncioreactor.install(uvloop.new_event_loop())

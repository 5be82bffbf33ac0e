"""``manage.py serve``: daphne that drains, on HOST and PORT or on a unix socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.process import startup
from voiceapp.runtime.arguments import whole


class Command(BaseCommand):
    help = "Serve calls and pages in the foreground; SIGTERM drains."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=whole(0, 65_535), default=settings.PORT)
        parser.add_argument(
            "--unix", type=Path, metavar="PATH", help="Listen on this socket instead, which nginx reaches here."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            startup.require_servable()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        # Not above: importing the application logs the start-up lines, and starts what serves.
        from calls.process.services import services
        from voiceapp.asgi import application
        from voiceapp.server.listening import Port, PortUnavailable, UnixSocket
        from voiceapp.server.serve import serve

        path = options["unix"]
        try:
            serve(application, UnixSocket(path) if path else Port(options["host"], options["port"]), services())
        except PortUnavailable as error:
            raise CommandError(str(error)) from error

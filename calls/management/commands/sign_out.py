"""``manage.py sign_out NAME`` or ``--everybody``: end sessions, everywhere."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import CommandError, CommandParser

from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note_command
from calls.desk.sign_in import sessions
from calls.management.person_command import PersonCommand


class Command(PersonCommand):
    help = "End a person's sessions, or everybody's. Live pages follow within a minute."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="")
        parser.add_argument("--everybody", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["name"]) == options["everybody"]:
            raise CommandError("Name a person, or say --everybody.")
        if options["everybody"]:
            detail = Detail.EVERYBODY_SIGNED_OUT.of(sessions=Session.objects.all().delete()[0])
        else:
            person = self.person(options["name"])
            detail = Detail.PERSON_SIGNED_OUT.of(who=person.get_username(), sessions=sessions.end_all(person))
        note_command(Kind.ACCOUNT, "sign_out", calls=0, detail=detail)
        self.stdout.write(detail)

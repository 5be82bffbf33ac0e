"""``manage.py lost_phone NAME``: whose phone is lost sets up the second factor anew, at the next sign-in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note_command
from calls.desk.sign_in import devices, sessions
from calls.management.person_command import PersonCommand


class Command(PersonCommand):
    help = "Take a person's second factor away and end all their sessions. Ask them, by voice, whether it is they."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        person = self.person(options["name"])
        taken, ended = devices.forget(person), sessions.end_all(person)
        detail = Detail.LOST_PHONE.of(who=person.get_username(), taken=taken, sessions=ended)
        note_command(Kind.ACCOUNT, "lost_phone", calls=0, detail=detail)
        self.stdout.write(detail)
        self.stdout.write("At the next sign-in the second factor is set up anew: see that it is done today.")

"""``manage.py first_person NAME``: the first superuser of a new server, with a password that is printed once."""

from __future__ import annotations

import secrets
import sys
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note_command
from calls.management.rows_command import RowsCommand

PASSWORD_BYTES = 15
"""Twenty letters. Nobody guesses it, so that it need not be changed at once."""


class Command(RowsCommand):
    help = "Make the first person who may sign in: a superuser. Prints a password, or reads one from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--email", default="", help="For a new password by mail, where EMAIL_HOST is set.")
        parser.add_argument("--password-stdin", action="store_true", help="Read the password from standard input.")

    def handle(self, *args: Any, **options: Any) -> None:
        people = get_user_model()._default_manager
        if first := people.filter(is_superuser=True, is_active=True).order_by("pk").first():
            raise CommandError(
                f"not_the_first: {first.get_username()} is a superuser already, who makes others at /admin/auth/user/. "
                "From here manage.py createsuperuser makes another one, changepassword sets a password anew."
            )
        person = get_user_model()(username=options["name"], email=options["email"], is_staff=True, is_superuser=True)
        is_made = not options["password_stdin"]
        password = secrets.token_urlsafe(PASSWORD_BYTES) if is_made else sys.stdin.readline().rstrip("\r\n")
        person.set_password(password)
        try:
            person.full_clean()
            validate_password(password, person)
        except ValidationError as error:
            raise CommandError(f"not_made: {' '.join(error.messages)}") from error
        person.save()
        note_command(Kind.ACCOUNT, "first_person", calls=0, detail=Detail.FIRST_PERSON.of(who=person.get_username()))
        self.stdout.write(f"{person.get_username()} may sign in at /admin/")
        if is_made:
            self.stdout.write(f"password, which is not shown again: {password}")

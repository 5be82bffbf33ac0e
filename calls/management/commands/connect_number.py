"""``manage.py connect_number +972…``: point a number of your Twilio account at this server, through Twilio's client."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.rest import Client

from calls.core.addresses import AddressError, e164


class Command(BaseCommand):
    help = "Set a Twilio number's voice, fallback and status addresses to this server's."
    http_client: HttpClient | None = None
    """Another way to Twilio; None: the client's own."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="E.164, for example +97231234567.")
        parser.add_argument("--fallback-url", help="Asked when the voice address fails; default /twilio/after.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be set.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.PUBLIC_URL.startswith("https://"):
            raise CommandError(f"bad_public_url: PUBLIC_URL is {settings.PUBLIC_URL!r}: set it to your https address.")
        try:
            number = e164(options["number"])
        except AddressError as error:
            raise CommandError(f"bad_number: {options['number']!r}: write it as +97231234567.") from error
        addresses = {
            "voice_url": settings.PUBLIC_URL + "/twilio/voice",
            "voice_method": "POST",
            "voice_fallback_url": options["fallback_url"] or settings.PUBLIC_URL + "/twilio/after",
            "voice_fallback_method": "POST",
            "status_callback": settings.PUBLIC_URL + "/twilio/status",
            "status_callback_method": "POST",
        }
        if not options["dry_run"]:
            self._set(number, addresses)
        self.stdout.write(f"number: {number}")
        for name in ("voice_url", "voice_fallback_url", "status_callback"):
            self.stdout.write(f"{name}: {addresses[name]}")

    def _set(self, number: str, addresses: dict[str, str]) -> None:
        if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKEN:
            raise CommandError("no_account: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to those of your account.")
        client = Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=self.http_client)
        try:
            found = client.incoming_phone_numbers.list(phone_number=number, limit=1)
            if not found:
                raise CommandError(f"unknown_number: your account has no number {number}.")
            found[0].update(**addresses)
        except TwilioException as error:
            raise CommandError(f"twilio_refused: {error}") from error
        except OSError as error:
            raise CommandError(f"twilio_unreachable: {error}") from error

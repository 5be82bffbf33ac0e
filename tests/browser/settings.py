"""The server's settings, with Twilio's REST interface on loopback and logins that cost nothing."""

from voiceapp.settings import *  # noqa: F403

TWILIO_HTTP_CLIENT = "tests.twilio_rest.LoopbackClient"
PASSWORD_HASHERS = ["tests.passwords.QuickHasher"]

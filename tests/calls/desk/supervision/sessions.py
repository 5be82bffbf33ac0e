"""Sessions of people who have signed in, for sockets."""

from channels.db import database_sync_to_async
from django.test import Client


@database_sync_to_async
def session_of(user):
    client = Client()
    if user.is_authenticated:
        client.force_login(user)
    return client.session

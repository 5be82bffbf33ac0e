"""Whom a lab's own watcher signs in as: somebody who reads running calls, and is asked for no second factor."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import Permission

WATCHES = ("view_call", "see_numbers", "read_secret_values")
"""No more than the live page needs: who may listen, export or tune shows a code besides (SECOND_FACTOR)."""


def watching_person(name: str) -> Any:
    """The person of this name, made if there is none; nobody signs in by it. Raises DatabaseError."""
    person, is_new = get_user_model().objects.get_or_create(username=name, defaults={"is_staff": True})
    if is_new:
        person.set_unusable_password()
        person.save()
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="calls", codename__in=WATCHES))
    return person


def session_of(person: Any) -> str:
    """The key of a new session of theirs. Raises DatabaseError."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return str(session.session_key)

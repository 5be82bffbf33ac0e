"""A lab's watcher reads, and does nothing for which a second factor is asked."""

import pytest
from django.contrib.auth.models import User

from calls.desk.permissions import NEEDS_SECOND_FACTOR, READ
from calls.lab.watching_person import session_of, watching_person

pytestmark = pytest.mark.django_db


def test_a_watcher_is_let_in_where_a_second_factor_is_required(client, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    watcher = User.objects.get(pk=watching_person("w").pk)
    assert watcher.has_perm(READ) and not any(watcher.has_perm(one) for one in NEEDS_SECOND_FACTOR)
    assert not watcher.has_usable_password() and watching_person("w") == watcher
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(watcher)
    assert client.get("/console/").status_code == 200

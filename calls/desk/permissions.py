"""Who may do what: four groups with their permissions, made once; whoever administers them may change them.

| group | read | listen | correct | export | tune | end calls | any number | dialled numbers | secrets | accesses |
|---|---|---|---|---|---|---|---|---|---|---|
| reviewer | yes | yes | yes | yes | | | | | | |
| supervisor | yes | yes | | | | yes | | | | |
| tuner | yes | | | | yes | | | | | |
| admin | yes | yes | yes | yes | yes | yes | yes | yes | yes | yes |

Who may end calls hands them over to the people that the line lists; to any number only who has that permission besides.
They may also have the line say something, be quiet, and answer again.
Secret values are what callers said at a line's questions that are marked so; exports mask them whoever takes them.
Whom a line lists, and where its calls are dialled to, changes who has the last one: such a number costs money abroad.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.db.models import Q

READ = "calls.view_call"
LISTEN = "calls.listen_call"
CORRECT = "calls.correct_call"
EXPORT = "calls.export_call"
TUNE = "stt.change_tuningprofile"
END_CALLS = "calls.end_call"
HAND_OVER_ANYWHERE = "calls.hand_over_anywhere"
CHANGE_DIALLED = "calls.change_dialled_numbers"
READ_SECRETS = "calls.read_secret_values"
READ_ACCESS_LOG = "calls.view_accessentry"

_READS = Q(content_type__app_label="calls", codename__startswith="view_") & ~Q(codename="view_accessentry")
_TUNES = Q(content_type__app_label="stt") & ~Q(codename__startswith="delete_") | Q(
    content_type__app_label="calls", codename__in=("change_phoneline", "add_dialogue", "change_dialogue")
)
_CALLS = Q(content_type__app_label="calls")


def _may(*codenames: str) -> Q:
    return _CALLS & Q(codename__in=codenames)


GROUPS = {
    "reviewer": _READS | _may("listen_call", "correct_call", "export_call"),
    "supervisor": _READS | _may("listen_call", "end_call"),
    "tuner": _READS | _TUNES,
    "admin": _CALLS | Q(content_type__app_label__in=["stt", "auth"]),
}


def make_groups(sender: Any = None, using: str = "default", **_: Any) -> None:
    """After migrations: a group that is missing is made. One that exists is left as its people have it."""
    if Group._meta.db_table not in connections[using].introspection.table_names():
        return  # this application alone was migrated: groups are made when the rest is
    for name, allowed in GROUPS.items():
        group, made = Group.objects.using(using).get_or_create(name=name)
        if made:
            group.permissions.set(Permission.objects.using(using).filter(allowed))

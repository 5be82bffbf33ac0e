"""Who may do what: four groups with their permissions; whoever administers them may change them.

| group | read | listen | correct | export | tune | end | any | dialled | secrets | access | reviews | holds | numbers |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
| reviewer | yes | yes | yes | yes | | | | | | | | | |
| supervisor | yes | yes | | | | yes | | | | | | | yes |
| tuner | yes | | | | yes | | | | | | | | |
| admin | yes | yes | yes | yes | yes | yes | yes | yes | yes | yes | yes | yes | yes |

Who may listen hears recordings, and running calls.
Who may end calls hands them over to the people that the line lists; to any number only who has that permission besides.
They may also have the line say something, be quiet, and answer again.
Who corrects also works through the queue of calls: has them open, marks, tags, notes and gives a verdict. To oversee
reviews is to draw samples, to see who reviewed how many, and to free a call that somebody else has open.
Secret values are what callers said at a line's questions that are marked so; exports mask them whoever takes them.
Who may not see callers' numbers is shown ``+9725•••••12``, and finds calls by a whole number alone.
The group admin alone places calls under legal hold, and lifts it.
Whom a line lists, and where its calls are dialled to, changes who has the last one: such a number costs money abroad.

An upgrade gives each group the permissions of its row that are new, once: what somebody has taken from a group stays
taken. Of a group from before this was kept it is not known what it was given: one that nobody has changed on its page
gets all that it lacks, another one nothing, and ``migrate`` says what it lacks.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.db.models import Q

from calls.desk.given_permissions import GivenPermission

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
OVERSEE_REVIEWS = "calls.oversee_reviews"
HOLD = "calls.hold_call"
SEE_NUMBERS = "calls.see_numbers"
NEEDS_SECOND_FACTOR = (
    LISTEN,
    EXPORT,
    TUNE,
    "stt.add_tuningprofile",
    "stt.delete_tuningprofile",
    "calls.change_phoneline",
    "calls.add_dialogue",
    "calls.change_dialogue",
)
"""Whoever may do one of these: listens, exports or tunes."""

_READS = Q(content_type__app_label="calls", codename__startswith="view_") & ~Q(
    codename__in=("view_accessentry", "view_webhook", "view_webhookdelivery", "view_apitoken")
)
_TUNES = Q(content_type__app_label="stt") & ~Q(codename__startswith="delete_") | Q(
    content_type__app_label="calls", codename__in=("change_phoneline", "add_dialogue", "change_dialogue")
)
_CALLS = Q(content_type__app_label="calls")


def _may(*codenames: str) -> Q:
    return _CALLS & Q(codename__in=codenames)


GROUPS = {
    "reviewer": _READS | _may("listen_call", "correct_call", "export_call"),
    "supervisor": _READS | _may("listen_call", "end_call", "see_numbers"),
    "tuner": _READS | _TUNES,
    "admin": _CALLS | Q(content_type__app_label__in=["stt", "auth"]),
}


def make_groups(sender: Any = None, using: str = "default", **_: Any) -> None:
    """After migrations: a group that is missing is made, and each is given what is new."""
    tables = connections[using].introspection.table_names()
    if not {model._meta.db_table for model in (Group, LogEntry, GivenPermission)}.issubset(tables):
        return  # this application alone was migrated, or not to its end: groups are made when the rest is
    for name, allowed in GROUPS.items():
        group, _made = Group.objects.using(using).get_or_create(name=name)
        wanted = set(Permission.objects.using(using).filter(allowed))
        given = GivenPermission.objects.using(using).filter(group=group)
        before = set(Permission.objects.using(using).filter(pk__in=given.values("permission")))
        if not before and _was_changed(group, using):
            lacking = wanted - set(group.permissions.all())
            if lacking:
                print(f"\nthe group {name} was changed by hand and lacks: {', '.join(sorted(map(_code, lacking)))}")
        else:
            group.permissions.add(*wanted - before)
        GivenPermission.objects.using(using).bulk_create(
            GivenPermission(group=group, permission=one) for one in wanted - before
        )


def _was_changed(group: Group, using: str) -> bool:
    """Somebody has saved its page."""
    entries = LogEntry.objects.using(using).filter(object_id=str(group.pk), action_flag=CHANGE)
    return entries.filter(content_type__app_label="auth", content_type__model="group").exists()


def _code(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"

"""Permissions and groups as the pages of users name them, and which permissions are worth giving."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.desk.rows import ReadOnly

ACTIONS = {"view": _("read"), "add": _("add"), "change": _("change"), "delete": _("delete")}
"""Django's of every model, by how their code names begin."""
GROUPS = {
    "reviewer": _("reviewers"),
    "supervisor": _("supervisors"),
    "tuner": _("tuners"),
    "admin": _("administrators"),
}
"""Those that a migration makes (calls/desk/permissions.py); others are called as their people named them."""


def shown_group(group: Group) -> str:
    return str(GROUPS.get(group.name, group.name))


def shown_permission(permission: Permission) -> str:
    """What it is about, and what it allows (``call: read``); one of our own says both itself."""
    action = permission.codename.partition("_")[0]
    if action not in ACTIONS or permission.codename != f"{action}_{permission.content_type.model}":
        return gettext(permission.name)
    model = permission.content_type.model_class()
    about = model._meta.verbose_name if model is not None else permission.content_type.model
    return f"{about}: {ACTIONS[action]}"


def offered() -> Q:
    """The permissions that some page asks for: rows that nobody may change by hand are only read."""
    return reduce(or_, _offered())


def _offered() -> Iterator[Q]:
    for model, options in admin.site._registry.items():
        yield _of(model, options)
        for inline in options.inlines:
            yield _of(inline.model, inline)
    for model in apps.get_models():
        codenames = [codename for codename, _name in model._meta.permissions]
        if codenames:
            yield Q(content_type__app_label=model._meta.app_label, codename__in=codenames)


def _of(model: Any, options: Any) -> Q:
    read_only = issubclass(options if isinstance(options, type) else type(options), ReadOnly)
    actions = ("view",) if read_only else tuple(ACTIONS)
    name = model._meta.model_name
    codenames = [f"{action}_{name}" for action in actions]
    return Q(content_type__app_label=model._meta.app_label, content_type__model=name, codename__in=codenames)

"""Users and groups in the admin: nobody gives, takes or uses a permission that is not their own.

Whoever may change users could otherwise make themselves superusers: by the field, by a permission, by a group, by
adding to a group that they are in, or by setting the password of somebody who may more. So whoever is no superuser
changes and deletes only users and groups that may no more than they do, and is offered no other permission or group.
The lines whose calls one sees are bounded likewise (calls/desk/line_limits/): whoever is limited neither lifts a limit
nor gives a line that they do not see.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import (
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
    UserChangeForm,
    UserCreationForm,
)
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.desk.given_permissions import GivenPermission
from calls.desk.line_limits.fields import FIELDS as LIMIT
from calls.desk.line_limits.fields import LimitFields, keep_limit, shown_limit
from calls.desk.line_limits.seen import limit_of, limited_by, seen_by
from calls.desk.rows import yes_or_no
from calls.desk.shown_permissions import GROUPS, offered, shown_group, shown_permission


def permissions_of(user: Any) -> QuerySet[Permission]:
    """What the user's rows give, directly and through groups, whether or not the user is active."""
    if user.is_superuser:
        return Permission.objects.all()
    return Permission.objects.filter(Q(user=user) | Q(group__user=user))


def own(request: HttpRequest) -> QuerySet[Permission]:
    """What the person at the page may, and so may give."""
    return permissions_of(request.user)


def may_no_more(request: HttpRequest, of: User | Group | None) -> bool:
    """The user or group has nothing that the person at the page has not."""
    if of is None or request.user.is_superuser:
        return True
    if not seen_by(request.user).has_all(seen_by(of) if isinstance(of, User) else limit_of(of)):
        return False
    if isinstance(of, User):
        return not of.is_superuser and not permissions_of(of).exclude(pk__in=own(request)).exists()
    return not of.permissions.exclude(pk__in=own(request)).exists()


DEVICES = {
    "TOTP device": _("authenticator app"),
    "TOTP devices": _("authenticator apps"),
    "Static device": _("set of recovery codes"),
    "static devices": _("sets of recovery codes"),
    "Static token": _("recovery code"),
    "static tokens": _("recovery codes"),
}
"""What goes with a person: django-otp calls it in English alone."""


class Bounded:
    """A ModelAdmin of users or groups."""

    class Media:
        css: ClassVar = {"all": ["calls/admin.css"]}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_no_more(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_no_more(request, obj)  # type: ignore[misc]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        form.seen = seen_by(request.user)
        return form

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Of a page; it names no line that its reader does not see."""
        row = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if row is not None:
            row.reader = seen_by(request.user)
        return row

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the lines whose calls are seen; whom the limited make sees what they see."""
        shown = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if obj is None and self.model is User and seen_by(request.user).is_limited:  # type: ignore[attr-defined]
            return shown
        limit = LIMIT if obj is None or self.has_change_permission(request, obj) else ("sees",)
        apart = {*LIMIT, "sees"}
        rest = [(title, {**one, "fields": [f for f in one["fields"] if f not in apart]}) for title, one in shown]
        # Of a user behind who it is, before a screen of permissions.
        return [*rest[:2], (_("whose calls are seen"), {"fields": limit}), *rest[2:]]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Without a line for each permission: it goes with its group, and has no name that a person would know."""
        rows, counts, lacking, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        own = (Group.permissions.through._meta, GivenPermission._meta)
        unsaid = tuple(f"{capfirst(one.verbose_name)}: " for one in own)
        plural = {str(one.verbose_name_plural) for one in own}
        counts = {_shown_kind(kind): count for kind, count in counts.items() if str(kind) not in plural}
        return _said(rows, unsaid), counts, lacking, protected

    @admin.display(description=_("sees the calls of"))
    def sees(self, of: Any) -> str:
        return shown_limit(of, of.reader)

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]
        if field is None:
            return field
        # Django's chooser of two lists has texts without a Hebrew translation.
        field.widget = CheckboxSelectMultiple()
        if db_field.name == "groups":
            field.label_from_instance, field.help_text = (
                shown_group,
                _("They may do what any of these groups may."),
            )
        else:
            field.label_from_instance, field.help_text = shown_permission, ""
            field.queryset = field.queryset.filter(offered())
        if not request.user.is_superuser:
            beyond = Permission.objects.exclude(pk__in=own(request))
            if db_field.name == "groups":
                field.queryset = field.queryset.exclude(permissions__in=beyond)
            else:
                field.queryset = field.queryset.filter(pk__in=own(request))
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Permissions that the page does not offer stay as they were. Whoever is no longer limited is named."""
        limited = list(_limited_with(form.instance)) if change else []
        held = form.instance.permissions if isinstance(form.instance, Group) else form.instance.user_permissions
        not_offered = list(held.exclude(offered())) if change else []
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        held.add(*not_offered)
        mine = seen_by(request.user)
        keep_limit(form.instance, form, mine)
        if isinstance(form.instance, User) and not mine.has_all(seen_by(User.objects.get(pk=form.instance.pk))):
            raise PermissionDenied  # they have left the group that limited them
        freed = [person for person in limited if not seen_by(User.objects.get(pk=person.pk)).is_limited]
        if freed:
            said = _("These people now see the calls of all lines, for nothing limits them any more: %(who)s.")
            messages.warning(request, said % {"who": ", ".join(map(str, freed))})


def _limited_with(row: User | Group) -> Iterable[User]:
    """The person, or whom the group alone limits: as it was before a page is saved."""
    if isinstance(row, Group):
        return limited_by([row])
    return [row] if seen_by(User.objects.get(pk=row.pk)).is_limited else []


def _said(rows: Any, unsaid: tuple[str, ...]) -> Any:
    """Django's nested list of what a deletion takes along."""
    if isinstance(rows, list):
        return [_said(row, unsaid) for row in rows if isinstance(row, list) or not str(row).startswith(unsaid)]
    kind, colon, rest = str(rows).partition(": ")
    return f"{_shown_kind(kind)}: {rest}" if kind in DEVICES and colon else rows


def _shown_kind(kind: Any) -> str:
    return str(DEVICES.get(str(kind), kind))


class QuietPassword(ReadOnlyPasswordHashWidget):
    """The button that sets another one; of how it is kept nobody reads."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), "summary": []}


class UserForm(LimitFields, UserChangeForm):
    password = ReadOnlyPasswordHashField(label=_("password"), widget=QuietPassword)


class NewUserForm(LimitFields, UserCreationForm):
    """All that an invited colleague needs, on one page: a name alone could not even sign in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("is_staff", True)
        if self.seen.is_limited:  # what their maker sees, until somebody says otherwise
            for name in LIMIT:
                del self.fields[name]


def lacking(user: User) -> str:
    """Why this person could do nothing here, and what on the page mends it; empty where they can."""
    if not user.is_active or user.is_superuser:
        return ""
    said = {"who": user.get_username()}
    if not user.is_staff:
        return gettext("%(who)s cannot sign in yet: “may sign in” is not ticked.") % said
    if not permissions_of(user).exists():
        return gettext("%(who)s can sign in and do nothing yet: choose a group.") % said
    if seen_by(user).numbers == frozenset():
        return gettext("%(who)s sees no calls yet: no line is ticked.") % said
    return ""


admin.site.unregister(User)
admin.site.unregister(Group)
# Titles, trails and deletions say a row by itself: the groups' own names are the program's.
Group.add_to_class("__str__", shown_group)


@admin.register(User)
class BoundedUserAdmin(Bounded, UserAdmin):
    form, add_form = UserForm, NewUserForm
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "password1", "password2")}),
        (_("what they may do"), {"fields": ("is_staff", "groups")}),
    )
    list_display = ("username", "email", "of_groups", "signs_in")
    readonly_fields = ("last_login", "date_joined", "sees")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("groups"))
    def of_groups(self, user: User) -> str:
        return gettext("everything") if user.is_superuser else ", ".join(map(shown_group, user.groups.all())) or "—"

    @admin.display(description=_("may sign in"), ordering="is_staff")
    def signs_in(self, user: User) -> str:
        return yes_or_no(user.is_active and user.is_staff)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name == "is_staff":
            field.label = _("may sign in")
            field.help_text = _("Not ticked: these pages refuse their name and password.")
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if warning := lacking(User.objects.get(pk=form.instance.pk)):
            messages.warning(request, warning)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return shown
        # Its widget has the button that sets another one.
        without = [[name for name in options["fields"] if name != "password"] for _, options in shown]
        return [(title, {**options, "fields": fields}) for (title, options), fields in zip(shown, without, strict=True)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser")


@admin.register(Group)
class BoundedGroupAdmin(Bounded, GroupAdmin):
    form = LimitFields
    delete_confirmation_template = "admin/auth/group/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/auth/group/delete_selected_confirmation.html"
    list_display = ("called",)
    readonly_fields = ("sees",)

    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> Any:
        """Without the name of those that a migration makes: renamed, it would be made again."""
        shown = super().get_fieldsets(request, obj)
        if obj is None or obj.name not in GROUPS:
            return shown
        return [(title, {**one, "fields": [f for f in one["fields"] if f != "name"]}) for title, one in shown]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A group's limit goes with it, and its people would see more."""
        return not seen_by(request.user).is_limited and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """None that limits somebody who would then see all lines: they are named, as what keeps it."""
        rows, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return rows, counts, lacking, [*protected, *map(str, limited_by(objs))]

    @admin.display(description=_("group"), ordering="name")
    def called(self, group: Group) -> str:
        return shown_group(group)

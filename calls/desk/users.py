"""Users and groups in the admin: nobody gives, takes or uses a permission that is not their own.

Whoever may change users could otherwise make themselves superusers: by the field, by a permission, by a group, by
adding to a group that they are in, or by setting the password of somebody who may more. So whoever is no superuser
changes and deletes only users and groups that may no more than they do, and is offered no other permission or group.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest


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
    if isinstance(of, User):
        return not of.is_superuser and not permissions_of(of).exclude(pk__in=own(request)).exists()
    return not of.permissions.exclude(pk__in=own(request)).exists()


class Bounded:
    """A ModelAdmin of users or groups."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_no_more(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_no_more(request, obj)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]
        if field is not None and not request.user.is_superuser:
            beyond = Permission.objects.exclude(pk__in=own(request))
            if db_field.name == "groups":
                field.queryset = field.queryset.exclude(permissions__in=beyond)
            else:
                field.queryset = field.queryset.filter(pk__in=own(request))
        return field


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class BoundedUserAdmin(Bounded, UserAdmin):
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
    pass

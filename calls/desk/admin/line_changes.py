"""Who changed what of a phone line: the numbers that are dialled, and what is kept of its calls."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from calls.desk.rows import NamedFilters, ReadOnly, direction, ltr, yes_or_no
from calls.lines.dialled_numbers import NumberChange
from calls.lines.privacy import PrivacyChange

SWITCHED = {"True": True, "False": False}


@admin.register(NumberChange)
class NumberChangeAdmin(NamedFilters, ReadOnly, admin.ModelAdmin):
    list_display = ("changed_at", "called", "kind", "old", "new", "username")
    list_filter = ("kind", "changed_at")
    search_fields = ("line", "before", "after", "username")
    exclude = ("user",)

    @admin.display(description=_("line"), ordering="line")
    def called(self, change: NumberChange) -> str:
        return ltr(change.line)

    @admin.display(description=_("before"))
    def old(self, change: NumberChange) -> str:
        return ltr(change.before or "—")

    @admin.display(description=_("after"))
    def new(self, change: NumberChange) -> str:
        return ltr(change.after or "—")


@admin.register(PrivacyChange)
class PrivacyChangeAdmin(NamedFilters, ReadOnly, admin.ModelAdmin):
    list_display = ("changed_at", "called", "setting", "old", "new", "username")
    list_filter = ("setting", "changed_at")
    search_fields = ("line", "username")
    exclude = ("user", "before", "after")  # as they are stored: ``old`` and ``new`` say them
    readonly_fields = ("old", "new")

    @admin.display(description=_("line"), ordering="line")
    def called(self, change: PrivacyChange) -> str:
        return ltr(change.line)

    @admin.display(description=_("before"))
    def old(self, change: PrivacyChange) -> str:
        return _shown_setting(change.setting, change.before)

    @admin.display(description=_("after"))
    def new(self, change: PrivacyChange) -> str:
        return _shown_setting(change.setting, change.after)


def _shown_setting(name: str, stored: str) -> str:
    """As ``privacy_of`` stores it; of a setting that is no more, and was a switch, too."""
    if stored in SWITCHED:
        return yes_or_no(SWITCHED[stored])
    return format_html('<bdi dir="{}">{}</bdi>', direction(stored), stored) if stored else "—"

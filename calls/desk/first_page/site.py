"""The admin's site: Django's, with a first page of its own for who may read calls, and rows of seen lines alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.templatetags import admin_list
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.desk.first_page.page import first_page
from calls.desk.line_limits.admin import OfSeenLines
from calls.desk.offered_lookups import OfOfferedLookups
from calls.desk.permissions import READ
from calls.desk.rows import TakesWritten, yes_or_no

# Every list and page takes it from there as it draws one.
admin_list._boolean_icon = yes_or_no  # type: ignore[attr-defined]


class DeskSite(admin.AdminSite):
    site_header = site_title = _("Hebrew phone lines")
    site_url = None  # "/" leads back to the admin
    index_title = _("Today on the lines")
    empty_value_display = "—"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Every model's admin shows its reader the lines that they see, takes no row of others, is narrowed by its
        own filters alone, and deletes what belongs to a row with it."""
        base = admin_class or admin.ModelAdmin
        super().register(
            model_or_iterable, type(base.__name__, (OfSeenLines, OfOfferedLookups, TakesWritten, base), {}), **options
        )

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        shown = dict(extra_context or {})
        if request.user.has_perm(READ):
            shown |= first_page(timezone.now(), request.user)
        return super().index(request, shown)

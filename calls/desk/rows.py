"""Rows in the admin that are read: who may not change them, a page of them at a time, what stands in a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.paginator import Page, Paginator
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

ROWS_A_PAGE = 50
SHORTENED = pgettext_lazy("String to return when truncating text", "%(truncated_text)s…")
"""Django's own text, with a Hebrew of ours: Django's puts U+202E before the dots, which turns the letters that follow
round, and ``truncatechars`` shortens ids by it too."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


class ReadOnly:
    """Rows that only the writer makes and changes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TakesWritten:
    """Before a ModelAdmin: a deletion takes along the ReadOnly rows that belong to what is deleted, as the database
    does. Nobody may delete those by themselves, so none is asked for that; and they can be thousands: counted, not
    listed."""

    admin_site: Any

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        rows, counts, lacking, protected = cast(Any, super()).get_deleted_objects(objs, request)
        admins = self.admin_site._registry.items()
        written = {str(model._meta.verbose_name) for model, one in admins if isinstance(one, ReadOnly)}
        heads = tuple(f"{capfirst(name)}: " for name in written)
        return without(rows, heads), counts, {one for one in lacking if str(one) not in written}, protected


def without(rows: Any, heads: tuple[str, ...]) -> Any:
    """Django's nested list of what a deletion takes along, without the rows that begin so."""
    if not isinstance(rows, list):
        return rows
    kept = (without(row, heads) for row in rows if isinstance(row, list) or not str(row).startswith(heads))
    return [row for row in kept if row != []]


class NamedFilters:
    """A list that says by which filters it is narrowed: ``narrowed`` of templates/admin/change_list.html; and that a
    filter is unknown."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if ERROR_FLAG in request.GET:  # Django leads here, and shows all rows
            messages.warning(request, _("The address named an unknown filter: all rows are shown."))
        answer = cast(Any, super()).changelist_view(request, extra_context)
        if isinstance(answer, TemplateResponse) and answer.context_data and "cl" in answer.context_data:
            answer.context_data["narrowed"] = list(narrowed_by(answer.context_data["cl"]))
        return cast(HttpResponse, answer)


def narrowed_by(changes: Any) -> Iterator[tuple[str, str]]:
    """Title and choice of each filter of a ChangeList that leaves rows out; the first choice is all of them."""
    for spec in changes.filter_specs:
        for number, choice in enumerate(spec.choices(changes)):
            if number and choice["selected"]:
                yield spec.title, choice["display"] or "—"


class NamedRows(BaseInlineFormSet):
    """Rows to be typed in a table, whose head is no label: each field says its column's name itself."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            if field.label:
                field.widget.attrs.setdefault("aria-label", field.label)


class PageOfRows(BaseInlineFormSet):
    """So many of a call's rows at once: a call of hours has thousands, and each is a form."""

    page_number: str | None = None
    page: Page

    def get_queryset(self) -> Any:
        """A list: a formset only counts and indexes its rows."""
        if not hasattr(self, "_queryset"):
            self.page = Paginator(super().get_queryset(), ROWS_A_PAGE).get_page(self.page_number)
            self._queryset = list(self.page.object_list)
        return self._queryset


class PagedInline(ReadOnly, admin.TabularInline):
    """``?turns=2`` is the second page of the rows whose related name is turns."""

    formset = PageOfRows
    template = "admin/calls/paged_inline.html"
    extra = 0
    when_empty: Any = gettext_lazy("There are none.")
    """What stands in place of a table without rows."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> type[PageOfRows]:
        formset = cast("type[PageOfRows]", super().get_formset(request, obj, **kwargs))
        formset.page_number = request.GET.get(formset.get_default_prefix())
        return formset


def yes_or_no(value: bool | None) -> str:
    """Django's icon of a yes or a no; who cannot see it is told in the page's language, and not "True"."""
    name, said = {True: ("yes", _("yes")), False: ("no", _("no")), None: ("unknown", "—")}[value]
    return format_html('<img src="{}" alt="{}">', static(f"admin/img/icon-{name}.svg"), said)


def ltr(text: str) -> str:
    """Ids and numbers read left to right on a Hebrew page."""
    return format_html('<bdi dir="ltr">{}</bdi>', text)


def stacked(*lines: Any) -> str:
    """Lines of a cell; on a phone's card they stand beside each other (static/calls/lists.css)."""
    return format_html_join("", '<span class="stacked">{}</span>', ((line,) for line in lines))


def coded(code: str, meaning: str) -> str:
    """What a code means, and the code itself beneath."""
    if not code:
        return "—"
    return format_html('{}<br><bdi dir="ltr" class="code quiet">{}</bdi>', meaning if meaning != code else "", code)


def ms(value: int | None) -> str:
    return "—" if value is None else ltr(f"{value} ms")


def span(started_ms: int, ended_ms: int) -> str:
    """When a turn was spoken, in seconds of its call."""
    return f"{started_ms / 1000:.1f}–{ended_ms / 1000:.1f} s"


def percent(share: float) -> str:
    """A share, 0 to 1, as every page writes it: nothing stands between the number and its sign, which would change
    sides in a Hebrew sentence."""
    return f"{100 * share:.1f}%"


def direction(text: str) -> str:
    """The ``dir`` of words that were said: right to left where any of them is Hebrew or Arabic. By itself a browser
    goes by the first letter, and a Hebrew sentence may begin with Wi-Fi. As the console's script has it (live.js)."""
    return "rtl" if _RIGHT_TO_LEFT.search(text) else "auto"

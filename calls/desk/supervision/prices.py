"""The prices that people enter: a new one opens with those in force, and an empty list says which these are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import DateField, Field
from django.forms import ChoiceField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.desk.day_input import DayInput
from calls.desk.rows import NamedRows, ltr
from calls.lines.costs import prices_now
from calls.lines.prices import EnginePrice, Price
from calls.storage.other_engine_sums import other_engines
from stt.engine_variables import shown_engine

HELP = {
    "currency": _("Three letters, for example USD or ILS. All prices of this page are in it."),
    "stt_minute": _("Of audio that Google's first engine (v1) hears. The other engines' prices stand below."),
    "twilio_minute": _("As Twilio charges it: each call's minutes are rounded up."),
    "stream_minute": _("What Twilio charges for Media Streams, beside the call."),
    "million_tokens": _("Of the language model that answers: what it reads and what it writes, counted together."),
    "million_characters": _("Of the voice that says the answers."),
}
"""By field. Here and not in the model: a help text there is a migration."""


class EnginePriceInline(admin.TabularInline):
    """Whoever may see or change prices, these too: they have no permissions of their own."""

    model = EnginePrice
    formset = NamedRows
    extra = 0

    def get_extra(self, request: HttpRequest, obj: Price | None = None, **kwargs: Any) -> int:
        return len(prices_now().engines) if obj is None and request.method == "GET" else 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("calls.view_price")) or self._may_change(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_change(request)

    has_change_permission = has_delete_permission = has_add_permission

    def _may_change(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("calls.change_price")) or bool(request.user.has_perm("calls.add_price"))

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "engine":
            named = [(name, shown_engine(name)) for name in other_engines()]
            return ChoiceField(label=capfirst(db_field.verbose_name), choices=[("", "—"), *named])
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin):
    list_display = ("since", "currency", "stt_minute", "twilio_minute", "stream_minute")
    inlines = (EnginePriceInline,)
    formfield_overrides = {DateField: {"widget": DayInput}}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What is in force, from this month on; from the next where this one has a price already."""
        prices, since = prices_now(), timezone.localdate().replace(day=1)
        if Price.objects.filter(since=since).exists():
            since = (since + timedelta(days=31)).replace(day=1)
        in_force = {
            "since": since,
            "currency": prices.currency,
            "stt_minute": prices.stt,
            "twilio_minute": prices.twilio,
            "stream_minute": prices.stream,
            "million_tokens": prices.tokens,
            "million_characters": prices.characters,
        }
        return {**in_force, **super().get_changeform_initial_data(request)}

    def get_formset_kwargs(self, request: HttpRequest, obj: Price, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if obj.pk is None and request.method == "GET":  # of what is sent, rows that stayed as they were are saved too
            kwargs["initial"] = [{"engine": name, "minute": minute} for name, minute in prices_now().engines.items()]
        return kwargs

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in HELP:
            kwargs["help_text"] = HELP[db_field.name]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"when_empty": self._in_force(), **(extra_context or {})})

    def _in_force(self) -> SafeString:
        """What counts where nobody entered a price."""
        prices = prices_now()
        paid = [
            (Price._meta.get_field("stt_minute").verbose_name, prices.stt),
            *((engine, minute) for engine, minute in prices.other_engines),
            (Price._meta.get_field("twilio_minute").verbose_name, prices.twilio),
            (Price._meta.get_field("stream_minute").verbose_name, prices.stream),
            (Price._meta.get_field("million_tokens").verbose_name, prices.tokens),
            (Price._meta.get_field("million_characters").verbose_name, prices.characters),
        ]
        rows = ((name, ltr(f"{price:f} {prices.currency}")) for name, price in paid)
        said = gettext(
            "Nobody entered prices: the list prices of November 2026 are in force. A new price opens with them."
        )
        return format_html("{}<ul>{}</ul>", said, format_html_join("", "<li><bdi>{}</bdi>: {}</li>", rows))

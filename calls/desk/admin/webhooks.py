"""Webhooks of calls in the admin: where calls are sent, by which secret, and what became of each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note
from calls.desk.codes import WEBHOOKS, shown_code
from calls.desk.permissions import EXPORT, SEE_NUMBERS
from calls.desk.rows import NamedFilters, ReadOnly, coded, ltr
from calls.process.webhooks.sending import send_again
from calls.process.webhooks.signing import new_secret
from calls.process.webhooks.trying import refusal, send_sample
from calls.storage.webhooks import Webhook, WebhookDelivery
from voiceapp.runtime.web_address import read_web_url

TAKES_OUT = (EXPORT, SEE_NUMBERS)
"""What a webhook's export holds."""


class WebhookForm(forms.ModelForm):
    def clean_url(self) -> str:
        url = self.cleaned_data["url"].strip()
        parts = read_web_url(url)
        if parts is None or "@" in parts.netloc or "#" in url:
            raise ValidationError(_("This is no web address, or one with a user's name."), code="invalid")
        if parts.scheme == "http" and not settings.WEBHOOK_NETWORKS:
            raise ValidationError(_("Calls are sent over https alone."), code="plain")
        if why := refusal(url, settings.WEBHOOK_NETWORKS):
            said = _(
                "Nothing would be sent there (%(why)s): private addresses, and plain http, need their network in "
                "WEBHOOK_NETWORKS."
            )
            raise ValidationError(said, code="address_refused", params={"why": why})
        return url


@admin.register(Webhook)
class WebhookAdmin(admin.ModelAdmin):
    form = WebhookForm
    list_display = ("name", "to", "shown_line", "is_active", "last_sent", "waiting", "dead")
    list_select_related = ("line",)
    fields = ("name", "url", "line", "is_active")
    actions = ("renew_secret",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        still_open = Q(deliveries__sent_at=None, deliveries__given_up_at=None)
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_sent_at=Max("deliveries__sent_at"),
                count_waiting=Count("deliveries", filter=still_open),
                count_dead=Count("deliveries", filter=Q(deliveries__given_up_at__isnull=False)),
            )
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever has calls sent elsewhere takes them out, all of them, with their callers' numbers."""
        return super().has_add_permission(request) and bool(request.user.has_perms(TAKES_OUT))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and bool(request.user.has_perms(TAKES_OUT))

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        if not change:
            obj.secret = new_secret()
        super().save_model(request, obj, form, change)

    def response_change(self, request: HttpRequest, obj: Webhook) -> HttpResponse:
        if "_send_test" not in request.POST:
            return super().response_change(request, obj)
        # Before it: who had something sent where is noted, or nothing is sent.
        note(Kind.EXPORT, request.user, calls=0, detail=Detail.WEBHOOK_TEST.of(name=obj.name))
        answered = send_sample(obj.url, obj.secret, settings.WEBHOOK_NETWORKS)
        came = f"{shown_code(answered.code, WEBHOOKS)} {answered.status or ''}".strip()
        if answered.code:
            said = gettext("Saved. The test was not delivered: %(came)s.") % {"came": came}
        else:
            said = gettext("Saved. The test was delivered: the receiver answered %(came)s.") % {"came": came}
        self.message_user(request, said, messages.WARNING if answered.code else messages.SUCCESS)
        return redirect(request.path)

    def response_add(self, request: HttpRequest, obj: Webhook, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_secret(request, obj)

    @admin.action(description=_("Make a new secret; the old one is worth nothing at once"), permissions=["change"])
    def renew_secret(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> HttpResponse | None:
        chosen = list(webhooks[:2])
        if len(chosen) != 1:
            self.message_user(request, _("Choose one webhook: its secret is shown once."), messages.ERROR)
            return None
        (webhook,) = chosen
        webhook.secret = new_secret()
        webhook.save(update_fields=["secret"])
        self.log_change(request, webhook, gettext("a new secret"))
        return self._show_secret(request, webhook)

    def _show_secret(self, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The webhook's secret"),
            "opts": self.opts,
            "what": webhook.name,
            "secret": webhook.secret,
            "explained": gettext("The receiver checks signatures with it. It is shown this once: keep it there now."),
            "back": reverse("admin:calls_webhook_changelist"),
        }
        return TemplateResponse(request, "admin/calls/shown_once.html", context)

    @admin.display(description=_("address"), ordering="url")
    def to(self, webhook: Webhook) -> str:
        """Without its query, which may be a key."""
        return ltr(webhook.url.partition("?")[0])

    @admin.display(description=_("line"), ordering="line")
    def shown_line(self, webhook: Webhook) -> str:
        return str(webhook.line or gettext("all lines"))

    @admin.display(description=_("last sent"), ordering="last_sent_at")
    def last_sent(self, webhook: Any) -> str:
        at = webhook.last_sent_at
        return ltr(f"{timezone.localtime(at):%d.%m.%Y %H:%M}") if at else "—"

    @admin.display(description=_("waiting"), ordering="count_waiting")
    def waiting(self, webhook: Any) -> str:
        return _counted(webhook, webhook.count_waiting, "waiting")

    @admin.display(description=_("given up"), ordering="count_dead")
    def dead(self, webhook: Any) -> str:
        return _counted(webhook, webhook.count_dead, "given_up")


def _counted(webhook: Webhook, count: int, state: str) -> str:
    """A count that leads to its deliveries."""
    if not count:
        return ltr("0")
    query = urlencode({"state": state, "webhook__id__exact": webhook.pk})
    deliveries = f"{reverse('admin:calls_webhookdelivery_changelist')}?{query}"
    return format_html('<a href="{}"><bdi dir="ltr">{}</bdi></a>', deliveries, count)


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"
    STATES: dict[str, Q] = {
        "waiting": Q(sent_at=None, given_up_at=None),
        "given_up": Q(given_up_at__isnull=False),
        "sent": Q(sent_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("waiting")), ("given_up", _("given up")), ("sent", _("sent"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
        state = self.STATES.get(self.value() or "")
        return queryset.filter(state) if state is not None else queryset


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(NamedFilters, ReadOnly, admin.ModelAdmin):
    list_display = ("made", "webhook", "of_call", "came_of_it", "attempts", "means", "next_attempt")
    fields = ("webhook", "of_call", "message", "made_at", "came_of_it", "attempts", "means", "next_attempt")
    readonly_fields = ("of_call", "message", "came_of_it", "means", "next_attempt")
    list_filter = (StateFilter, "webhook")
    search_fields = ("call__call_sid", "message_id")
    search_help_text = _("A CallSid, or a message's id.")
    list_select_related = ("webhook", "call")
    show_full_result_count = False
    list_per_page = 50
    actions = ("send_again",)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perms(("calls.change_webhook", *TAKES_OUT)))

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        count = send_again(deliveries)
        said = ngettext("%(count)s call is sent again.", "%(count)s calls are sent again.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    @admin.display(description=_("made"), ordering="made_at")
    def made(self, delivery: WebhookDelivery) -> str:
        return ltr(f"{timezone.localtime(delivery.made_at):%d.%m.%Y %H:%M:%S}")

    @admin.display(description=_("call"))
    def of_call(self, delivery: WebhookDelivery) -> str:
        page = reverse("admin:calls_call_change", args=[delivery.call_id])
        sid = delivery.call.call_sid
        return format_html('<a href="{}"><bdi dir="ltr" title="{}">{}…</bdi></a>', page, sid, sid[:10])

    @admin.display(description=_("message's id"))
    def message(self, delivery: WebhookDelivery) -> str:
        return ltr(delivery.message_id)

    @admin.display(description=_("state"))
    def came_of_it(self, delivery: WebhookDelivery) -> str:
        if delivery.sent_at:
            return gettext("sent")
        return gettext("given up") if delivery.given_up_at else gettext("waiting")

    @admin.display(description=_("code"), ordering="code")
    def means(self, delivery: WebhookDelivery) -> str:
        code = f"{delivery.code} {delivery.status or ''}".strip() if delivery.code else ""
        return coded(code, shown_code(delivery.code, WEBHOOKS))

    @admin.display(description=_("next attempt"))
    def next_attempt(self, delivery: WebhookDelivery) -> str:
        is_over = delivery.sent_at or delivery.given_up_at
        return "—" if is_over else ltr(f"{timezone.localtime(delivery.due_at):%d.%m.%Y %H:%M:%S}")

"""The access log, to read and to filter."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from calls.desk.access_log.details import shown_detail
from calls.desk.access_log.models import AccessEntry
from calls.desk.permissions import READ
from calls.desk.review.models import Correction
from calls.desk.review.queue.blind import told
from calls.desk.rows import NamedFilters, ReadOnly, ltr
from calls.storage.models import Call


@admin.register(AccessEntry)
class AccessEntryAdmin(NamedFilters, ReadOnly, admin.ModelAdmin):
    list_display = ("when", "who", "kind", "what", "until", "more")
    list_filter = ("kind", "began_at")
    search_fields = ("call_sid", "username")
    search_help_text = _("Who, or a CallSid.")
    date_hierarchy = "began_at"
    exclude = ("user", "detail")  # their name says it, also once they are deleted; ``more`` says the detail
    readonly_fields = ("more",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 100

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessEntry]:
        call = Call.objects.filter(call_sid=OuterRef("call_sid")).order_by().values("pk")[:1]
        entries = super().get_queryset(request).annotate(call_pk=Subquery(call))
        if not request.user.has_perm(READ):
            return entries
        # The row is written beside its entry, just before it.
        saved = (
            told(Correction.objects.all(), request.user, timezone.now())
            .filter(
                call__call_sid=OuterRef("call_sid"),
                turn=OuterRef("turn"),
                username=OuterRef("username"),
                made_at__lte=OuterRef("began_at"),
            )
            .order_by("-number")
        )
        return entries.annotate(
            corrected_text=Subquery(saved.values("text")[:1]),
            correction_withdrawn=Subquery(saved.values("withdrawn")[:1]),
        )

    @admin.display(description=_("time"), ordering="began_at")
    def when(self, entry: AccessEntry) -> str:
        return ltr(f"{timezone.localtime(entry.began_at):%d.%m.%Y %H:%M:%S}")

    @admin.display(description=_("until"))
    def until(self, entry: AccessEntry) -> str:
        lasted = entry.last_at > entry.began_at
        return ltr(f"{timezone.localtime(entry.last_at):%H:%M:%S}") if lasted else "—"

    @admin.display(description=_("who"), ordering="username")
    def who(self, entry: AccessEntry) -> str:
        return format_html('<bdi dir="auto">{}</bdi>', entry.username)

    @admin.display(description=_("of what"))
    def what(self, entry: Any) -> str:
        """The call by its CallSid, a link to it where it still stands; of several, how many."""
        if not entry.call_sid:
            if entry.kind == entry.Kind.WATCH:
                return gettext("live calls")
            said = ngettext("one call", "%(count)s calls", entry.calls)
            return said % {"count": entry.calls} if entry.calls else "—"
        sid = format_html('<bdi dir="ltr" title="{}">{}…</bdi>', entry.call_sid, entry.call_sid[:10])
        call = entry.call_pk
        shown = (
            format_html('<a href="{}">{}</a>', reverse("admin:calls_call_change", args=[call]), sid) if call else sid
        )
        if entry.turn is None:
            return shown
        turn = gettext("turn %(number)s") % {"number": entry.turn}
        if call:
            to_turn = f"{reverse('admin:calls_call_change', args=[call])}#turn-{entry.turn}"
            turn = format_html('<a href="{}">{}</a>', to_turn, turn)
        return format_html("{}, {}", shown, turn)

    @admin.display(description=_("detail"))
    def more(self, entry: Any) -> str:
        """What was noted; of a correction its text, for as long as the call stands."""
        text = getattr(entry, "corrected_text", None)
        if entry.kind != entry.Kind.CORRECT or text is None:
            return shown_detail(entry)
        if entry.correction_withdrawn:
            return gettext("withdrawn")
        return format_html('<bdi dir="auto">{}</bdi>', text) if text else gettext("nothing was said")

"""The rows of a call's page in the admin: its turns, and its events."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from calls.desk.codes import TURN_RULES, shown_code
from calls.desk.event_details import shown_detail
from calls.desk.rows import PagedInline, ltr, ms, span
from calls.storage.models import CallEvent, Transcript
from calls.storage.shown_number import shown_number


class TurnInline(PagedInline):
    template = "admin/calls/turns_inline.html"
    model = Transcript
    fields = ("place", "when", "words", "how", "partial", "final", "total", "tries")
    readonly_fields = fields
    verbose_name_plural = _("turns in speech order")
    when_empty = _("No turn: nothing that was said could be heard.")

    @admin.display(description=_("number"))
    def place(self, turn: Transcript) -> str:
        return turn.shown_number

    @admin.display(description=_("time"))
    def when(self, turn: Transcript) -> str:
        return ltr(span(turn.started_ms, turn.ended_ms))

    @admin.display(description=_("words"))
    def words(self, turn: Transcript) -> str:
        return turn.heard_text  # its cell: turn_words.html

    @admin.display(description=_("source"))
    def how(self, turn: Transcript) -> str:
        """Where the words came from, by which rule and engine, and what went wrong. An answer has it by its words."""
        if turn.is_agents:
            return "—"
        rule = format_html('<br><span class="quiet">{}</span>', shown_code(turn.rule, TURN_RULES)) if turn.rule else ""
        code = format_html('<br><span title="{}">{}</span>', turn.code, shown_code(turn.code)) if turn.code else ""
        by = " · ".join(name for name in (turn.engine, turn.model) if name)
        heard_by = format_html('<br><bdi dir="ltr" class="code quiet">{}</bdi>', by) if by else ""
        return format_html("{}{}{}{}", turn.get_source_display(), rule, code, heard_by)

    @admin.display(description=_("first words"))
    def partial(self, turn: Transcript) -> str:
        return ms(turn.partial_ms)

    @admin.display(description=_("text ready"))
    def final(self, turn: Transcript) -> str:
        return ms(turn.final_ms)

    @admin.display(description=_("answer heard"))
    def total(self, turn: Transcript) -> str:
        return ms(turn.total_ms)

    @admin.display(description=_("attempts"))
    def tries(self, turn: Transcript) -> str:
        return "—" if turn.is_agents else str(turn.attempts)


class EventInline(PagedInline):
    model = CallEvent
    when_empty = _("No event: nothing out of the ordinary happened.")
    fields = ("place", "when", "means", "more")
    readonly_fields = fields

    @admin.display(description=_("number"))
    def place(self, event: CallEvent) -> str:
        return shown_number(event.number)

    @admin.display(description=_("time"))
    def when(self, event: CallEvent) -> str:
        return ltr(f"{timezone.localtime(event.at):%H:%M:%S}")

    @admin.display(description=_("what happened"))
    def means(self, event: CallEvent) -> str:
        """In words; the code is had by pointing at them."""
        return format_html('<span title="{}">{}</span>', event.code, shown_code(event.code))

    @admin.display(description=_("detail"))
    def more(self, event: CallEvent) -> str:
        return format_html('<bdi dir="auto">{}</bdi>', shown_detail(event.detail) or "—")

"""Trials in the admin: begun with a form, ended with an action, read on their own page (calls/desk/tuning/views.py)."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from calls.lines.models import Trial
from stt.models import TuningProfile

TUNE = "stt.change_tuningprofile"


class RevisionField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return shown_revision(obj)


def shown_revision(row: Any) -> str:
    """``row`` of the history; its own text is the moment of the change."""
    return f"\u2066{row.name}@{row.revision}\u2069"


@admin.register(Trial)
class TrialAdmin(admin.ModelAdmin):
    list_display = ("__str__", "share_b_percent", "started_at", "ended_at", "report")
    list_select_related = ("line", "a", "b")
    fields = ("line", "a", "b", "share_b_percent")
    actions = ("end",)

    def get_fields(self, request: HttpRequest, obj: Trial | None = None) -> Any:
        return self.fields if obj is None else ("line", "revision_a", "revision_b", "share_b_percent", "report")

    def get_readonly_fields(self, request: HttpRequest, obj: Trial | None = None) -> Any:
        return () if obj is None else ("revision_a", "revision_b", "report")

    @admin.display(description=Trial._meta.get_field("a").verbose_name)
    def revision_a(self, trial: Trial) -> str:
        return shown_revision(trial.a)

    @admin.display(description=Trial._meta.get_field("b").verbose_name)
    def revision_b(self, trial: Trial) -> str:
        return shown_revision(trial.b)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("a", "b"):
            history = TuningProfile.history
            first_rows = history.exclude(history_type="-").values("id", "revision").annotate(row=Min("history_id"))
            newest_first = history.filter(pk__in=first_rows.values("row")).order_by("name", "-revision")
            return RevisionField(queryset=newest_first, label=capfirst(db_field.verbose_name))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Trial, form: Any, change: bool) -> None:
        obj.started_by = cast("User", request.user)
        super().save_model(request, obj, form, change)

    @admin.action(description=_("End the selected trials"), permissions=["end"])
    def end(self, request: HttpRequest, trials: QuerySet[Trial]) -> None:
        for trial in trials.filter(ended_at=None):
            trial.ended_at, trial.ended_by = timezone.now(), cast("User", request.user)
            trial.save()
        self.message_user(request, _("The next call has the line's own profile."), messages.SUCCESS)

    @admin.display(description=_("what it did"))
    def report(self, trial: Trial) -> str:
        return format_html('<a href="{}">{}</a>', reverse("desk-trial", args=[trial.pk]), _("report"))

    # Who tunes tries. A trial that has begun is only ended: its calls are counted by what it was.

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(TUNE)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(TUNE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(TUNE)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(TUNE)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

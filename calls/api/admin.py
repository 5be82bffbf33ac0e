"""API tokens in the admin: made, seen in use, and revoked. What one may read does not change: another one is made."""

from __future__ import annotations

from copy import copy
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from calls.api.models import ApiToken, Scope
from calls.desk.line_limits.seen import seen_by
from calls.desk.numbers import sees_numbers
from calls.desk.permissions import EXPORT
from calls.desk.rows import ltr, stacked


class ApiTokenForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label=_("may read"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple, initial=[Scope.CALLS]
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if "lines" in self.cleaned_data and bool(self.cleaned_data["lines"]) == self.cleaned_data.get(
            "all_lines", False
        ):
            self.add_error("lines", _("Choose either all lines or some."))
        return cleaned


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    form = ApiTokenForm
    formfield_overrides: ClassVar = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    list_display = ("name", "begins_with", "reads", "of_lines", "last_used", "stands")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        return super().get_queryset(request).prefetch_related("lines")

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Nobody has a token read what they may not see."""
        form = super().get_form(request, obj, change, **kwargs)
        if "scopes" in form.base_fields and not sees_numbers(request.user):
            scopes: Any = copy(form.base_fields["scopes"])
            scopes.choices = [choice for choice in Scope.choices if choice[0] != Scope.NUMBERS]
            form.base_fields = {**form.base_fields, "scopes": scopes}
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever gives calls to another system takes them out."""
        return super().has_add_permission(request) and bool(request.user.has_perm(EXPORT))

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """None is changed; the action needs the permission."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """One that was revoked goes on saying who had it."""
        return False

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        if obj is None:
            of_lines = ("lines",) if seen_by(request.user).is_limited else ("all_lines", "lines")
            return ("name", "scopes", *of_lines)
        return ("name", "begins_with", "reads", "of_lines", "made_at", "maker", "last_used", "stands")

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        obj.made_by_id = request.user.pk
        form.text = obj.renew()
        super().save_model(request, obj, form, change)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.text = form.text

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The API token"),
            "opts": self.opts,
            "what": obj.name,
            "secret": obj.text,
            "explained": gettext("It is shown this once: keep it now where the system takes it from."),
            "back": reverse("admin:calls_apitoken_changelist"),
        }
        return TemplateResponse(request, "admin/calls/shown_once.html", context)

    @admin.action(description=_("Revoke: worth nothing at once, and for good"), permissions=["change"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        standing = list(tokens.filter(revoked_at=None))
        for token in standing:
            ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
            self.log_change(request, token, gettext("revoked"))
        said = ngettext("%(count)s token was revoked.", "%(count)s tokens were revoked.", len(standing))
        self.message_user(request, said % {"count": len(standing)}, messages.SUCCESS)

    @admin.display(description=_("begins with"), ordering="prefix")
    def begins_with(self, token: ApiToken) -> str:
        return ltr(f"{token.prefix}…")

    @admin.display(description=_("may read"))
    def reads(self, token: ApiToken) -> str:
        return stacked(*(str(Scope(scope).label) for scope in Scope.values if scope in token.scopes))

    @admin.display(description=_("lines"))
    def of_lines(self, token: ApiToken) -> str:
        if token.all_lines:
            return gettext("all lines")
        return stacked(*(str(line) for line in token.lines.all())) or gettext("no line: they have been deleted")

    @admin.display(description=_("made by"))
    def maker(self, token: ApiToken) -> str:
        return str(token.made_by or "—")

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, token: ApiToken) -> str:
        at = token.last_used_at
        return ltr(f"{timezone.localtime(at):%d.%m.%Y %H:%M}") if at else gettext("never")

    @admin.display(description=_("state"), ordering="revoked_at")
    def stands(self, token: ApiToken) -> str:
        if token.revoked_at is None:
            return gettext("in force")
        return gettext("revoked on %(day)s") % {"day": f"{timezone.localtime(token.revoked_at):%d.%m.%Y}"}

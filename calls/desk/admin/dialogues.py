"""Dialogues in the admin: written as text, with what comes of their examples beside it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as said
from django.utils.translation import gettext_lazy as _

from calls.desk.rows import ltr
from calls.lines.dialogues import Dialogue, sentence_of
from calls.reply.dialogue_examples import ExampleResult
from calls.reply.dialogue_faults import DialogueInvalid


class DialogueForm(forms.ModelForm):
    """Knows which revision it was filled from: who saves an older one would undo another's change unseen."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        widgets: ClassVar = {
            "text": forms.Textarea(
                attrs={"rows": 30, "dir": "ltr", "class": "dialogue", "spellcheck": "false", "wrap": "off"}
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.revision

    def clean(self) -> dict[str, Any] | None:
        seen = self.cleaned_data.get("seen")
        if seen is not None and Dialogue.objects.filter(pk=self.instance.pk).exclude(revision=seen).exists():
            sentence = _("Somebody else has changed this dialogue meanwhile: open it anew.")
            raise ValidationError(sentence, code="changed_meanwhile")
        return super().clean()


@admin.register(Dialogue)
class DialogueAdmin(admin.ModelAdmin):
    form = DialogueForm
    list_display = ("name", "passed", "revision", "updated_at")
    list_per_page = 20
    search_fields = ("name", "text")
    readonly_fields = ("examples", "revision", "updated_at")
    fieldsets = ((None, {"fields": ("name", "text", "examples", ("revision", "updated_at"), "seen")}),)

    class Media:
        css: ClassVar = {"all": ["calls/admin.css"]}

    @admin.display(description=_("examples"))
    def passed(self, dialogue: Dialogue) -> str:
        try:
            return summary_of(dialogue.results())
        except DialogueInvalid as invalid:
            return sentence_of(invalid.faults[0])

    @admin.display(description=_("examples"))
    def examples(self, dialogue: Dialogue) -> str:
        if not dialogue.pk:
            return "—"
        try:
            results = dialogue.results()
        except DialogueInvalid as invalid:
            return sentence_of(invalid.faults[0])
        rows = format_html_join("", "<li>{}</li>", ((_row(result),) for result in results))
        return format_html('<p>{}</p><ol class="examples">{}</ol>', summary_of(results), rows)

    def save_model(self, request: HttpRequest, obj: Dialogue, form: Any, change: bool) -> None:
        obj._history_user = request.user
        super().save_model(request, obj, form, change)
        results = obj.results()
        level = messages.INFO if all(result.passed for result in results) else messages.WARNING
        self.message_user(request, said("Examples: %(passed)s.") % {"passed": summary_of(results)}, level)

    def delete_model(self, request: HttpRequest, obj: Dialogue) -> None:
        obj._history_user = request.user
        super().delete_model(request, obj)


def summary_of(results: tuple[ExampleResult, ...]) -> str:
    """Such as ``5 of 5``, in the page's language."""
    named = {"passed": sum(result.passed for result in results), "all": len(results)}
    return said("%(passed)s of %(all)s pass") % named


def _row(result: ExampleResult) -> str:
    name = result.name or "—"
    if result.passed:
        return format_html("✓ {}", name)
    difference = said("found “%(found)s”, expected “%(expected)s”")
    named = {"found": result.found or "—", "expected": result.expected or "—"}
    return format_html(
        '<span class="differs">✗ {}</span> <span class="quiet">{} {}</span>', name, ltr(result.path), difference % named
    )

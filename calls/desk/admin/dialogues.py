"""Dialogues in the admin: written as text, with what comes of their examples beside it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.desk.admin import first_dialogue
from calls.desk.admin.voices import (
    SCRIPT,
    choices,
    render_later,
    texts_to_hear,
    warn_of_unrendered,
    with_what_may_be_heard,
)
from calls.desk.line_limits.seen import seen_by
from calls.desk.rows import ltr
from calls.desk.unspeakable import refuse_unspeakable
from calls.lines.dialogues import Dialogue, sentence_of
from calls.lines.models import PhoneLine
from calls.reply.dialogue_checks import script_of
from calls.reply.dialogue_examples import ExampleResult
from calls.reply.dialogue_faults import DialogueInvalid
from calls.reply.dialogue_says import texts_of
from calls.reply.dialogue_text import plain_of


class DialogueForm(forms.ModelForm):
    """Knows which revision it was filled from: who saves an older one would undo another's change unseen."""

    seen = forms.IntegerField(label="", widget=forms.HiddenInput, required=False)

    class Meta:
        help_texts: ClassVar = {
            "text": _(
                "YAML or JSON: steps, and the examples that are its tests. A new one begins as a small whole dialogue, "
                "to be changed; all that one can do stands in docs/answering.md, among the program's files."
            )
        }
        widgets: ClassVar = {
            "text": forms.Textarea(
                attrs={"rows": 30, "dir": "ltr", "class": "dialogue", "spellcheck": "false", "wrap": "off"}
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.revision
        if self.instance.pk is None:
            self.initial.setdefault("text", first_dialogue.TEXT)

    def clean(self) -> dict[str, Any] | None:
        seen = self.cleaned_data.get("seen")
        if seen is not None and Dialogue.objects.filter(pk=self.instance.pk).exclude(revision=seen).exists():
            sentence = _("Somebody else has changed this dialogue meanwhile: open it anew.")
            raise ValidationError(sentence, code="changed_meanwhile")
        if "text" in self.changed_data:
            self._refuse_unspeakable()
        return super().clean()

    def _refuse_unspeakable(self) -> None:
        """Where the voice of a line that answers with it cannot say its words; the model says what else is wrong."""
        try:
            texts = texts_of(script_of(plain_of(self.cleaned_data.get("text", ""))))
        except DialogueInvalid:
            return
        for voice in sorted({line.voice for line in answering_with(self.instance)}):
            refuse_unspeakable(self, "text", voice, (one.written_words for one in texts))


@admin.register(Dialogue)
class DialogueAdmin(admin.ModelAdmin):
    form = DialogueForm
    list_display = ("name", "passed", "revision", "updated_at")
    list_per_page = 20
    search_fields = ("name", "text")
    readonly_fields = ("examples", "says", "revision", "updated_at")
    fieldsets = ((None, {"fields": ("name", "text", "examples", "says", ("revision", "updated_at"), "seen")}),)

    class Media:
        css: ClassVar = {"all": ["calls/admin.css"]}
        js: ClassVar = [SCRIPT]

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

    def get_fieldsets(self, request: HttpRequest, obj: Dialogue | None = None) -> Any:
        return with_what_may_be_heard(super().get_fieldsets(request, obj), self.has_change_permission(request, obj))

    @admin.display(description=_("what it says"))
    def says(self, dialogue: Dialogue) -> str:
        """Its texts as they are saved, to be heard in a voice: that of a line which answers with it."""
        try:
            texts = texts_of(dialogue.script()) if dialogue.pk else ()
        except DialogueInvalid:
            texts = ()
        if not texts:
            return "—"
        lines = answering_with(dialogue)
        voice = lines[0].voice if lines else ""
        options = ((name, "selected" if name == voice else "", label) for name, label in choices(voice))
        return format_html(
            '<p class="hear-voice"><label for="id_hear_voice">{}</label> <select id="id_hear_voice" data-hear-voice>{}'
            '</select></p><p class="quiet">{}</p>{}',
            gettext("voice"),
            format_html_join("", '<option value="{}" {}>{}</option>', options),
            gettext("As saved. Values are those of the examples."),
            texts_to_hear((one.example, one.text, one.path) for one in texts),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        dialogue = self.get_object(request, object_id)
        if request.method == "GET" and dialogue is not None and self.has_view_permission(request, dialogue):
            seen = seen_by(request.user)
            warn_of_unrendered(request, [line for line in answering_with(dialogue) if seen.has(line.number)])
        return super().change_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Dialogue, form: Any, change: bool) -> None:
        obj._history_user = request.user
        super().save_model(request, obj, form, change)
        render_later(answering_with(obj))
        results = obj.results()
        level = messages.INFO if all(result.passed for result in results) else messages.WARNING
        self.message_user(request, gettext("Examples: %(passed)s.") % {"passed": summary_of(results)}, level)

    def delete_model(self, request: HttpRequest, obj: Dialogue) -> None:
        obj._history_user = request.user
        super().delete_model(request, obj)


def answering_with(dialogue: Dialogue) -> list[PhoneLine]:
    """Lines whose calls it answers."""
    if not dialogue.pk:
        return []
    return list(PhoneLine.objects.filter(dialogue=dialogue, responder="scripted").select_related("dialogue"))


def summary_of(results: tuple[ExampleResult, ...]) -> str:
    """Such as ``5 of 5``, in the page's language."""
    named = {"passed": sum(result.passed for result in results), "all": len(results)}
    return gettext("%(passed)s of %(all)s pass") % named


def _row(result: ExampleResult) -> str:
    name = result.name or "—"
    if result.passed:
        return format_html("✓ {}", name)
    difference = gettext("found “%(found)s”, expected “%(expected)s”")
    named = [(one.path, {"found": one.found or "—", "expected": one.expected or "—"}) for one in result.differences]
    differences = format_html_join("", "{} {}<br>", ((ltr(path), difference % values) for path, values in named))
    return format_html('<span class="differs">✗ {}</span> <span class="quiet">{}</span>', name, differences)

"""Phone lines in the admin, with whom their calls may be handed over to."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.core.addresses import called, visible
from calls.desk.admin.voices import (
    SCRIPT,
    choices,
    hear_attributes,
    render_later,
    texts_to_hear,
    warn_of_unrendered,
    warn_of_unsaid_words,
    with_what_may_be_heard,
)
from calls.desk.line_limits.seen import seen_by
from calls.desk.permissions import CHANGE_DIALLED
from calls.desk.rows import NamedRows, ltr
from calls.desk.unspeakable import refuse_unspeakable
from calls.lines.answering import refuse_strangers
from calls.lines.dialled_numbers import FIELDS, numbers_of, record, unread_numbers
from calls.lines.dialogues import errors_of
from calls.lines.models import LinePerson, PhoneLine
from calls.lines.privacy import note_privacy_changes, privacy_of
from calls.lines.spoken_texts import dialogue_texts
from calls.reply.dialogue_faults import DialogueInvalid
from calls.storage.models import Call
from stt.default_profile import default_of
from stt.models import TuningProfile
from voiceapp.runtime.coded_error import CodedError

SPOKEN = {"greeting", "voice", "responder", "dialogue"}
"""Fields that decide whether what a line says can be said."""
YEARS = range(1970, 9000)
"""Of a date that a line names: as rows of calls have them."""


def had_calls(typed: str) -> bool:
    """Some call came to this number, whatever line it was then."""
    number = called(typed)
    return bool(number) and Call.objects.filter(to_number=number).exists()


class PhoneLineForm(forms.ModelForm):
    """Voices are chosen from those of this server, spoken texts can be heard, and one that the voice cannot say is
    refused."""

    takes_calls = forms.BooleanField(
        required=False,
        label=_("the calls that came to this number before become this line's"),
        help_text=_("Whoever is limited to this line sees them, and those of its number before no more."),
    )
    """Shown where the number had calls while it was another line's, or nobody's: they belong to a line by its number
    alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("voice", "voice_fallback"):
            if name in self.fields:
                self._choose_voice(name)
        for name in ("notice", "greeting", "fallback_sentence"):
            if name in self.fields:
                self.fields[name].widget.attrs |= hear_attributes(self.fields[name].label)
        if since := self.fields.get("gold_since"):
            for one, what in zip(since.widget.widgets, (gettext("date"), gettext("time")), strict=True):
                one.attrs["aria-label"] = f"{since.label}: {what}"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not visible(name):
            raise ValidationError(_("Nobody sees this name: write letters."), code="unseen")
        return name

    def clean_monthly_ceiling(self) -> Decimal | None:
        ceiling: Decimal | None = self.cleaned_data["monthly_ceiling"]
        if ceiling is not None and ceiling <= 0:
            raise ValidationError(_("A ceiling is more than nothing. Without one, leave it empty."), code="min_value")
        return ceiling

    def clean_gold_since(self) -> datetime | None:
        since: datetime | None = self.cleaned_data["gold_since"]
        # Further away another time zone has no such time.
        if since is not None and since.year not in YEARS:
            said = _("A year from %(first)s to %(last)s.") % {"first": YEARS[0], "last": YEARS[-1]}
            raise ValidationError(said, code="year")
        return since

    def _choose_voice(self, name: str) -> None:
        field, stored = self.fields[name], getattr(self.instance, name)
        offered = choices(stored)
        if name == "voice_fallback":
            offered[0] = ("", gettext("recorded prompts alone"))
        select = forms.Select(attrs={"data-hear-voice": ""} if name == "voice" else {})
        self.fields[name] = forms.ChoiceField(
            choices=offered, required=False, label=field.label, help_text=field.help_text, widget=select
        )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        number = cleaned.get("number", "")
        if "number" in self.changed_data and not cleaned.get("takes_calls") and had_calls(number):
            said = _("This number has calls already, perhaps of another line. Say below that they become this line's.")
            self.add_error("number", ValidationError(said, code="number_has_calls"))
        if "voice" in cleaned and SPOKEN & set(self.changed_data):
            voice = cleaned["voice"]
            refuse_unspeakable(self, "greeting", voice, [cleaned.get("greeting", "")])
            answered_by = PhoneLine(responder=cleaned.get("responder", ""), dialogue=cleaned.get("dialogue"))
            refuse_unspeakable(self, "dialogue", voice, (one.written_words for one in dialogue_texts(answered_by)))
        return cleaned


class LinePeopleFormSet(NamedRows):
    """A line's people, among them whom its dialogue hands calls over to."""

    def clean(self) -> None:
        super().clean()
        line = self.instance
        before = PhoneLine.objects.filter(pk=line.pk, responder=line.responder, dialogue=line.dialogue)
        if not self.has_changed() and before.exists():
            return  # a line from before the check may be changed elsewhere
        shown = {one.instance.pk for one in self.forms}
        people = {one.name for one in self.get_queryset() if one.pk not in shown}
        written = (one.cleaned_data for one in self.forms if one.is_valid())
        people |= {one["name"] for one in written if one.get("name") and not one.get("DELETE")}
        try:
            refuse_strangers(line, people)
        except DialogueInvalid as invalid:
            raise ValidationError(errors_of(invalid)) from invalid


class LinePersonInline(admin.TabularInline):
    """Whoever may change dialled numbers, and nobody else."""

    model = LinePerson
    formset = LinePeopleFormSet
    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("calls.view_phoneline")) or self._may_change(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_change(request)

    has_change_permission = has_delete_permission = has_add_permission

    def _may_change(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(CHANGE_DIALLED))


@admin.register(PhoneLine)
class PhoneLineAdmin(admin.ModelAdmin):
    form = PhoneLineForm
    list_display = ("name", "called", "profile", "responder")
    inlines = (LinePersonInline,)
    fieldsets = (
        (None, {"fields": ("name", "number", "profile")}),
        (_("a call's beginning and end"), {"fields": ("greeting", "follow_number")}),
        (
            _("Answering"),
            {
                "fields": (
                    ("responder", "dialogue"),
                    ("voice", "voice_fallback"),
                    "prompts",
                    "prompt",
                    ("model", "temperature", "max_tokens"),
                    "keeps_callers_words",
                    ("max_agent_turns", "max_answered_s", "call_ceiling"),
                )
            },
        ),
        (
            _("where it cannot be heard"),
            {"fields": ("fallback_sentence", "fallback_number", "fallback_records")},
        ),
        (_("cost"), {"fields": ("monthly_ceiling",)}),
        (
            _("what callers are told, and what is kept"),
            {
                "fields": (
                    ("notice", "notice_recording", "notice_since"),
                    ("keeps_recordings", "keeps_words", "redacts"),
                    ("recordings_days", "words_days"),
                )
            },
        ),
        (_("review"), {"fields": ("review_tags",)}),
        (_("who hears best"), {"fields": ("gold_since",)}),
    )

    class Media:
        css: ClassVar = {"all": ["calls/admin.css"]}
        js: ClassVar = [SCRIPT]

    @admin.display(description=_("what it says by itself"))
    def prompts(self, line: PhoneLine) -> str:
        """The prompts, to be heard in the line's voice."""
        from calls.process.services import services

        try:
            prompts = services().voices.prompts.all
        except CodedError as error:
            return ltr(error.code)
        return texts_to_hear((prompt.pointed, prompt.text, "") for prompt in prompts)

    @admin.display(description=_("number"), ordering="number")
    def called(self, line: PhoneLine) -> str:
        return ltr(line.number)

    @admin.display(description=_("tuning profile"))
    def profile_name(self, line: PhoneLine) -> str:
        return ltr(line.profile.name) if line.profile else "—"

    def get_fieldsets(self, request: HttpRequest, obj: PhoneLine | None = None) -> Any:
        may_change = self.has_change_permission(request, obj)
        fieldsets = with_what_may_be_heard(super().get_fieldsets(request, obj), may_change)
        typed = request.POST.get("number", "")
        is_another = called(typed) != (obj.number if obj else "") and not seen_by(request.user).is_limited
        if may_change and is_another and had_calls(typed):
            (name, first), *others = fieldsets
            fieldsets = [(name, {**first, "fields": ("name", "number", "takes_calls", "profile")}), *others]
        if may_change or request.user.has_perm("stt.view_tuningprofile"):
            return fieldsets
        # Who only reads gets a field of another model as a link, also to a page that they may not see.
        return [(None, {"fields": ("name", "number", "profile_name")}), *fieldsets[1:]]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new line has the default profile, as its calls had before it was a line."""
        default = default_of(seen_by(request.user).of(TuningProfile))
        return {"profile": default and default.pk, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: PhoneLine | None = None) -> tuple[str, ...]:
        return ("prompts", "notice_since", "profile_name", *(() if request.user.has_perm(CHANGE_DIALLED) else FIELDS))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        line = self.get_object(request, object_id)
        if request.method == "GET" and line is not None and self.has_view_permission(request, line):
            warn_of_unrendered(request, [line])
            warn_of_unsaid_words(request, line)
        return super().change_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: PhoneLine, form: Any, change: bool) -> None:
        form.numbers_before = numbers_of(obj.pk)
        form.privacy_before = privacy_of(PhoneLine.objects.filter(pk=obj.pk).first() or PhoneLine())
        obj.date_notice()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        record(form.instance, form.numbers_before, numbers_of(form.instance.pk), request.user)
        note_privacy_changes(form.instance, form.privacy_before, privacy_of(form.instance), request.user)
        render_later([form.instance])
        if "_continue" not in request.POST:
            warn_of_unsaid_words(request, form.instance)  # else the page that follows does

    def delete_model(self, request: HttpRequest, obj: PhoneLine) -> None:
        record(obj, numbers_of(obj.pk), {}, request.user)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PhoneLine]) -> None:
        for line in queryset:
            record(line, numbers_of(line.pk), {}, request.user)
        super().delete_queryset(request, queryset)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        unread = unread_numbers(seen_by(request.user).of(PhoneLine)) if request.method == "GET" else []
        if unread and self.has_view_permission(request):
            sentence = _("These numbers are not valid, no call is connected by them: %(numbers)s.")
            self.message_user(request, sentence % {"numbers": "; ".join(unread)}, messages.WARNING)
        return super().changelist_view(request, extra_context)

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from stt.default_profile import default_of
from stt.engine_variables import unknown_engines_sentence
from stt.engines_field import EnginesField
from stt.models import TuningProfile
from stt.profiles import activate, duplicate

if TYPE_CHECKING:
    # Generic in the stubs alone.
    ProfileModelForm = forms.ModelForm[TuningProfile]
    ProfileModelAdmin = admin.ModelAdmin[TuningProfile]
else:
    ProfileModelForm, ProfileModelAdmin = forms.ModelForm, admin.ModelAdmin


class ProfileForm(ProfileModelForm):
    """Knows which revision it was filled from: who saves an older one would undo another's change unseen."""

    seen = forms.IntegerField(label="", widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Why this change"),
        help_text=_(
            "Kept with the revision, where its figures stand: what you saw, and what you expect. May stay empty."
        ),
        # django-simple-history keeps so many.
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"size": 60, "dir": "auto"}),
    )
    engines = EnginesField(
        label=capfirst(TuningProfile._meta.get_field("engines").verbose_name),
        help_text=TuningProfile._meta.get_field("engines").help_text,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.revision
        field: Any = self.fields["engines"]
        field.show_unknown(self.instance.engines)

    def clean(self) -> dict[str, Any] | None:
        seen = self.cleaned_data.get("seen")
        if seen is not None and TuningProfile.objects.filter(pk=self.instance.pk).exclude(revision=seen).exists():
            shown: Any = self.instance  # the form's own attribute of it
            shown.shown_revision = seen
            sentence = _("This profile was changed meanwhile, in another tab or by somebody else: open it anew.")
            raise ValidationError(sentence, code="changed_meanwhile")
        return super().clean()


@admin.register(TuningProfile)
class TuningProfileAdmin(ProfileModelAdmin):
    form = ProfileForm
    list_display = ("name", "is_default", "revision", "vad_hangover_ms", "stt_timeout_ms", "streaming", "updated_at")
    readonly_fields = ("shown_revision", "updated_at")

    class Media:
        css: ClassVar = {"all": ["stt/profile.css"]}

    fieldsets = (
        (None, {"fields": (("name", "is_default"), ("shown_revision", "updated_at"), "seen")}),
        (_("Hearing speech"), {"fields": ("vad_hangover_ms", "vad_engine", "vad_aggressiveness", "noise_margin_db")}),
        (
            _("Deciding on a turn's words"),
            {
                "fields": (
                    "stt_timeout_ms",
                    "early_min_characters",
                    "early_punctuation",
                    "coverage_slack_ms",
                    "settle_ms",
                    "half_close",
                    "half_close_ms",
                    "half_close_requests",
                    "stt_fallback_deadline_ms",
                )
            },
        ),
        (
            _("The recogniser"),
            {
                "fields": (
                    "engines",
                    "most_wer_points",
                    "streaming",
                    "model",
                    "endpoint",
                    "phrases",
                    "automatic_punctuation",
                    "stt_batch_ms",
                    "stt_partial_debounce_ms",
                    "stt_attempts",
                    "stt_retry_ms",
                    "renew_after_s",
                    "renew_latest_s",
                    "deaf_after_ms",
                    "pause_after_s",
                )
            },
        ),
        (
            _("Answering: when the line speaks"),
            {
                "description": _("Of lines that answer; where a line only transcribes, these change nothing."),
                "fields": (
                    "answer_pause_expected_ms",
                    "answer_pause_ms",
                    "answer_pause_unfinished_ms",
                    "turn_model",
                    "silence_reprompt_ms",
                    "reprompts",
                ),
            },
        ),
        (
            _("Answering: a caller who speaks over an answer"),
            {"fields": ("barge_in_ms", "barge_in_resume_ms", "backchannels", "stop_words")},
        ),
        (
            _("Answering: an answer that is late, and its sound"),
            {"fields": ("responder_first_ms", "responder_total_ms", "filler_after_ms", "playback_lead_ms")},
        ),
        (_("Answering: our own voice on the line"), {"fields": ("echo_canceller",)}),
        (_("The reason"), {"fields": ("reason",)}),
    )

    actions = ("duplicate", "activate")

    @admin.display(description=TuningProfile._meta.get_field("revision").verbose_name)
    def shown_revision(self, profile: Any) -> str:
        """Which one the values of the form are; of a form that was filled from an older one, what stands now beside."""
        shown = getattr(profile, "shown_revision", profile.revision)
        if shown == profile.revision:
            return str(shown)
        return _("%(shown)s (now: %(now)s)") % {"shown": shown, "now": profile.revision}

    def save_model(self, request: HttpRequest, obj: TuningProfile, form: Any, change: bool) -> None:
        obj._history_user = request.user
        obj._change_reason = form.cleaned_data["reason"]
        super().save_model(request, obj, form, change)
        if change and request.user.has_perm("stt.view_tuningprofile"):
            address, label = reverse("desk-profile", args=[obj.pk]), _("What it did, beside the revision before")
            self.message_user(request, format_html('<a href="{}">{}</a>', address, label))

    def delete_model(self, request: HttpRequest, obj: TuningProfile) -> None:
        obj._history_user = request.user
        super().delete_model(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The default stays: lines without a profile of their own have it."""
        shown, counted, missing, protected = super().get_deleted_objects(objs, request)
        default = default_of(TuningProfile.objects.all())
        if default is not None and default in objs:
            protected = [*protected, _("%(name)s: the default profile") % {"name": default.name}]
        return shown, counted, missing, protected

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        profile = kwargs.get("obj")
        if profile is not None and (sentence := unknown_engines_sentence(profile.engines)):
            self.message_user(request, sentence, messages.WARNING)
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Each revision beside what it did: a page that knows calls, which this package must not."""
        profile = self.get_object(request, object_id)
        if profile is None or not self.has_view_or_change_permission(request, profile):
            # It says so.
            return super().history_view(request, object_id, extra_context)
        return redirect("desk-profile", pk=profile.pk)

    @admin.action(description=_("Duplicate the selected profiles"), permissions=["add"])
    def duplicate(self, request: HttpRequest, profiles: QuerySet[TuningProfile]) -> None:
        for profile in profiles:
            duplicate(profile, request.user)
        self.message_user(request, _("Duplicated."), messages.SUCCESS)

    @admin.action(description=_("Make the selected profile the default"), permissions=["change"])
    def activate(self, request: HttpRequest, profiles: QuerySet[TuningProfile]) -> None:
        if len(profiles) != 1:
            self.message_user(request, _("Select one profile."), messages.ERROR)
            return
        try:
            activate(profiles[0], request.user)
        except ValidationError as refused:
            self.message_user(request, " ".join(refused.messages), messages.ERROR)
            return
        self.message_user(request, _("The next call uses it."), messages.SUCCESS)

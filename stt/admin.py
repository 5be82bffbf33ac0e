from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

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

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    engines = EnginesField(
        label=TuningProfile._meta.get_field("engines").verbose_name,
        help_text=TuningProfile._meta.get_field("engines").help_text,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.revision

    def clean(self) -> dict[str, Any] | None:
        seen = self.cleaned_data.get("seen")
        if seen is not None and TuningProfile.objects.filter(pk=self.instance.pk).exclude(revision=seen).exists():
            sentence = _("Somebody else has changed this profile meanwhile: open it anew.")
            raise ValidationError(sentence, code="changed_meanwhile")
        return super().clean()


@admin.register(TuningProfile)
class TuningProfileAdmin(ProfileModelAdmin):
    form = ProfileForm
    list_display = ("name", "is_default", "revision", "vad_hangover_ms", "stt_timeout_ms", "streaming", "updated_at")
    readonly_fields = ("revision", "updated_at")

    class Media:
        css: ClassVar = {"all": ["stt/profile.css"]}

    fieldsets = (
        (None, {"fields": (("name", "is_default"), ("revision", "updated_at"), "seen")}),
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
    )

    actions = ("duplicate", "activate")

    def save_model(self, request: HttpRequest, obj: TuningProfile, form: Any, change: bool) -> None:
        obj._history_user = request.user
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: TuningProfile) -> None:
        obj._history_user = request.user
        super().delete_model(request, obj)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Each revision beside what it did: a page that knows calls, which this package must not."""
        profile = self.get_object(request, object_id)
        if profile is None:
            # It says so, and sends to the list.
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
        activate(profiles[0], request.user)
        self.message_user(request, _("The next call uses it."), messages.SUCCESS)

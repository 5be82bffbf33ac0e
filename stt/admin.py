from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from stt.models import TuningProfile


@admin.register(TuningProfile)
class TuningProfileAdmin(admin.ModelAdmin):
    list_display = ("name", "is_default", "revision", "vad_hangover_ms", "stt_timeout_ms", "streaming", "updated_at")
    readonly_fields = ("revision", "updated_at")
    fieldsets = (
        (None, {"fields": (("name", "is_default"), ("revision", "updated_at"))}),
        (_("Hearing speech"), {"fields": ("vad_hangover_ms", "vad_engine", "vad_aggressiveness", "noise_margin_db")}),
        (
            _("Deciding on a turn's words"),
            {
                "fields": (
                    "stt_timeout_ms",
                    "early_min_characters",
                    "coverage_slack_ms",
                    "settle_ms",
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
                    "streaming",
                    "model",
                    "phrases",
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
    )

    def save_model(self, request: HttpRequest, obj: TuningProfile, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            TuningProfile.objects.filter(pk=obj.pk).update(revision=F("revision") + 1)

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest

from stt.models import TuningProfile


@admin.register(TuningProfile)
class TuningProfileAdmin(admin.ModelAdmin):
    list_display = ("name", "is_default", "revision", "vad_hangover_ms", "stt_timeout_ms", "streaming", "updated_at")
    readonly_fields = ("revision", "updated_at")

    def save_model(self, request: HttpRequest, obj: TuningProfile, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            TuningProfile.objects.filter(pk=obj.pk).update(revision=F("revision") + 1)

"""Who listened and who exported, to read."""

from __future__ import annotations

from django.contrib import admin

from calls.desk.review.models import ReviewerAction
from calls.desk.rows import ReadOnly


@admin.register(ReviewerAction)
class ReviewerActionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("began_at", "kind", "username", "calls", "call_sid", "stream_sid")
    list_filter = ("kind", "began_at")
    search_fields = ("call_sid", "username")
    show_full_result_count = False

"""The rows of a call. Thin: what is written is decided in calls/storage/rows.py, for the only writer of live calls.

``status``, ``status_at`` and ``twilio_duration_s`` belong to Twilio's status callbacks (calls/twilio/webhooks.py).
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.core.recognition_health import RecognitionStatus
from calls.core.turns import EndReason, Source

SOURCES = [
    (Source.FINAL.value, _("final")),
    (Source.EARLY.value, _("early")),
    (Source.PARTIAL.value, _("partial")),
    (Source.FALLBACK.value, _("one-shot")),
    (Source.NONE.value, _("no words")),
]
HEARING = [
    (RecognitionStatus.STREAMING.value, _("by the stream")),
    (RecognitionStatus.DEGRADED.value, _("by the one-shot only")),
    (RecognitionStatus.DOWN.value, _("by nobody")),
]


class Call(models.Model):
    """One phone call."""

    call_sid = models.CharField("CallSid", max_length=64, unique=True)
    stream_sid = models.CharField("StreamSid", max_length=64, blank=True)
    from_number = models.CharField(_("from"), max_length=64, blank=True, help_text=_("Caller ids can be letters."))
    to_number = models.CharField(_("to"), max_length=64, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True, db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("end"), max_length=32, blank=True)
    streams = models.JSONField(
        _("streams"), default=dict, blank=True, help_text=_("By StreamSid; a call that lost its socket has more.")
    )
    frames_received = models.PositiveIntegerField(_("frames received"), default=0)
    frames_lost = models.PositiveIntegerField(_("frames lost"), default=0)
    speech_ms = models.PositiveIntegerField(_("speech (ms)"), default=0)
    frame_delay_ms = models.JSONField(_("frame delay (ms)"), default=dict, blank=True)
    counters = models.JSONField(_("counters"), default=dict, blank=True)
    tuning = models.JSONField(_("settings"), default=dict, blank=True)
    # Written by processes that know them; older ones leave the database's default.
    stt_streams = models.PositiveIntegerField(_("recognition streams"), default=0, db_default=0)
    stt_stream_s = models.PositiveIntegerField(_("streamed audio, billed (s)"), default=0, db_default=0)
    one_shots = models.PositiveIntegerField(_("one-shots"), default=0, db_default=0)
    one_shot_s = models.PositiveIntegerField(_("one-shots' audio, billed (s)"), default=0, db_default=0)
    tuning_profile = models.BigIntegerField(null=True, blank=True, editable=False)
    """The id of the profile of ``tuning``, to count by. No foreign key: a call outlives its profile, and the writer
    never waits for one."""
    tuning_revision = models.PositiveIntegerField(null=True, blank=True, editable=False)
    process = models.CharField(_("process"), max_length=80, blank=True)
    hearing = models.CharField(
        _("heard"), max_length=10, choices=HEARING, blank=True, default="", db_default="", db_index=True
    )
    status = models.CharField(_("status"), max_length=20, blank=True, help_text=_("As Twilio last said."))
    status_at = models.DateTimeField(null=True, blank=True)
    twilio_duration_s = models.PositiveIntegerField(_("duration by Twilio (s)"), null=True, blank=True)

    class Meta:
        ordering = ("-started_at",)
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        permissions = (
            ("listen_call", _("May listen to recordings")),
            ("correct_call", _("May correct transcripts")),
            ("export_call", _("May export calls")),
            ("end_call", _("May end calls and hand them over")),
            ("hand_over_anywhere", _("May hand calls over to any number")),
        )
        indexes = (
            models.Index(
                fields=["tuning_profile", "tuning_revision", "started_at"],
                name="calls_of_a_revision",
                condition=models.Q(tuning_profile__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.call_sid


class Transcript(models.Model):
    """One turn of a call (calls/core/turns.py). A latency that was not measured is null, never 0."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField(_("number"))
    speaker = models.CharField(max_length=8, default="caller")
    started_ms = models.PositiveIntegerField()
    ended_ms = models.PositiveIntegerField()
    text = models.TextField(_("text"), blank=True)
    revised_text = models.TextField(_("revised"), null=True, blank=True)  # noqa: DJ001 - "" is: revised to nothing
    search_text = models.TextField(null=True, editable=False)  # noqa: DJ001 - null is: written by who did not know it
    """Both texts as calls/storage/search_text.py writes them; calls/storage/search_filler.py brings it to rows that
    have none."""
    source = models.CharField(_("source"), max_length=8, choices=SOURCES, db_index=True)
    end_reason = models.CharField(_("end"), max_length=10, choices=[(r.value, r.value) for r in EndReason])
    unvoiced = models.BooleanField(default=False)
    """A Turn's ``vad_missed``, by its stored name (calls/storage/records.py)."""
    rule = models.CharField(_("rule"), max_length=32, blank=True)
    code = models.CharField(_("code"), max_length=40, blank=True, db_index=True)
    engine = models.CharField(_("engine"), max_length=32, blank=True)
    model = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    partial_ms = models.PositiveIntegerField(null=True, blank=True)
    final_ms = models.PositiveIntegerField(null=True, blank=True, db_index=True)
    total_ms = models.PositiveIntegerField(null=True, blank=True)
    loop_lag_ms = models.FloatField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("started_ms", "number")
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        constraints = (models.UniqueConstraint(fields=["call", "number"], name="one_row_a_turn"),)
        indexes = (models.Index(fields=["id"], condition=models.Q(search_text=None), name="turn_unsearchable"),)

    def __str__(self) -> str:
        return f"{self.call_id}/{self.number}"

    @property
    def heard_text(self) -> str:
        return self.text if self.revised_text is None else self.revised_text


class CallEvent(models.Model):
    """Something that happened on a call beside its turns: a stream restart, a fallback, an error."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="events")
    number = models.PositiveIntegerField(_("number"))
    at = models.DateTimeField(_("time"))
    code = models.CharField(_("code"), max_length=40, db_index=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)

    class Meta:
        ordering = ("number",)
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = (models.UniqueConstraint(fields=["call", "number"], name="one_row_an_event"),)

    def __str__(self) -> str:
        return f"{self.call_id}/{self.code}"

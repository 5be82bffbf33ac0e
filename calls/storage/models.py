"""The rows of a call. Thin: what is written is decided in calls/storage/rows.py, for the only writer of live calls.

``status``, ``status_at`` and ``twilio_duration_s`` belong to Twilio's status callbacks (calls/twilio/webhooks.py).
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from calls.core.agent_turns import AGENT, Outcome
from calls.core.recognition_health import RecognitionStatus
from calls.core.turns import EndReason, Source
from calls.storage.shown_number import shown_number

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


OUTCOMES = [
    (Outcome.PLAYED.value, _("played")),
    (Outcome.INTERRUPTED.value, _("cut off")),
    (Outcome.RESUMED.value, _("cut off, the rest was said later")),
    (Outcome.WITHDRAWN_LATE.value, _("given up: the caller's words were revised")),
    (Outcome.FAILED.value, _("failed in its middle")),
]
CALLER = "caller"


_LASTED_MS = Greatest(F("ended_ms") - F("started_ms"), 0)
_NOT_KEPT = models.Q(text="", revised_text=None) & ~models.Q(source=Source.NONE)
"""Words that the line does not keep (calls/core/kept_words.py): they were heard."""
SPEECH_SUMS = {
    "spoken_ms": Sum(_LASTED_MS),
    "worded_ms": Sum(_LASTED_MS, filter=~models.Q(words="") | _NOT_KEPT),
}
"""Of ``TurnQuerySet.spoken``; None of no turns."""


class TurnQuerySet(models.QuerySet["Transcript"]):
    """Turns of calls."""

    def heard(self) -> TurnQuerySet:
        """The callers' turns: what was recognised."""
        return self.filter(speaker=CALLER)

    def spoken(self) -> TurnQuerySet:
        """The callers' turns without the line's own words, given back: what a call's heard share is of
        (calls/core/heard_share.py). Each has its words as they stand now: ``words``."""
        return self.heard().filter(echo=False).annotate(words=Coalesce("revised_text", "text"))


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
    other_engine_s = models.JSONField(_("of that, by other engines (s)"), default=dict, db_default={}, blank=True)
    """Name -> seconds of both, of engines beside Google's v1: calls/core/other_engines.py."""
    reply_tokens = models.PositiveIntegerField(_("answers' tokens"), default=0, db_default=0)
    reply_characters = models.PositiveIntegerField(_("answers' synthesised characters"), default=0, db_default=0)
    answers_failed = models.PositiveIntegerField(_("answers that failed"), default=0, db_default=0)
    """Also those of which nothing sounded, and which are no turn."""
    tuning_profile = models.BigIntegerField(null=True, blank=True, editable=False)
    """The id of the profile of ``tuning``, to count by. No foreign key: a call outlives its profile, and the writer
    never waits for one."""
    tuning_revision = models.PositiveIntegerField(null=True, blank=True, editable=False)
    process = models.CharField(_("process"), max_length=80, blank=True)
    hearing = models.CharField(
        _("heard"), max_length=10, choices=HEARING, blank=True, default="", db_default="", db_index=True
    )
    is_queued = models.BooleanField(default=False, db_default=False, editable=False)
    """The reviewers' queue knows the call as it is now (calls/storage/queued_calls.py)."""
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
            ("see_numbers", _("May see callers' numbers")),
            ("read_secret_values", _("May read secret values that callers said")),
        )
        indexes = (
            models.Index(
                fields=["tuning_profile", "tuning_revision", "started_at"],
                name="calls_of_a_revision",
                condition=models.Q(tuning_profile__isnull=False),
            ),
            models.Index(
                fields=["-started_at"], name="calls_of_failed_answers", condition=models.Q(answers_failed__gt=0)
            ),
            models.Index(
                fields=["id"], name="calls_unqueued", condition=models.Q(is_queued=False, ended_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.call_sid


class Transcript(models.Model):
    """One turn of a call: the caller's (calls/core/turns.py), or the agent's (calls/core/agent_turns.py).

    A latency that was not measured is null, never 0. An agent's turn has no ``source`` and no ``end_reason``; a
    caller's has none of the agent's columns. Figures of what was heard are of ``heard()`` alone.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField(_("number"))
    speaker = models.CharField(max_length=8, default=CALLER)
    started_ms = models.PositiveIntegerField()
    ended_ms = models.PositiveIntegerField()
    text = models.TextField(_("text"), blank=True)
    revised_text = models.TextField(_("revised"), null=True, blank=True)  # noqa: DJ001 - "" is: revised to nothing
    search_text = models.TextField(null=True, editable=False)  # noqa: DJ001 - null is: written by who did not know it
    """Both texts as calls/core/search_text.py writes them; calls/storage/search_filler.py brings it to rows that
    have none."""
    source = models.CharField(_("source"), max_length=8, choices=SOURCES, db_index=True)
    end_reason = models.CharField(_("end"), max_length=10, choices=[(r.value, r.value) for r in EndReason])
    unvoiced = models.BooleanField(default=False)
    """A Turn's ``vad_missed``, by its stored name (calls/storage/records.py)."""
    echo = models.BooleanField(default=False, db_default=False)
    """The line's own words, given back: shown, and never answered."""
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
    # The agent's: an older process writes rows without them.
    played_text = models.TextField(null=True, db_column="heard_text")  # noqa: DJ001 - null is: a caller's turn
    """What the caller heard of the text. ``heard_text`` is read of every turn."""
    heard_ms = models.PositiveIntegerField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=OUTCOMES, blank=True, default="", db_default="")
    floor_rule = models.CharField(max_length=16, blank=True, default="", db_default="")
    floor_ms = models.PositiveIntegerField(null=True, blank=True)
    prepared_ms = models.IntegerField(null=True, blank=True)
    text_ms = models.IntegerField(null=True, blank=True)
    first_audio_ms = models.PositiveIntegerField(null=True, blank=True)
    withdrawals = models.PositiveSmallIntegerField(null=True, blank=True)
    answers = models.PositiveIntegerField(null=True, blank=True)
    """Number of the caller's turn."""
    voice = models.CharField(max_length=64, blank=True, default="", db_default="")
    responder = models.CharField(max_length=32, blank=True, default="", db_default="")
    tokens = models.PositiveIntegerField(null=True, blank=True)
    characters = models.PositiveIntegerField(null=True, blank=True)

    objects = TurnQuerySet.as_manager()

    class Meta:
        ordering = ("started_ms", "number")
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        constraints = (models.UniqueConstraint(fields=["call", "number"], name="one_row_a_turn"),)
        indexes = (models.Index(fields=["id"], condition=models.Q(search_text=None), name="turn_unsearchable"),)

    def __str__(self) -> str:
        return f"{self.call_id}/{self.number}"

    @property
    def is_agents(self) -> bool:
        """An answer of the line."""
        return self.speaker == AGENT

    @property
    def shown_number(self) -> str:
        return shown_number(self.number)

    @property
    def heard_text(self) -> str:
        """The caller's words as they stand now, or what the caller heard of an answer."""
        if self.played_text is not None:
            return self.played_text
        return self.text if self.revised_text is None else self.revised_text


class SavedValue(models.Model):
    """What a caller said at a question of the line, by its key: one row a key of a call."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="saved_values")
    key = models.CharField(_("name"), max_length=80)
    value = models.CharField(_("value"), max_length=2000, blank=True)
    search_text = models.TextField(null=True, editable=False)  # noqa: DJ001 - null is: written by who did not know it
    """As Transcript's; of a secret it is empty."""
    secret = models.BooleanField(_("secret"), default=False, help_text=_("Masked on pages and in exports."))
    number = models.PositiveIntegerField(default=0)
    """Of the call's savings; of a key the highest wins."""

    class Meta:
        ordering = ("number",)
        default_permissions = ()
        verbose_name = _("saved value")
        verbose_name_plural = _("saved values")
        constraints = (models.UniqueConstraint(fields=["call", "key"], name="one_row_a_saved_value"),)
        indexes = (models.Index(fields=["id"], condition=models.Q(search_text=None), name="value_unsearchable"),)

    def __str__(self) -> str:
        return f"{self.call_id}/{self.key}"


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
        return f"{self.call_id}/{self.number}"

"""The rows of calls. Thin: what is written is decided in calls/store.py, the only writer of live calls.

``status``, ``status_at`` and ``twilio_duration_s`` belong to Twilio's status callbacks (calls/views.py).
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.core.addresses import MAX_CHARACTERS
from calls.core.recognition_health import RecognitionStatus
from calls.core.turns import EndReason, Source
from calls.fields import AddressField, NumberField
from calls.twiml import speakable
from stt.models import TuningProfile

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


class PhoneLine(models.Model):
    """What is called at Twilio, a number mostly, and how its calls are heard."""

    number = AddressField(
        _("number"),
        max_length=MAX_CHARACTERS,
        unique=True,
        help_text=_("For example +97231234567 or 03-1234567; or a client:, sip: or whatsapp: address."),
    )
    name = models.CharField(_("name"), max_length=80)
    profile = models.ForeignKey(TuningProfile, models.PROTECT, verbose_name=_("tuning profile"))
    greeting = models.CharField(
        _("greeting"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_("Said in Hebrew before the caller is listened to. Empty: nothing."),
        validators=[speakable],
    )
    follow_number = NumberField(
        _("what follows: dial"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text=_("Dialled when our side ends the stream. Empty: the call ends."),
    )
    fallback_sentence = models.CharField(
        _("sentence when the line cannot hear"),
        max_length=300,
        blank=True,
        help_text=_("Said in Hebrew when calls cannot be heard: overload, a deploy, a second lost connection."),
        validators=[speakable],
    )
    fallback_number = NumberField(
        _("then dial"), max_length=20, blank=True, help_text=_("A person's number. Empty: nobody.")
    )
    fallback_records = models.BooleanField(
        _("then take a message"), default=False, help_text=_("Where nobody is dialled: Twilio records the caller.")
    )
    monthly_ceiling = models.DecimalField(
        _("ceiling a month"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("In the prices' currency: when a month's calls have cost this much, an alarm is raised."),
    )

    class Meta:
        ordering = ("number",)
        verbose_name = _("phone line")
        verbose_name_plural = _("phone lines")
        permissions = (("change_dialled_numbers", _("May change numbers that calls are dialled to")),)

    def __str__(self) -> str:
        # Isolated: a number in a Hebrew sentence would have its plus at the wrong end.
        return f"{self.name} (\u2066{self.number}\u2069)"


class LinePerson(models.Model):
    """A person whom a line's calls may be handed over to; kept by those who may change dialled numbers."""

    line = models.ForeignKey(PhoneLine, models.CASCADE, related_name="people", verbose_name=_("phone line"))
    name = models.CharField(_("name"), max_length=80)
    number = NumberField(_("number"), max_length=20, help_text=_("For example +97231234567 or 03-1234567."))

    class Meta:
        ordering = ("name", "number")
        # Whoever may change dialled numbers may change these: no permissions of their own.
        default_permissions = ()
        verbose_name = _("person to hand calls over to")
        verbose_name_plural = _("people to hand calls over to")
        constraints = (models.UniqueConstraint(fields=["line", "number"], name="one_person_a_number"),)

    def __str__(self) -> str:
        return f"{self.name} (\u2066{self.number}\u2069)"

    def clean(self) -> None:
        # The line is no field of the form within its page, so that Django leaves the constraint to the database.
        same = LinePerson.objects.filter(line=self.line_id, number=self.number)
        if self.line_id and same.exclude(pk=self.pk).exists():
            raise ValidationError(
                {"number": ValidationError(_("The line has a person with this number."), code="same")}
            )


class Trial(models.Model):
    """A line's calls, split between two revisions by calls/desk/allocation.py while it runs."""

    line = models.ForeignKey(PhoneLine, models.PROTECT, related_name="trials", verbose_name=_("phone line"))
    a = models.ForeignKey("stt.HistoricalTuningProfile", models.PROTECT, related_name="+", verbose_name=_("revision A"))
    b = models.ForeignKey("stt.HistoricalTuningProfile", models.PROTECT, related_name="+", verbose_name=_("revision B"))
    share_b_percent = models.PositiveSmallIntegerField(
        _("calls with B (%)"), default=50, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+")

    class Meta:
        ordering = ("-started_at",)
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        constraints = (
            models.UniqueConstraint(
                fields=["line"],
                condition=models.Q(ended_at__isnull=True),
                name="one_running_trial_a_line",
            ),
        )

    def __str__(self) -> str:
        return f"{self.line}: {self.a.name}@{self.a.revision} / {self.b.name}@{self.b.revision}"

    def clean(self) -> None:
        if self.a_id and self.b_id and (self.a.id, self.a.revision) == (self.b.id, self.b.revision):
            raise ValidationError({"b": ValidationError(_("A trial needs two different revisions."), code="same")})
        # The constraint's condition is no field of the form, which would not say it.
        if self.line_id and Trial.objects.filter(line=self.line_id, ended_at=None).exclude(pk=self.pk).exists():
            running = ValidationError(_("This line has a running trial: end it first."), code="running")
            raise ValidationError({"line": running})


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
    """The profile's id and revision of ``tuning``, to count by. No foreign key: a call outlives its profile, and the
    writer never waits for one."""
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
    """One turn of a call (calls/core/turns.py). Latencies are null where there was no anchor, never 0."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField(_("number"))
    speaker = models.CharField(max_length=8, default="caller")
    started_ms = models.PositiveIntegerField()
    ended_ms = models.PositiveIntegerField()
    text = models.TextField(_("text"), blank=True)
    revised_text = models.TextField(_("revised"), null=True, blank=True)  # noqa: DJ001 - "" is: revised to nothing
    search_text = models.TextField(null=True, editable=False)  # noqa: DJ001 - null is: written by who did not know it
    """Both texts as calls/searchtext.py writes them; calls/searchfill.py brings it to rows that have none."""
    source = models.CharField(_("source"), max_length=8, choices=SOURCES, db_index=True)
    end_reason = models.CharField(_("end"), max_length=10, choices=[(r.value, r.value) for r in EndReason])
    unvoiced = models.BooleanField(default=False)
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
    """What happened on a call beside its turns: stream restarts, fallbacks, errors."""

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


class SpentToken(models.Model):
    """A stream token that has opened its socket (calls/tokens.py); rows past their expiry mean nothing."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest[:8]


# The supervisors' and the reviewers' rows, in their own rooms; Django finds models here.
from calls.console.models import Alarm, AlarmNotice, Price, SupervisorAction  # noqa: E402
from calls.dialled import NumberChange  # noqa: E402
from calls.review.models import Correction, ReviewerAction  # noqa: E402

__all__ = [
    "Alarm",
    "AlarmNotice",
    "Call",
    "CallEvent",
    "Correction",
    "LinePerson",
    "NumberChange",
    "PhoneLine",
    "Price",
    "ReviewerAction",
    "SpentToken",
    "SupervisorAction",
    "Transcript",
]

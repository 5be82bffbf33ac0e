"""A phone line's rows: how its calls are heard, who may get them, what they cost, and whether it is in trouble."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.core.addresses import MAX_CHARACTERS, visible
from calls.core.line_health import Trouble
from calls.lines.answering import LineAnswering
from calls.lines.changes import LineChange
from calls.lines.fields import AddressField, NumberField
from calls.lines.privacy import LinePrivacy
from calls.lines.sentences import speakable
from stt.models import TuningProfile

LABELS = {
    Trouble.DEAF: _("the line is deaf"),
    Trouble.DOWN: _("the recogniser is down"),
    Trouble.COST: _("the month's cost has reached its ceiling"),
    Trouble.ENGINE: _("a recognition engine is down; its calls have gone over to another"),
    Trouble.ANSWERS: _("the line's answers fail"),
    Trouble.THREAD: _("a part of the service has stopped"),
    Trouble.SETTINGS: _("the settings of lines cannot be read; those last read stand"),
    Trouble.DISK: _("the disk of recordings and database is nearly full"),
}
ENGINE_DOWN = _("the engine %(engine)s is down; its calls have gone over to another")
"""Trouble.ENGINE, with the engine's name."""


class PhoneLine(LineAnswering, LinePrivacy):
    """What is called at Twilio, a number mostly, how its calls are heard, and what answers them."""

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
    review_tags = models.CharField(
        _("tags of its calls"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("What reviewers may put on calls of this line, separated by commas."),
    )
    gold_since = models.DateTimeField(
        _("recordings may measure recognisers, from"),
        null=True,
        blank=True,
        help_text=_(
            "Callers are told that what they say may be listened to, written down and sent to the recognisers that are "
            "compared. Corrected turns of calls from then on are taken. Empty: none."
        ),
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

    @property
    def tags(self) -> list[str]:
        """What ``review_tags`` lists, each once."""
        return list(dict.fromkeys(name[:80] for one in self.review_tags.split(",") if (name := " ".join(one.split()))))


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
        if self.name and not visible(self.name):
            raise ValidationError({"name": ValidationError(_("Nobody sees this name: write letters."), code="unseen")})
        # The line is no field of the form within its page, so that Django leaves the constraint to the database.
        same = LinePerson.objects.filter(line=self.line_id, number=self.number)
        if self.line_id and same.exclude(pk=self.pk).exists():
            raise ValidationError(
                {"number": ValidationError(_("The line has a person with this number."), code="same")}
            )


class Trial(models.Model):
    """A line's calls, split between two revisions by calls/lines/allocation.py while it runs."""

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


class NumberChange(LineChange):
    """Who changed a number that calls are dialled to."""

    class Kind(models.TextChoices):
        FOLLOW = "follow_number", _("what follows: dial")
        FALLBACK = "fallback_number", _("then dial")
        PERSON = "person", _("person to hand calls over to")

    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    before = models.CharField(_("before"), max_length=120, blank=True)
    after = models.CharField(_("after"), max_length=120, blank=True)

    class Meta(LineChange.Meta):
        verbose_name = _("change of a dialled number")
        verbose_name_plural = _("changes of dialled numbers")

    def __str__(self) -> str:
        return f"{self.username}: {self.get_kind_display()} \u2066{self.line}\u2069"


class Alarm(models.Model):
    """A line's trouble, from when it was raised until it is over: one row, whichever processes see it."""

    kind = models.CharField(_("what"), max_length=20, choices=[(trouble.value, LABELS[trouble]) for trouble in Trouble])
    line = models.CharField(_("line"), max_length=64, blank=True, help_text=_("The number that is called."))
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    raised_at = models.DateTimeField(_("raised"), db_index=True)
    seen_at = models.DateTimeField(_("last seen"))
    over_at = models.DateTimeField(_("over"), null=True, blank=True)
    # With a default in the database: a process of an older version makes rows without it.
    acknowledged_by = models.CharField(_("seen to by"), max_length=150, blank=True, default="", db_default="")
    acknowledged_at = models.DateTimeField(_("since"), null=True, blank=True)

    class Meta:
        ordering = ("-raised_at",)
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints = (
            # Who makes the row tells the people.
            models.UniqueConstraint(
                fields=["kind", "line"], condition=models.Q(over_at=None), name="one_open_alarm_of_a_line"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} \u2066{self.line}\u2069"


class AlarmNotice(models.Model):
    """What is to be told of an alarm, through one channel: sent by whichever process claims it first."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", "webhook"

    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="notices")
    over = models.BooleanField(_("over"), default=False)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=80, blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = (models.UniqueConstraint(fields=["alarm", "over", "channel"], name="one_notice_a_channel"),)
        indexes = (models.Index(fields=["due_at"], condition=models.Q(sent_at=None), name="notices_to_send"),)

    def __str__(self) -> str:
        return str(self.get_channel_display())

"""The supervisor's rows: what was done to calls and by whom; which line was in trouble, and who was told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.core.line_health import Trouble

LABELS = {
    Trouble.DEAF: _("the line is deaf"),
    Trouble.DOWN: _("the recogniser is down"),
    Trouble.COST: _("the month's cost has reached its ceiling"),
    Trouble.THREAD: _("a part of the service has stopped"),
}


class SupervisorAction(models.Model):
    """A call that was ended or handed over: who asked for it, when, and what came of it. Kept when the person
    or the call goes."""

    class Kind(models.TextChoices):
        END = "end", _("end the call")
        HAND_OVER = "hand_over", _("hand over")

    class Outcome(models.TextChoices):
        ASKED = "asked", _("asked for")
        DONE = "done", _("done")
        ALREADY_OVER = "already_over", _("the call was over already")
        FAILED = "failed", _("failed")

    call_sid = models.CharField("CallSid", max_length=64, db_index=True)
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    number = models.CharField(_("to number"), max_length=20, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150)
    asked_at = models.DateTimeField(_("asked"), db_index=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.ASKED)
    code = models.CharField(_("code"), max_length=40, blank=True)

    class Meta:
        app_label = "calls"
        ordering = ("-asked_at",)
        verbose_name = _("supervisor's action")
        verbose_name_plural = _("supervisors' actions")
        constraints = (
            # Asked for twice, it is done once: a second click finds the first one's row.
            models.UniqueConstraint(
                fields=["call_sid", "kind", "number"],
                condition=~models.Q(outcome="failed"),
                name="one_action_of_a_kind",
            ),
        )

    def __str__(self) -> str:
        return f"{self.call_sid}/{self.kind}"


class Alarm(models.Model):
    """A line's trouble, from when it was raised until it is over: one row, whichever processes see it."""

    kind = models.CharField(_("what"), max_length=20, choices=[(trouble.value, LABELS[trouble]) for trouble in Trouble])
    line = models.CharField(_("line"), max_length=64, blank=True, help_text=_("The number that is called."))
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    raised_at = models.DateTimeField(_("raised"), db_index=True)
    seen_at = models.DateTimeField(_("last seen"))
    over_at = models.DateTimeField(_("over"), null=True, blank=True)

    class Meta:
        app_label = "calls"
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
        return f"{self.kind} {self.line}"


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
        app_label = "calls"
        ordering = ("pk",)
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = (models.UniqueConstraint(fields=["alarm", "over", "channel"], name="one_notice_a_channel"),)
        indexes = (models.Index(fields=["due_at"], condition=models.Q(sent_at=None), name="notices_to_send"),)

    def __str__(self) -> str:
        return f"{self.alarm_id}/{self.channel}"


class Price(models.Model):
    """What a minute costs, from a day on: your contract's, in place of calls/lines/costs.py's list prices."""

    since = models.DateField(_("from"), unique=True, help_text=_("Months that begin on or after this day."))
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    stt_minute = models.DecimalField(_("a minute of recognised audio"), max_digits=9, decimal_places=5)
    twilio_minute = models.DecimalField(_("a minute of a call"), max_digits=9, decimal_places=5)
    stream_minute = models.DecimalField(_("a minute of its media stream"), max_digits=9, decimal_places=5)

    class Meta:
        app_label = "calls"
        ordering = ("-since",)
        verbose_name = _("price")
        verbose_name_plural = _("prices")

    def __str__(self) -> str:
        return str(self.since)

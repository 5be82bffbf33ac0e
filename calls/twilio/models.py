"""What was asked of Twilio, or by it, once: what supervisors did to calls, and stream tokens that are spent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SupervisorAction(models.Model):
    """A call that was ended or handed over, or whose line was made to say something or be quiet: who asked for it,
    when, and what came of it. Kept when the person or the call goes. What was said is its turn's text."""

    class Kind(models.TextChoices):
        END = "end", _("end the call")
        HAND_OVER = "hand_over", _("hand over")
        SAY = "say", _("say a sentence")
        QUIET = "quiet", _("be quiet")
        RELEASE = "release", _("answer again")

    class Outcome(models.TextChoices):
        ASKED = "asked", _("asked for")
        DONE = "done", _("done")
        TAKEN = "taken", _("taken by the call")
        """Of a sentence: it waits for the floor, and may still come to nothing."""
        SAID = "said", _("said to the end")
        CUT = "cut", _("cut off in the middle")
        NOT_SAID = "not_said", _("not said")
        ALREADY_OVER = "already_over", _("the call was over already")
        FAILED = "failed", _("failed")

    call_sid = models.CharField("CallSid", max_length=64, db_index=True)
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    number = models.CharField(_("to number"), max_length=20, blank=True)
    ask = models.CharField(max_length=64, blank=True, default="", db_default="")
    """Of what may be done more than once: which request this was."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150)
    asked_at = models.DateTimeField(_("asked"), db_index=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.ASKED)
    code = models.CharField(_("code"), max_length=40, blank=True)

    class Meta:
        ordering = ("-asked_at",)
        verbose_name = _("supervisor's action")
        verbose_name_plural = _("supervisors' actions")
        constraints = (
            # Asked for twice, it is done once: a second click finds the first one's row.
            models.UniqueConstraint(
                fields=["call_sid", "kind", "number", "ask"],
                condition=~models.Q(outcome="failed"),
                name="one_action_of_a_kind",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} \u2066{self.call_sid}\u2069"


class SpentToken(models.Model):
    """A stream token that has opened its socket (calls/twilio/stream_tokens.py); rows past their expiry mean
    nothing."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest[:8]

"""Where the export of a call goes when it has ended: the webhooks that people made, and what is owed to each of them.

A delivery is a row that the writer makes in the transaction of the call's end, so that neither is there without the
other. It holds no words: the export is made when it is sent (calls/process/webhooks/sending.py), and goes with its
call.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.core.addresses import canonical
from calls.storage.models import Call

SETTLES_S = 10
"""After the end: a lost socket may come back, and Twilio's status callback has not been there yet."""


def new_message_id() -> str:
    return "msg_" + secrets.token_urlsafe(16)


class Webhook(models.Model):
    """An address of another system that is sent calls; ``line`` empty: those of all lines."""

    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(
        _("address"), max_length=500, help_text=_("An https address of the system that takes calls.")
    )
    line = models.ForeignKey(
        "calls.PhoneLine",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="webhooks",
        verbose_name=_("line"),
        help_text=_("Empty: the calls of all lines."),
    )
    secret = models.CharField(max_length=100, editable=False)
    """Signs what is sent, so it is kept as it is; shown once, to who makes it."""
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One call's end that one webhook is to be told of."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    call = models.ForeignKey(Call, models.CASCADE, related_name="deliveries", verbose_name=_("call"))
    message_id = models.CharField(max_length=40, unique=True, default=new_message_id)
    """The same in every attempt: by it a receiver knows what it already has."""
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    due_at = models.DateTimeField(_("due"))
    """Moved on by whoever claims it, so that nobody else does; who dies leaves it due again."""
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    code = models.CharField(_("code"), max_length=40, blank=True)
    """Why the last attempt failed."""
    sent_at = models.DateTimeField(_("sent"), null=True)
    given_up_at = models.DateTimeField(_("given up"), null=True)

    class Meta:
        ordering = ("-pk",)
        default_permissions = ("view",)
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = (
            models.UniqueConstraint(
                fields=["webhook", "call"],
                condition=Q(sent_at=None, given_up_at=None),
                name="one_open_delivery_of_a_call",
            ),
        )
        indexes = (
            models.Index(fields=["due_at"], condition=Q(sent_at=None, given_up_at=None), name="deliveries_to_send"),
        )

    def __str__(self) -> str:
        return self.message_id


def owe(calls: Sequence[Call]) -> None:
    """These calls have just ended: tell the webhooks of their lines, in the caller's transaction, which has locked the
    calls. What is still to be sent of an earlier end is sent as the newer one. Raises DatabaseError."""
    webhooks = list(Webhook.objects.filter(is_active=True).values_list("pk", "line__number")) if calls else []
    due_at = timezone.now() + timedelta(seconds=SETTLES_S)
    owed = []
    for call in calls:
        line = canonical(call.to_number)
        for webhook, number in webhooks:
            if number is not None and number != line:
                continue
            still_open = WebhookDelivery.objects.filter(webhook=webhook, call=call, sent_at=None, given_up_at=None)
            # Another id: a receiver may have got the earlier end, with nobody knowing.
            if not still_open.update(due_at=due_at, message_id=new_message_id(), attempts=0):
                owed.append(WebhookDelivery(webhook_id=webhook, call=call, due_at=due_at))
    WebhookDelivery.objects.bulk_create(owed)

"""What engines, Twilio and answers cost, as entered: calls/lines/costs.py counts by it."""

from __future__ import annotations

import re
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from stt.engine_variables import shown_engine

TOKENS_LIST_PRICE, CHARACTERS_LIST_PRICE = Decimal("1.6"), Decimal(30)
"""USD a million: calls/lines/costs.py says whose."""


_PAID = ("stt_minute", "twilio_minute", "stream_minute", "million_tokens", "million_characters")


class Price(models.Model):
    """What a minute costs, from a day on: your contract's, in place of calls/lines/costs.py's list prices."""

    since = models.DateField(_("from"), unique=True, help_text=_("Months that begin on or after this day."))
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    stt_minute = models.DecimalField(_("a minute of recognised audio"), max_digits=9, decimal_places=5)
    twilio_minute = models.DecimalField(_("a minute of a call"), max_digits=9, decimal_places=5)
    stream_minute = models.DecimalField(_("a minute of its media stream"), max_digits=9, decimal_places=5)
    # With the list price: a process of an older version makes rows without them.
    million_tokens = models.DecimalField(
        _("a million tokens of a language model"),
        max_digits=9,
        decimal_places=5,
        default=TOKENS_LIST_PRICE,
        db_default=TOKENS_LIST_PRICE,
    )
    million_characters = models.DecimalField(
        _("a million synthesised characters"),
        max_digits=9,
        decimal_places=5,
        default=CHARACTERS_LIST_PRICE,
        db_default=CHARACTERS_LIST_PRICE,
    )

    class Meta:
        ordering = ("-since",)
        verbose_name = _("price")
        verbose_name_plural = _("prices")

    def __str__(self) -> str:
        return f"{self.since:%d.%m.%Y}"

    def clean(self) -> None:
        if self.since is not None and self.since.day != 1:
            # Months are summed: a day within one would count from the next, and the page would name it already.
            raise ValidationError({"since": _("Prices count by months: write a month's first day.")})
        if not re.fullmatch("[A-Z]{3}", self.currency or ""):
            raise ValidationError({"currency": _("A currency's three letters, for example USD or ILS.")})
        for name in _PAID:
            if (paid := getattr(self, name)) is not None and paid < 0:
                raise ValidationError({name: _("A price is 0 or more.")})


class EnginePrice(models.Model):
    """What a minute of audio costs by another engine than Google's v1, of a Price. An engine that has no row costs its
    list price."""

    price = models.ForeignKey(Price, models.CASCADE, related_name="engines", verbose_name=_("prices"))
    engine = models.CharField(_("engine"), max_length=40, help_text=_("Any but Google's v1."))
    minute = models.DecimalField(_("a minute of recognised audio"), max_digits=9, decimal_places=5)

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["price", "engine"], name="one_price_an_engine"),)
        verbose_name = _("engine's price")
        verbose_name_plural = _("other engines' prices")

    def __str__(self) -> str:
        return shown_engine(self.engine)

    def clean(self) -> None:
        if self.minute is not None and self.minute < 0:
            raise ValidationError({"minute": _("A price is 0 or more.")})
        # The price is no field of the form within its page, so that Django leaves the constraint to the database.
        same = EnginePrice.objects.filter(price=self.price_id, engine=self.engine)
        if self.price_id and same.exclude(pk=self.pk).exists():
            raise ValidationError({"engine": ValidationError(_("This engine has a price already."), code="same")})

"""The reviewers' rows: what was really said in a turn."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_LETTERS = 2000
"""Of a correction: three minutes of fast speech; a turn lasts 55 s at most."""


class Correction(models.Model):
    """What a person says was said in a turn. One row a save, counted within the turn; the newest counts, and of the
    others only the search text changes. A withdrawal takes back what stands before it, whoever said it.

    Apart from the Transcript, which is its writer's alone and can still be revised; ``turn`` is its number there.
    """

    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="corrections")
    turn = models.PositiveIntegerField(_("turn"))
    number = models.PositiveIntegerField(_("number"))
    text = models.CharField(_("text"), max_length=MOST_LETTERS, blank=True)
    search_text = models.TextField(null=True, editable=False)  # noqa: DJ001 - null is: written by who did not know it
    """The text as calls/core/search_text.py writes it, of the newest alone: what no longer counts is not found."""
    withdrawn = models.BooleanField(_("withdrawn"), default=False)
    """The heard text stands again; else an empty text says that nothing was said."""
    is_again = models.BooleanField(default=False, db_default=False, editable=False)
    """Written behind another person's withdrawal, which took back their own alone: it stands again."""
    turn_revision = models.PositiveIntegerField()
    """The turn's, when it was corrected."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150)
    made_at = models.DateTimeField(_("time"))

    class Meta:
        ordering = ("turn", "number")
        default_permissions = ()
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        # Of two who correct what they saw at the same time, one makes the row.
        constraints = (models.UniqueConstraint(fields=["call", "turn", "number"], name="one_row_a_correction"),)

    def __str__(self) -> str:
        return f"{self.call_id}/{self.turn}/{self.number}"

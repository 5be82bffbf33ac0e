"""ApiToken: the key of another system that reads calls. Its text is shown once and kept nowhere: a digest finds it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

KNOWN_BY = 8
"""Characters of a token that stand on the list, behind MARK."""
MARK = "vapi_"
"""How one begins: so that those who look for lost secrets know it."""
NOTED_EVERY = timedelta(minutes=1)
"""Of ``last_used_at``: a system that asks all the time costs no write each time."""


class Scope(models.TextChoices):
    CALLS = "calls:read", _("calls: times, ends and figures")
    WORDS = "words:read", _("words: what was said, as recognised and corrected")
    NUMBERS = "numbers:read", _("callers' numbers, else masked")


class ApiToken(models.Model):
    """One system's."""

    name = models.CharField(_("name"), max_length=80, help_text=_("The system that uses it."))
    prefix = models.CharField(_("begins with"), max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """SHA-256: a token is random and long, so that nothing slower guards it better."""
    scopes = models.JSONField(_("may read"), default=list)
    all_lines = models.BooleanField(
        _("all lines"),
        default=False,
        db_default=False,
        help_text=_("Calls of every line, also of those that are added later."),
    )
    """Of its own: a token whose lines are all deleted reads nothing."""
    lines = models.ManyToManyField(
        "calls.PhoneLine",
        blank=True,
        related_name="+",
        verbose_name=_("lines"),
        help_text=_("Calls of these lines alone."),
    )
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+")
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def renew(self) -> str:
        """Give it a new text, which is returned and kept nowhere; not saved."""
        text = MARK + secrets.token_urlsafe(32)
        self.prefix, self.digest = text[: len(MARK) + KNOWN_BY], _digest(text)
        return text

    def may(self, scope: Scope) -> bool:
        return scope.value in self.scopes


def token_of(text: str) -> ApiToken | None:
    """The token with this text, if it stands; that it was used is noted. Blocking."""
    token = ApiToken.objects.filter(digest=_digest(text), revoked_at=None).first()
    if token is not None:
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > NOTED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""The reviewers' rows about calls: verdicts, marks, tags, notes and samples. All of them go with their call."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_NOTE_LETTERS = 2000
PERSON = settings.AUTH_USER_MODEL


class CallReview(models.Model):
    """One person's review of a call. Whoever thinks again changes the verdict of their own row."""

    class Verdict(models.TextChoices):
        FINE = "fine", _("fine")
        FOLLOW_UP = "follow_up", _("to follow up")
        TRAINING = "training", _("for training")

    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="reviews")
    user = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    corrected = models.PositiveIntegerField(default=0)
    """Turns of which a correction of this person's stood when they were done."""
    opened_at = models.DateTimeField(null=True)
    """When the person had claimed the call; null: they had not."""
    made_at = models.DateTimeField(db_index=True)
    is_blind = models.BooleanField(null=True, editable=False)
    """What others said of the call could not be read by the person until they had said this; null: written by who did
    not know it."""

    class Meta:
        ordering = ("made_at",)
        default_permissions = ()
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        permissions = (("oversee_reviews", _("May draw samples, see who reviewed how many, and free claimed calls")),)
        constraints = (models.UniqueConstraint(fields=["call", "user"], name="one_review_a_person"),)

    def __str__(self) -> str:
        return f"{self.call_id}/{self.username}: {self.verdict}"


class Informed(models.Model):
    """A person who took their review of a call back after they could read what others said of it: a further review of
    theirs is not blind."""

    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="+")
    user = models.ForeignKey(PERSON, models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        verbose_name = _("person who knows another's review")
        verbose_name_plural = _("people who know another's review")
        constraints = (models.UniqueConstraint(fields=["call", "user"], name="informed_once"),)

    def __str__(self) -> str:
        return f"{self.call_id}/{self.user_id}"


class TurnMark(models.Model):
    """What somebody has found of a turn; ``turn`` is its number, as Correction has it. A row a person: of two who
    review one call, neither is told what the other said."""

    class Kind(models.TextChoices):
        UNCLEAR = "unclear", _("unclear")
        CROSSTALK = "crosstalk", _("crosstalk")
        NOT_HEBREW = "not_hebrew", _("not Hebrew")
        PERSONAL = "personal", _("personal data")

    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="marks")
    turn = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    user = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        verbose_name = _("mark of a turn")
        verbose_name_plural = _("marks of turns")
        constraints = (models.UniqueConstraint(fields=["call", "turn", "kind", "user"], name="one_mark_of_a_kind"),)

    def __str__(self) -> str:
        return f"{self.call_id}/{self.turn}: {self.kind}"


class CallTag(models.Model):
    """One of the line's own tags (PhoneLine.review_tags) on a call of it; a row a person, as TurnMark."""

    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="tags")
    name = models.CharField(max_length=80)
    user = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)
        default_permissions = ()
        verbose_name = _("tag of a call")
        verbose_name_plural = _("tags of calls")
        constraints = (models.UniqueConstraint(fields=["call", "name", "user"], name="one_row_a_tag"),)

    def __str__(self) -> str:
        return f"{self.call_id}: {self.name}"


class CallNote(models.Model):
    """What somebody wrote about a call. It is not changed."""

    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="notes")
    text = models.CharField(max_length=MOST_NOTE_LETTERS)
    user = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("made_at", "pk")
        default_permissions = ()
        verbose_name = _("note on a call")
        verbose_name_plural = _("notes on calls")

    def __str__(self) -> str:
        return f"{self.call_id}/{self.username}"


class Mention(models.Model):
    """A person whom a note names; theirs until they say that they have seen it."""

    note = models.ForeignKey(CallNote, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(PERSON, models.CASCADE, related_name="+", db_index=False)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("mention in a note")
        verbose_name_plural = _("mentions in notes")
        constraints = (models.UniqueConstraint(fields=["note", "user"], name="named_once"),)
        indexes = (models.Index(fields=["user"], name="unseen_mentions", condition=models.Q(seen_at=None)),)

    def __str__(self) -> str:
        return str(self.user)


class ReviewSample(models.Model):
    """Calls drawn at random (calls/desk/review/queue/sampling.py), kept with what one needs to draw them again."""

    seed = models.CharField(_("seed"), max_length=64)
    line = models.CharField(_("line"), max_length=64, blank=True)
    """A number; empty: all lines."""
    since = models.DateTimeField()
    until = models.DateTimeField()
    """Of the calls that started from the one moment on and before the other."""
    population = models.PositiveIntegerField()
    """So many there were."""
    size = models.PositiveIntegerField()
    user = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at",)
        default_permissions = ()
        verbose_name = _("sample for review")
        verbose_name_plural = _("samples for review")

    def __str__(self) -> str:
        return f"{self.pk}: {self.size} / {self.population}"


class SampledCall(models.Model):
    """A call of a sample."""

    sample = models.ForeignKey(ReviewSample, models.CASCADE, related_name="calls")
    queued = models.ForeignKey("calls.QueuedCall", models.CASCADE, related_name="samples")
    position = models.PositiveIntegerField()
    """From 1, in the order in which they were drawn and are reviewed."""

    class Meta:
        ordering = ("position",)
        default_permissions = ()
        verbose_name = _("call of a sample")
        verbose_name_plural = _("calls of samples")
        constraints = (models.UniqueConstraint(fields=["sample", "queued"], name="drawn_once"),)

    def __str__(self) -> str:
        return f"{self.sample_id}/{self.position}"

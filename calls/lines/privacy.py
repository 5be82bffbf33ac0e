"""What a line keeps of its calls, and for how long: columns of PhoneLine, and who changed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.core.kept_words import Keeps
from calls.lines.changes import LineChange
from calls.lines.sentences import speakable

MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long a line's calls are kept, in days since they ended."""

    recordings_days: int = 90
    """Audio and traces, which hold words."""
    words_days: int = 365
    """The call, with its turns and all that people wrote of it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What callers are told before anything else: that the call is recorded, written down, and by whom."""

    text: str = ""
    recording: str = ""
    """Address of a sound file that Twilio plays instead."""

    def __bool__(self) -> bool:
        return bool(self.text or self.recording)


_DEFAULT = Retention()


class LinePrivacy(models.Model):
    """Columns have database defaults: a process of before them may still add a line."""

    recordings_days = models.PositiveSmallIntegerField(
        _("recordings are kept (days)"),
        default=_DEFAULT.recordings_days,
        db_default=_DEFAULT.recordings_days,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text=_("1 to 3650. With them the traces of recognition, by which a call is simulated."),
    )
    words_days = models.PositiveSmallIntegerField(
        _("words are kept (days)"),
        default=_DEFAULT.words_days,
        db_default=_DEFAULT.words_days,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text=_("1 to 3650, no fewer than recordings. Then the call is deleted, with all that was written of it."),
    )

    keeps_recordings = models.BooleanField(
        _("calls are recorded"), default=True, db_default=True, help_text=_("Off: no audio is stored, ours neither.")
    )
    keeps_words = models.BooleanField(
        _("words are stored"),
        default=True,
        db_default=True,
        help_text=_(
            "Off: what is said is answered and shown live, and not stored: a turn's row has its times, and no text."
        ),
    )
    redacts = models.BooleanField(
        _("identity numbers and cards are masked"),
        default=True,
        db_default=True,
        help_text=_("In what is stored, shown live and exported, where the check digit is right."),
    )
    notice = models.CharField(
        _("notice to callers"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("Said in Hebrew at the start of a call, before anything is heard or recorded. Empty: nothing."),
        validators=[speakable],
    )
    notice_recording = models.CharField(
        _("recorded notice"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Address of a sound file (WAV, MP3) that Twilio plays instead. Where it is gone calls fail: try it."
        ),
        validators=[URLValidator(schemes=["https"])],
    )
    notice_since = models.DateTimeField(_("callers are told since"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def keeps(self) -> Keeps:
        return Keeps(recordings=self.keeps_recordings, words=self.keeps_words, redacts=self.redacts)

    @property
    def spoken_notice(self) -> Notice:
        return Notice(self.notice, self.notice_recording)

    def date_notice(self) -> None:
        """Callers are told since now, or no more; another wording tells them as well."""
        if not self.spoken_notice:
            self.notice_since = None
        elif self.notice_since is None:
            self.notice_since = timezone.now()

    @property
    def retention(self) -> Retention:
        return Retention(self.recordings_days, self.words_days)

    def clean(self) -> None:
        """A recording holds the words as well, and is found by its call alone."""
        super().clean()
        if self.recordings_days and self.words_days and self.words_days < self.recordings_days:
            sentence = _("Words are kept for at least as long as recordings, which hold them as well.")
            raise ValidationError({"words_days": ValidationError(sentence, code="words_before_recordings")})


PRIVACY_FIELDS = {field.name: field.verbose_name for field in LinePrivacy._meta.local_fields if field.editable}


class PrivacyChange(LineChange):
    """Who changed what a line keeps of its calls."""

    setting = models.CharField(_("what"), max_length=40, choices=list(PRIVACY_FIELDS.items()))
    before = models.CharField(_("before"), max_length=500, blank=True)
    after = models.CharField(_("after"), max_length=500, blank=True)

    class Meta(LineChange.Meta):
        verbose_name = _("change of what is kept")
        verbose_name_plural = _("changes of what is kept")

    def __str__(self) -> str:
        return f"{self.username}: {self.get_setting_display()} \u2066{self.line}\u2069"


def note_privacy_changes(line: Any, before: dict[str, str], after: dict[str, str], user: Any) -> None:
    """A row for each setting that has changed; of a new line those that are not the defaults."""
    now = timezone.now()
    PrivacyChange.objects.bulk_create(
        PrivacyChange(
            line=line.number,
            setting=name,
            before=before[name],
            after=after[name],
            user=user,
            username=user.get_username(),
            changed_at=now,
        )
        for name in PRIVACY_FIELDS
        if before[name] != after[name]
    )


def privacy_of(line: LinePrivacy) -> dict[str, str]:
    """The settings as ``note_privacy_changes`` compares and keeps them."""
    return {name: "" if (value := getattr(line, name)) is None else str(value)[:500] for name in PRIVACY_FIELDS}

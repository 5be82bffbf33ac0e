"""What people do with profiles beside editing one: each leaves who did it in the profile's history."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from stt.engines_demand import check_change
from stt.models import SETTINGS, TuningProfile
from stt.tuning import hints_flaws


def duplicate(profile: TuningProfile, by: Any) -> TuningProfile:
    """A profile of its own with the same settings, which no line uses yet."""
    names = set(TuningProfile.objects.values_list("name", flat=True))
    number = next(n for n in range(2, len(names) + 3) if f"{profile.name} {n}" not in names)
    copy = TuningProfile(name=f"{profile.name} {number}", **profile.settings())
    copy._history_user = by
    copy.save()
    return copy


def activate(profile: TuningProfile, by: Any) -> None:
    """Make it the default of every line without one. Raises ValidationError where a demand on engines refuses it."""
    with transaction.atomic():
        check_change(profile, TuningProfile.objects.filter(is_default=True).exclude(pk=profile.pk).first())
        for one in TuningProfile.objects.select_for_update().filter(is_default=True).exclude(pk=profile.pk):
            _set_default(one, False, by)
        _set_default(profile, True, by)


def restore(profile: TuningProfile, revision: Any, by: Any) -> None:
    """Back to a row of the profile's history: its settings again, as a new revision. Raises ValidationError where the
    profile's demand on engines refuses it."""
    for name in SETTINGS:
        setattr(profile, name, getattr(revision, name))
    check_change(profile, TuningProfile.objects.filter(pk=profile.pk).first())
    profile._history_user = by
    profile._change_reason = _("back to revision %(revision)s") % {"revision": revision.revision}
    profile.save()


def add_hint(profile: int, word: str, by: Any) -> bool:
    """Expect one more word in calls of the profile with this id; False where it is expected already.

    Raises TuningProfile.DoesNotExist, and ValidationError for hints that the engine does not take.
    """
    with transaction.atomic():
        one = TuningProfile.objects.select_for_update().get(pk=profile)
        if word in one.hints():
            return False
        one.phrases = "\n".join((*one.hints(), word))
        if flaws := hints_flaws(one.hints()):
            raise ValidationError([ValidationError(_(flaw.sentence), code=flaw.code) for flaw in flaws])
        one._history_user = by
        one._change_reason = _("a word that was heard wrong")
        one.save()
    return True


def _set_default(profile: TuningProfile, default: bool, by: Any) -> None:
    profile.is_default = default
    profile._history_user = by
    profile.save()

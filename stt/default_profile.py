"""Which profile is every line's that names none, and that there always is one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from stt.models import TuningProfile

NAME = "default"


def ruling(profiles: Iterable[TuningProfile]) -> TuningProfile | None:
    """Of these the one that is ticked as the default, else the one named "default". None: the environment's values
    rule."""
    found = {profile.is_default: profile for profile in profiles if profile.is_default or profile.name == NAME}
    return found.get(True) or found.get(False)


def default_of(profiles: QuerySet[TuningProfile]) -> TuningProfile | None:
    """``ruling``, of rows. Raises DatabaseError."""
    return ruling(profiles.filter(Q(is_default=True) | Q(name=NAME)))


def check_default(profile: TuningProfile, before: TuningProfile | None) -> None:
    """Raises ValidationError where a save would leave no default, or two."""
    others = type(profile).objects.filter(is_default=True).exclude(pk=profile.pk)
    if before is not None and before.is_default and not profile.is_default and not others.exists():
        code = "only_default"
        sentence = _(
            'This is the default. To have another: select it on the list, "Make the selected profile the default".'
        )
    elif profile.is_default and (other := others.first()) is not None:
        code = "another_default"
        sentence = _(
            'The default is %(name)s. To have this one instead: select it on the list, "Make the selected profile the '
            'default".'
        ) % {"name": other.name}
    else:
        return
    raise ValidationError({"is_default": ValidationError(sentence, code=code)})

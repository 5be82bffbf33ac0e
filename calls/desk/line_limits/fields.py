"""The fields by which the page of a person or of a group says which lines' calls they see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from calls.desk.line_limits.models import LineLimit
from calls.desk.line_limits.seen import ALL, SeenLines, limit_of
from calls.lines.models import PhoneLine

FIELDS = ("is_limited", "seen_lines")
LINES_WITHOUT_LIMIT = _(
    "Lines are ticked and this box is not: all lines would be seen. Tick it too, or untick the lines."
)


class LimitFields(forms.ModelForm):
    """Before the form of a person or a group."""

    seen = ALL
    """By whoever is at the page: they give no other lines, and neither set a limit nor lift one."""

    is_limited = forms.BooleanField(
        label=_("sees the calls of these lines alone"),
        required=False,
        help_text=_(
            "Not ticked: of all lines. Ticked without a line: of none. What a person and their groups may see adds up, "
            "and one limit among them is enough to be limited. It does not hold for superusers."
        ),
    )
    seen_lines = forms.ModelMultipleChoiceField(
        PhoneLine.objects.none(), label=_("lines"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seen_lines" not in self.fields:
            return
        limit = limit_of(self.instance)
        offered: Any = self.fields["seen_lines"]
        offered.queryset = self.seen.of(PhoneLine)
        self.initial["is_limited"] = limit.is_limited
        self.initial["seen_lines"] = list(PhoneLine.objects.filter(number__in=limit.numbers or ()))
        self.fields["is_limited"].disabled = self.seen.is_limited

    def clean(self) -> dict[str, Any] | None:
        """Ticked lines limit nobody by themselves: whoever ticks some and not the box means to limit, and would give
        every line."""
        said = super().clean()
        if self.cleaned_data.get("seen_lines") and not self.cleaned_data.get("is_limited"):
            self.add_error("is_limited", LINES_WITHOUT_LIMIT)
        return said


def keep_limit(row: Any, form: Any, seen: SeenLines) -> None:
    """What the form says, once the person or group is saved. A new person whose form does not ask sees no more than
    ``seen``, which is what whoever makes them sees."""
    said = form.cleaned_data
    if "is_limited" in said:
        set_limit(row, said["seen_lines"] if said["is_limited"] else None)
    elif seen.is_limited:
        set_limit(row, seen.of(PhoneLine))


def set_limit(row: Any, lines: Any) -> None:
    """``lines``: those that the person or group sees; None: no limit. Raises DatabaseError."""
    of = {row._meta.model_name: row}
    if lines is None:
        LineLimit.objects.filter(**of).delete()
        return
    limit, _new = LineLimit.objects.get_or_create(**of)
    limit.lines.set(lines)


def shown_limit(row: Any, seen: SeenLines) -> str:
    """For who may only read the page: by name the lines that they see themselves, of others how many they are."""
    limit = limit_of(row)
    if limit.numbers is None:
        return gettext("all lines")
    named = list(map(str, seen.of(PhoneLine.objects.filter(number__in=limit.numbers))))
    count = len(limit.numbers) - len(named)
    others = ngettext("%(count)s other line", "%(count)s other lines", count) % {"count": count}
    if named and count:
        return gettext("%(lines)s, and %(others)s") % {"lines": ", ".join(named), "others": others}
    return ", ".join(named) or (others if count else gettext("no line"))

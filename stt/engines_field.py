"""A profile's engines as its form shows them: a choice for each place, with what each engine can."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from stt.engine_variables import engine_variables, names_of, unknown_engines
from stt.engines.catalogue import ENTRIES, EngineEntry
from stt.tuning import MOST_ENGINES


class EnginesWidget(forms.MultiWidget):
    """A select a place, each in a line of its own."""

    template_name = "stt/engines_widget.html"

    def decompress(self, value: str | None) -> list[str]:
        names = list(names_of(value or ""))[:MOST_ENGINES]
        return names + [""] * (MOST_ENGINES - len(names))


class EnginesField(forms.MultiValueField):
    """Cleans to the names in order, with commas, as the row has them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("max_length", None)
        values = engine_variables()
        known = [(entry.name, _described(entry, entry.missing(values))) for entry in ENTRIES]
        places: list[list[tuple[str, Any]]] = [known, *[[("", _("— none —")), *known]] * (MOST_ENGINES - 1)]
        fields = [forms.ChoiceField(choices=choices, required=place == 0) for place, choices in enumerate(places)]
        # The first place has the field's own name.
        widget = EnginesWidget(
            {
                str(place + 1) if place else "": forms.Select(
                    {"aria-label": format_lazy(_("Engine {place}"), place=place + 1)}, choices
                )
                for place, choices in enumerate(places)
            }
        )
        super().__init__(fields, widget=widget, require_all_fields=False, **kwargs)

    def show_unknown(self, text: str) -> None:
        """Let the field show engines of a stored row that there are not, which saving refuses (``unknown_engine``): a
        choice that is not offered would look like the first of those that are."""
        for name in unknown_engines(text):
            place: Any
            for place, select in zip(self.fields, self.widget.widgets, strict=True):
                said = format_lazy(_("{engine}: there is no such engine"), engine=name)
                place.choices = select.choices = [*place.choices, (name, said)]

    def compress(self, data_list: list[str]) -> str:
        return ",".join(name for name in data_list if name)


def _described(entry: EngineEntry, missing: str) -> Any:
    """What an engine can, in a line."""
    can = entry.capabilities
    parts = [
        _(entry.title),
        entry.hebrew,
        _("streams and whole utterances") if can.streaming and can.one_shot else None,
        _("streams only") if not can.one_shot else None,
        _("whole utterances only") if not can.streaming else None,
        _("word times") if can.word_times else _("no word times"),
        f"\u2066≤ {can.longest_stream_s:.0f} s\u2069" if can.longest_stream_s else None,
        f"\u2066${can.price_per_hour}/h\u2069",
        _("not set up on this server") if missing else None,
    ]
    said = [part for part in parts if part]
    return format_lazy(" · ".join(["{}"] * len(said)), *said)

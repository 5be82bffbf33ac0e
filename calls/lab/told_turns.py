"""What the demo prints of a call while it runs, from the updates of /ws/live/. Pure."""

from __future__ import annotations

from typing import Any


class ToldTurns:
    """Makes a line of each update that says something new; knows what was printed of each turn."""

    def __init__(self, *, shows_partials: bool) -> None:
        self._shows_partials = shows_partials
        self._texts: dict[tuple[str, str], str] = {}

    def line_of(self, update: dict[str, Any]) -> str | None:
        """The update in one line; None where nothing is to be printed."""
        match update["kind"]:
            case "partial" if self._shows_partials:
                return f"… {update['text']}"
            case "turn":
                return self._line_of_turn(update)
            case "answer" if not update["playing"]:
                return _line_of_answer(update)
        return None

    def _line_of_turn(self, update: dict[str, Any]) -> str | None:
        which, text = (update["call"], update["key"]), update["text"]
        # Of the states of a turn that come close together only the newest is sent: the first one that is told of may
        # be revised already.
        is_first, is_other = which not in self._texts, self._texts.get(which) != text
        self._texts[which] = text
        said = f"{update['number']}. {text}   "
        if is_first:
            latency = f"partial {_ms(update['partial_ms'])}, final {_ms(update['final_ms'])}"
            return f"{said}[LATENCY] {update['source']}: {latency}, emulated"
        # A turn is told of again when it is answered.
        return f"{said}(revised)" if is_other else None


def _line_of_answer(update: dict[str, Any]) -> str:
    latency = ", ".join(
        f"{what} {_ms(update[value])}"
        for what, value in (("floor", "floor_ms"), ("first", "first_audio_ms"), ("total", "total_ms"))
    )
    return f"◀ {update['text']}   [LATENCY] {update['floor_rule']}: {latency}, emulated"


def _ms(value: int | None) -> str:
    return "n/a" if value is None else f"{value} ms"

"""A call's turns, of the caller and of the line, as their rows have them."""

from types import SimpleNamespace

from calls.core.agent_turns import AgentTurn, AnswerTimes, MadeBy, PlayedPart
from calls.core.turns import Source, Turn


def answer(floor_at_ms, answers=1, floor_ms=1000, first_audio_ms=200, **more):
    """One of the line's, by when it took the floor."""
    heard, times = {"heard": more.pop("heard", PlayedPart())}, {"floor_ms": floor_ms, "first_audio_ms": first_audio_ms}
    charged = {name: more.pop(name, 0) for name in ("tokens", "characters")}
    total_ms = None if floor_ms is None else floor_ms + first_audio_ms
    one = AgentTurn(
        5001, floor_at_ms + first_audio_ms, floor_at_ms + 2000, "כן", answers=answers,
        times=AnswerTimes(total_ms=total_ms, **times), made_by=MadeBy(**charged), **heard, **more,
    )  # fmt: skip
    return SimpleNamespace(**one.as_row())


def turn(started_ms=0, ended_ms=1000, text="א ב", source=Source.FINAL, **more):
    return Turn(1, started_ms, ended_ms, text, source, **more)

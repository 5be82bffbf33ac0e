"""Plain values to a DialogueScript: each key is known, each value of its kind; faults are gathered with paths. Pure.

Whether the steps make a conversation is checked after it (calls/reply/dialogue_checks.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from calls.core.text import clean, has_controls
from calls.reply.aloud import without_points
from calls.reply.dialogue_expecting import expect_of
from calls.reply.dialogue_faults import DialogueFault
from calls.reply.dialogue_format import (
    EXAMPLE_DAY,
    MAX_ATTEMPTS,
    PLACEHOLDER,
    DialogueScript,
    DialogueStep,
    Example,
    ExampleLine,
    LineKind,
    Route,
    RouteAct,
    StepQuestion,
)
from calls.reply.items import ExpectationKind, HangUp, NoteValue, PlayRecording, PlayTones, Transfer
from calls.reply.markup import has_words

MAX_TEXT = 1000
MAX_EXAMPLES, MAX_LINES = 50, 40
HANG_UP = "hang_up"
ACTS = (HANG_UP, "transfer", "play", "tones", "note")
_NAME = re.compile(r"[^\W\d_]\w{0,39}")
_TONES = re.compile(r"[0-9*#A-D]{1,64}")
_QUESTION = ("expect", "save", "secret", "match", "no_match", "silence", "timeout", "attempts", "again")


class DialogueReader:
    """Reads one document; ``faults`` holds what is wrong with it."""

    def __init__(self) -> None:
        self.faults: list[DialogueFault] = []

    def script(self, document: Any) -> DialogueScript | None:
        """None where nothing of it can be read. A script with faults is not to be used."""
        keys = ("start", "steps", "goodbye", "no_match", "timeout", "transfer_failed", "examples")
        top = self._keys(document, "", keys)
        steps = self.mapping(top.get("steps"), "steps")
        if not steps:
            if not self.faults:
                self.fault("steps", "missing")
            return None
        common = {key: self.route(top[key], key) for key in ("no_match", "timeout") if key in top}
        return DialogueScript(
            start=self.text(top.get("start", next(iter(steps))), "start"),
            steps={name: self._step(name, step, common) for name, step in steps.items()},
            goodbye=self._said(top.get("goodbye", ""), "goodbye"),
            transfer_failed=self.route(top["transfer_failed"], "transfer_failed") if "transfer_failed" in top else None,
            examples=self._examples(top.get("examples", [])),
        )

    def route(self, value: Any, path: str) -> Route:
        """A step's name, ``hang_up``, an act, or a list of acts that ends with one of these."""
        acts: list[RouteAct] = []
        step = ""
        items = value if isinstance(value, list) else [value]
        for place, item in enumerate(items):
            at = f"{path}.{place}" if isinstance(value, list) else path
            if step or (acts and isinstance(acts[-1], HangUp | Transfer)):
                self.fault(at, "after_the_end")
            elif isinstance(item, str) and item != HANG_UP:
                step = self.text(item, at)
            else:
                acts += self._acts(item, at)
        if not step and not (acts and isinstance(acts[-1], HangUp | Transfer)):
            self.fault(path, "no_way_on")
        return Route(tuple(acts), step)

    def text(self, value: Any, path: str, longest: int = MAX_TEXT) -> str:
        if not isinstance(value, str):
            self.fault(path, "not_text")
            return ""
        if len(value) > longest:
            self.fault(path, "too_long", most=longest)
        if has_controls(value):
            self.fault(path, "bad_character")
        return clean(value).strip()

    def name(self, value: Any, path: str) -> str:
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self.fault(path, "bad_name")
            return ""
        return value

    def number(self, value: Any, path: str, low: int, high: int) -> int:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{1,4}", value) or not low <= int(value) <= high:
            self.fault(path, "out_of_range", value=str(value)[:20], low=low, high=high)
            return low
        return int(value)

    def mapping(self, value: Any, path: str) -> Mapping[str, Any]:
        if value is None:
            self.fault(path, "missing")
        elif not isinstance(value, dict):
            self.fault(path, "not_a_mapping")
        return value if isinstance(value, dict) else {}

    def sequence(self, value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            self.fault(path, "not_a_list")
            return []
        return value

    def fault(self, path: str, code: str, **named: object) -> None:
        self.faults.append(DialogueFault(path, code, named))

    def _keys(self, value: Any, path: str, known: tuple[str, ...]) -> Mapping[str, Any]:
        found = self.mapping(value, path)
        for key in found:
            if key not in known:
                self.fault(f"{path}.{key}".lstrip("."), "unknown_key", known=", ".join(known))
        return found

    def _said(self, value: Any, path: str) -> str:
        """A text for the ear; a value that stands in it is taken for a word."""
        text = self.text(value, path)
        if text and not has_words(PLACEHOLDER.sub("א", text)):
            self.fault(path, "no_words")
        return text

    def _flag(self, value: Any, path: str) -> bool:
        if value not in ("true", "false"):
            self.fault(path, "not_a_flag", value=str(value)[:20])
        return bool(value == "true")

    def _step(self, name: str, value: Any, common: Mapping[str, Route]) -> DialogueStep:
        path = f"steps.{name}"
        if self.name(name, path) == HANG_UP:
            self.fault(path, "bad_name")
        found = self._keys(value, path, ("say", "next", "interruptible", *_QUESTION))
        if "say" not in found and isinstance(value, dict):
            self.fault(f"{path}.say", "missing")
        question = following = None
        if "expect" in found:
            question = self._question(path, found, common)
            if "next" in found:
                self.fault(f"{path}.next", "unknown_key", known="match")
        else:
            for key in _QUESTION:
                if key in found:
                    self.fault(f"{path}.expect", "missing")
                    break
            following = self._following(found, "next", path)
        return DialogueStep(
            name,
            self._said(found.get("say", ""), f"{path}.say"),
            self._said(found.get("again", ""), f"{path}.again"),
            self._flag(found.get("interruptible", "true"), f"{path}.interruptible"),
            question,
            following,
        )

    def _following(self, found: Mapping[str, Any], key: str, path: str) -> Route:
        if key not in found:
            self.fault(f"{path}.{key}", "missing")
            return Route()
        return self.route(found[key], f"{path}.{key}")

    def _question(self, path: str, found: Mapping[str, Any], common: Mapping[str, Route]) -> StepQuestion:
        faults = len(self.faults)
        expect, spoken = expect_of(self, found["expect"], f"{path}.expect")
        values = ["yes", "no"] if expect.kind is ExpectationKind.YES_NO else [value for value, _ in expect.choices]
        # What is expected of a faulty question nobody knows.
        known = values if len(self.faults) == faults else None
        routes = {
            key: self.route(found[key], f"{path}.{key}") if key in found else common.get(key)
            for key in ("no_match", "timeout", "silence")
        }
        if routes["no_match"] is None and expect.kind is not ExpectationKind.OPEN:
            self.fault(f"{path}.no_match", "missing")
        return StepQuestion(
            expect,
            self._match(found, path, known),
            self.name(found["save"], f"{path}.save") if "save" in found else "",
            self._flag(found.get("secret", "false"), f"{path}.secret"),
            self.number(found.get("attempts", "2"), f"{path}.attempts", 1, MAX_ATTEMPTS),
            routes["no_match"],
            routes["silence"],
            routes["timeout"],
            spoken,
        )

    def _match(self, found: Mapping[str, Any], path: str, values: Sequence[str] | None) -> Mapping[str, Route]:
        """Where answers lead: one way for all, or by value; ``else`` is the rest."""
        value = found.get("match")
        by_value = isinstance(value, dict) and not (len(value) == 1 and next(iter(value)) in ACTS)
        if not by_value or not isinstance(value, dict):
            return {"": self._following(found, "match", path)}
        routes: dict[str, Route] = {}
        for one, route in value.items():
            at, one = f"{path}.match.{one}", without_points(one).strip()
            if values is not None and one != "else" and one not in values:
                self.fault(at, "unknown_value", value=one)
            routes["" if one == "else" else one] = self.route(route, at)
        for one in values or ():
            if one not in routes and "" not in routes:
                self.fault(f"{path}.match.{one}", "missing")
        return routes

    def _acts(self, item: Any, path: str) -> list[RouteAct]:
        if item == HANG_UP:
            return [HangUp()]
        found = self.mapping(item, path)
        acts: list[RouteAct] = []
        for act, value in found.items():
            at = f"{path}.{act}"
            if act == "transfer":
                acts.append(Transfer(self._filled(value, at, 80)))
            elif act == "play":
                acts.append(PlayRecording(self._filled(value, at, 80)))
            elif act == "tones":
                tones = self.text(value, at)
                if not _TONES.fullmatch(tones):
                    self.fault(at, "bad_tones")
                acts.append(PlayTones(tones))
            elif act == "note":
                for key, kept in self.mapping(value, at).items():
                    acts.append(NoteValue(self.name(key, f"{at}.{key}"), self._filled(kept, f"{at}.{key}", 200)))
            else:
                self.fault(at, "unknown_act", act=act, known=", ".join(ACTS))
        return acts

    def _filled(self, value: Any, path: str, longest: int) -> str:
        text = self.text(value, path, longest)
        if not text and isinstance(value, str):
            self.fault(path, "missing")
        return text

    def _examples(self, value: Any) -> tuple[Example, ...]:
        examples = self.sequence(value, "examples")
        if len(examples) > MAX_EXAMPLES:
            self.fault("examples", "too_many", count=len(examples), most=MAX_EXAMPLES)
        return tuple(self._example(one, f"examples.{place}") for place, one in enumerate(examples[:MAX_EXAMPLES]))

    def _example(self, value: Any, path: str) -> Example:
        found = self._keys(value, path, ("name", "today", "talk", "saved", "ends"))
        talk = self.sequence(found.get("talk", []), f"{path}.talk")
        if len(talk) > MAX_LINES:
            self.fault(f"{path}.talk", "too_many", count=len(talk), most=MAX_LINES)
        lines = tuple(self._line(one, f"{path}.talk.{place}") for place, one in enumerate(talk[:MAX_LINES]))
        if not {"saved", "ends"} & set(found) and not any(line.step or line.says for line in lines):
            self.fault(path, "expects_nothing")
        saved = None
        if "saved" in found:
            values = self.mapping(found["saved"], f"{path}.saved")
            saved = {key: self.text(one, f"{path}.saved.{key}") for key, one in values.items()}
        ends = self.route(found["ends"], f"{path}.ends") if "ends" in found else None
        act = ends.acts[-1] if ends and ends.ends and ends.acts else None
        if ends and not isinstance(act, HangUp | Transfer):
            self.fault(f"{path}.ends", "one_of", known="hang_up, transfer")
        name = self.text(found.get("name", ""), f"{path}.name", 80)
        today = EXAMPLE_DAY
        if "today" in found:
            try:
                today = date.fromisoformat(self.text(found["today"], f"{path}.today"))
            except ValueError:
                self.fault(f"{path}.today", "not_a_day")
        return Example(name, lines, saved, act if isinstance(act, HangUp | Transfer) else None, today)

    def _line(self, value: Any, path: str) -> ExampleLine:
        found = self._keys(value, path, ("caller", "silence", "timeout", "revised", "step", "says"))
        kinds = [kind for kind in LineKind if kind in found]
        if len(kinds) != 1:
            self.fault(path, "one_of", known=", ".join(LineKind))
            return ExampleLine(LineKind.SILENCE)
        words = {key: self.text(found.get(key, ""), f"{path}.{key}") for key in ("caller", "revised", "step", "says")}
        return ExampleLine(kinds[0], **words)

"""A dialogue's text, in YAML or JSON, as plain mappings, lists and texts.

Of YAML only the events are taken, which are texts: ``yes`` stays a word, 14:30 a time and 0521234567 a number with its
zero, which YAML 1.1 would make True, 870 and octal. Anchors, aliases and tags are refused, so a small text stays small;
so are keys that stand twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import yaml

from calls.reply.dialogue_faults import DialogueFault, DialogueInvalid
from calls.reply.dialogue_format import MAX_BYTES

MAX_LEVELS = 12
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's where PyYAML was built with it: twenty times as fast."""
Plain = str | dict[str, Any] | list[Any]
"""Nothing else is in it, however deep."""


def plain_of(text: str) -> Plain:
    """The document's values. Raises DialogueInvalid."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise DialogueInvalid([DialogueFault("", "too_large", {"size": size, "most": MAX_BYTES})])
    if re.match(r'\ufeff?\s*\{\s*"', text):
        return _of_json(text)
    try:
        return _of_yaml(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise _syntax(f"{error.problem}{where}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise _syntax(str(error).splitlines()[0]) from error


def _of_yaml(text: str) -> Plain:
    """Refuses what could make much of little before it is read on."""
    events: Any = yaml.parse(text, Loader=_LOADER)
    with closing(events):
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            return ""
        document = _of_events(events, next(events), "", 1)
        next(events)
        if not isinstance(next(events), yaml.StreamEndEvent):
            raise _syntax("more than one document")
    return document


def _of_events(events: Iterator[Any], event: Any, path: str, level: int) -> Plain:
    """The value that begins with this event."""
    if isinstance(event, yaml.AliasEvent) or event.anchor or (event.tag and event.tag != "!"):
        raise DialogueInvalid([DialogueFault(f"line {event.start_mark.line + 1}", "alias")])
    if level > MAX_LEVELS + 1 or (level > MAX_LEVELS and not isinstance(event, yaml.ScalarEvent)):
        raise DialogueInvalid([DialogueFault(f"line {event.start_mark.line + 1}", "too_deep", {"most": MAX_LEVELS})])
    if isinstance(event, yaml.ScalarEvent):
        return str(event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        values: list[Any] = []
        while not isinstance(one := next(events), yaml.SequenceEndEvent):
            values.append(_of_events(events, one, f"{path}.{len(values)}".lstrip("."), level + 1))
        return values
    found: dict[str, Any] = {}
    while not isinstance(one := next(events), yaml.MappingEndEvent):
        key = _of_events(events, one, path, level + 1)
        if not isinstance(key, str):
            raise DialogueInvalid([DialogueFault(path, "not_a_mapping")])
        at = f"{path}.{key}".lstrip(".")
        if key in found:
            raise DialogueInvalid([DialogueFault(at, "duplicate")])
        found[key] = _of_events(events, next(events), at, level + 1)
    return found


def _of_json(text: str) -> Plain:
    try:
        return _texts(
            json.loads(text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=str), "", 1
        )
    except RecursionError as error:
        raise DialogueInvalid([DialogueFault("", "too_deep", {"most": MAX_LEVELS})]) from error
    except json.JSONDecodeError as error:
        raise _syntax(f"{error.msg} (line {error.lineno}, column {error.colno})") from error


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it stands, keys that stand twice among them."""


def _texts(value: Any, path: str, level: int) -> Plain:
    if level > MAX_LEVELS:
        raise DialogueInvalid([DialogueFault(path, "too_deep", {"most": MAX_LEVELS})])
    if isinstance(value, _Pairs):
        found: dict[str, Any] = {}
        for key, one in value:
            at = f"{path}.{key}".lstrip(".")
            if key in found:
                raise DialogueInvalid([DialogueFault(at, "duplicate")])
            found[key] = _texts(one, at, level + 1)
        return found
    if isinstance(value, list):
        return [_texts(one, f"{path}.{place}".lstrip("."), level + 1) for place, one in enumerate(value)]
    return {True: "true", False: "false", None: ""}[value] if not isinstance(value, str) else value


def _syntax(problem: str) -> DialogueInvalid:
    return DialogueInvalid([DialogueFault("", "syntax", {"problem": problem})])

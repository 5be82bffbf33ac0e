"""On which line of a dialogue's text each of its values stands. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import yaml


class DialogueLines:
    """Of one text; of one that is not read as YAML no line is known."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, int] = {}
        try:
            # JSON is YAML, but for some of its blanks.
            document = yaml.compose(text, Loader=yaml.SafeLoader)
            if document is not None:
                self._lines = dict(_places(document, "", set()))
        except (yaml.YAMLError, RecursionError):
            return

    def said(self, path: str) -> str:
        """``line 12: `` of a path such as ``steps.address.expect``, or of the nearest one above it that is there; else
        empty."""
        while path:
            if path in self._lines:
                return f"line {self._lines[path]}: "
            path = path.rpartition(".")[0]
        return ""


def _places(node: yaml.Node, path: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    if id(node) in seen:
        # An alias: a small text could stand for millions of places.
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        # The key's line: a text may begin below it.
        found = [(key.value, key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        found = [(place, value, value) for place, value in enumerate(node.value)]
    else:
        return
    for name, marked, value in found:
        at = f"{path}.{name}".lstrip(".")
        yield at, marked.start_mark.line + 1
        yield from _places(value, at, seen)

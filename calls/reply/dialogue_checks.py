"""Whether steps make a conversation: each can be reached, each leads to the end, each value said is known. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from calls.reply.dialogue_faults import DialogueFault, DialogueInvalid
from calls.reply.dialogue_format import PLACEHOLDER, DialogueScript, DialogueStep, ReadAs, Route
from calls.reply.dialogue_reading import DialogueReader
from calls.reply.items import NoteValue, Transfer

_BRACED = re.compile(r"\{[^{}]*\}|[{}]")


def script_of(document: Any) -> DialogueScript:
    """A dialogue's plain values (calls/reply/dialogue_text.py), read and checked. Raises DialogueInvalid."""
    reader = DialogueReader()
    script = reader.script(document)
    faults = list(reader.faults)
    if script is not None and not faults:
        # Of a document with faults half is missing: what follows from that is no news.
        faults += _unknown_steps(script) or [*_graph_faults(script), *_placeholder_faults(script)]
    if faults or script is None:
        raise DialogueInvalid(faults)
    return script


def strangers(script: DialogueScript, people: Collection[str]) -> list[DialogueFault]:
    """Whom it hands calls over to, and a line with these people does not list: each once, where it stands first."""
    faults: dict[str, DialogueFault] = {}
    for path, route in _routes(script):
        for act in route.acts:
            if isinstance(act, Transfer) and act.person not in people:
                faults.setdefault(act.person, DialogueFault(path, "unknown_person", {"person": act.person}))
    return list(faults.values())


def _routes(script: DialogueScript) -> Iterator[tuple[str, Route]]:
    for name, step in script.steps.items():
        for key, route in step.routes():
            yield f"steps.{name}.{key}", route
        if step.question and step.question.timeout:
            yield f"steps.{name}.timeout", step.question.timeout
    if script.transfer_failed:
        yield "transfer_failed", script.transfer_failed


def _unknown_steps(script: DialogueScript) -> list[DialogueFault]:
    faults = [
        DialogueFault(path, "unknown_step", {"step": route.step})
        for path, route in _routes(script)
        if route.step and route.step not in script.steps
    ]
    if script.start not in script.steps:
        faults.insert(0, DialogueFault("start", "unknown_step", {"step": script.start}))
    for number, example in enumerate(script.examples):
        for place, line in enumerate(example.talk):
            if line.step and line.step not in script.steps:
                path = f"examples.{number}.talk.{place}.step"
                faults.append(DialogueFault(path, "unknown_step", {"step": line.step}))
    return faults


def _graph_faults(script: DialogueScript) -> Iterator[DialogueFault]:
    reached = _closure({script.start} | ({script.transfer_failed.step} if script.transfer_failed else set()), script)
    ending, asking, endless = _ending(script), _asking(script), _endless(script)
    for name, step in script.steps.items():
        if name not in reached:
            yield DialogueFault(f"steps.{name}", "unreachable")
        elif name not in ending:
            yield DialogueFault(f"steps.{name}", "no_way_to_the_end")
        if name in endless:
            yield DialogueFault(f"steps.{name}.next", "endless")
        timeout = step.question.timeout if step.question else None
        if timeout and timeout.step in asking:
            yield DialogueFault(f"steps.{name}.timeout", "must_end")


def _closure(names: set[str], script: DialogueScript) -> set[str]:
    """These steps, and wherever they lead."""
    reached: set[str] = set()
    waiting = [name for name in names if name]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            step = script.steps[name]
            ways = [route for _, route in step.routes()]
            if step.question and step.question.timeout:
                ways.append(step.question.timeout)
            waiting += [route.step for route in ways if route.step]
    return reached


def _ending(script: DialogueScript) -> set[str]:
    """Steps from which some way leads to the end."""
    return _leading_to(
        {name for name, step in script.steps.items() if any(route.ends for _, route in step.routes())},
        {name: [route.step for _, route in step.routes()] for name, step in script.steps.items()},
    )


def _asking(script: DialogueScript) -> set[str]:
    """Steps that are questions, or are followed by one."""
    following = {name: [step.next.step] if step.next else [] for name, step in script.steps.items()}
    return _leading_to({name for name, step in script.steps.items() if step.question}, following)


def _leading_to(names: set[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    """These steps, and those from which ways lead to them."""
    back: dict[str, list[str]] = {}
    for name, following in ways.items():
        for one in following:
            back.setdefault(one, []).append(name)
    found, waiting = set(names), list(names)
    while waiting:
        more = [name for name in back.get(waiting.pop(), ()) if name not in found]
        found.update(more)
        waiting += more
    return found


def _endless(script: DialogueScript) -> set[str]:
    """Steps that come back to themselves without a question."""
    endless: set[str] = set()
    seen: set[str] = set()
    for name in script.steps:
        way: dict[str, None] = {}
        while name and name not in seen:
            seen.add(name)
            way[name] = None
            following = script.steps[name].next
            name = following.step if following else ""
        if name in way:
            endless |= set(list(way)[list(way).index(name) :])
    return endless


def _placeholder_faults(script: DialogueScript) -> Iterator[DialogueFault]:
    known = _known_values(script)
    saved = {key for _, route in _routes(script) for key in _noted(route)}
    saved |= {step.question.save for step in script.steps.values() if step.question and step.question.save}
    for name, step in script.steps.items():
        for key, text in (("say", step.say), ("again", step.again)):
            yield from _text_faults(f"steps.{name}.{key}", text, saved, known.get(name, saved))
    yield from _text_faults("goodbye", script.goodbye, saved, set())


def _text_faults(path: str, text: str, saved: set[str], known: set[str]) -> Iterator[DialogueFault]:
    for written in _BRACED.findall(text):
        found = PLACEHOLDER.fullmatch(written)
        if found is None or (found[2] and found[2] not in set(ReadAs)):
            yield DialogueFault(path, "bad_placeholder", {"text": written[:40], "known": "|".join(ReadAs)})
        elif found[1] not in saved:
            yield DialogueFault(path, "unknown_placeholder", {"name": found[1]})
        elif found[1] not in known:
            yield DialogueFault(path, "unsaved_placeholder", {"name": found[1]})


def _noted(route: Route) -> set[str]:
    return {act.key for act in route.acts if isinstance(act, NoteValue)}


def _ways(step: DialogueStep) -> Iterator[tuple[Route, set[str]]]:
    """Each way out of a step, with the values that it saves."""
    for key, route in step.routes():
        matched = key.startswith("match") and step.question
        yield (
            route,
            _noted(route) | ({step.question.save} if matched and step.question and step.question.save else set()),
        )
    if step.question and step.question.timeout:
        yield step.question.timeout, _noted(step.question.timeout)


def _known_values(script: DialogueScript) -> dict[str, set[str]]:
    """For each step the values that every way to it has saved; a step that nothing leads to is not in it."""
    known: dict[str, set[str]] = {script.start: set()}
    if script.transfer_failed and script.transfer_failed.step:
        known.setdefault(script.transfer_failed.step, _noted(script.transfer_failed))
    # In the order of their coming, each once: the last one first would go the same ways again and again.
    waiting = dict.fromkeys(known)
    while waiting:
        del waiting[name := next(iter(waiting))]
        for route, saved in _ways(script.steps[name]):
            if not route.step:
                continue
            here = known[name] | saved
            narrowed = here if route.step not in known else known[route.step] & here
            if narrowed != known.get(route.step):
                known[route.step] = narrowed
                waiting[route.step] = None
    return known

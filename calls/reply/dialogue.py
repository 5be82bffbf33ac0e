"""A dialogue at work: where a call stands in it, by what was said, and what it answers next. Pure; it keeps no state.

Where a call stands is folded anew from its exchanges, each time it is asked. So an answer that was prepared and
withdrawn leaves nothing, and the same exchanges give the same answer. What a question has moved on by stays: late words
that still match correct the value that was saved, and do not lead the call back.

Acts have ids that follow from the exchanges: ``address#2`` keeps what was said at the second visit of the step
``address``, ``address#2.0`` is the first act on the way out of that visit, ``address#2+1`` the value's first
correction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from calls.reply.aloud import aloud
from calls.reply.answer_value import answer_value
from calls.reply.dialogue_format import PLACEHOLDER, DialogueScript, DialogueStep, ReadAs, Route, RouteAct, StepQuestion
from calls.reply.items import ActStatus, DigitsCheck, ExpectationKind, HangUp, Item, NoteValue, Say, Transfer
from calls.reply.responder import Exchange, Occasion

CALLERS_KINDS = {ExpectationKind.OPEN, ExpectationKind.DIGITS, ExpectationKind.AMOUNT}
"""Their values are the caller's own: what says them is not kept in a cache."""
_READ_AS = {
    ExpectationKind.DIGITS: ReadAs.DIGITS,
    ExpectationKind.AMOUNT: ReadAs.SHEKELS,
    ExpectationKind.DATE: ReadAs.DATE,
    ExpectationKind.TIME: ReadAs.TIME,
    ExpectationKind.YES_NO: ReadAs.YES_NO,
}


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A value that is saved, from the step on that saved it."""

    value: str
    id: str
    read_as: ReadAs = ReadAs.WORDS
    secret: bool = False
    is_callers: bool = False
    spoken: str = ""
    """As a dialogue has it written for the ear; empty: made of the value."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a call stands in its dialogue."""

    step: str = ""
    """The question that waits for an answer; empty before the first, and at the end."""
    asked: int = 0
    """How often in this visit."""
    visits: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, KeptValue] = field(default_factory=dict)
    ended: HangUp | Transfer | None = None

    @property
    def visit(self) -> str:
        return f"{self.step}#{self.visits[self.step]}" if self.step else "start"


@dataclass(frozen=True, slots=True)
class Move:
    """What one occasion makes of a position."""

    position: Position
    items: tuple[Item, ...] = ()


def answer(
    script: DialogueScript, today: date, occasion: Occasion, words: str, said: Sequence[Exchange]
) -> tuple[Item, ...]:
    """What the dialogue answers: values to keep first, then words and acts, then what it expects."""
    return answer_at(script, today, position_after(script, today, said), occasion, words, said)


def answer_at(
    script: DialogueScript,
    today: date,
    position: Position,
    occasion: Occasion,
    words: str,
    said: Sequence[Exchange],
) -> tuple[Item, ...]:
    """The same, where these exchanges are known to have led to this position."""
    move = advance(script, today, position, occasion, words, words, _failed_acts(said))
    return (*_notes(move.position, said), *(item for item in move.items if not isinstance(item, NoteValue)))


def position_after(script: DialogueScript, today: date, said: Sequence[Exchange]) -> Position:
    """Where these exchanges have led."""
    position = Position()
    for number, one in enumerate(said):
        if one.occasion is Occasion.SUPERVISOR:
            continue  # a person stepped in: the question that waits still waits
        words, revised = " ".join(one.question), " ".join(one.revised)
        position = advance(script, today, position, one.occasion, words, revised, _failed_acts(said[:number])).position
    return position


def advance(
    script: DialogueScript,
    today: date,
    position: Position,
    occasion: Occasion,
    words: str,
    revised: str,
    failed: frozenset[str] = frozenset(),
) -> Move:
    """One occasion.

    ``today``: on which the call began. ``words``: the caller's as they were answered; ``revised``: as they stand now.
    ``failed``: ids of acts that could not be performed.
    """
    if position.ended is not None:
        return _after_the_end(script, position, position.ended, failed)
    if not position.step:
        return _go(script, position, Route(step=script.start))
    step = script.steps[position.step]
    assert step.question is not None  # noqa: S101 - a call waits at questions alone
    if occasion is Occasion.GOODBYE:
        return _say_goodbye(script, position, step.question)
    if occasion is Occasion.TURNS:
        value = answer_value(step.question.expect, words, today)
        if value is not None:
            return _matched(script, today, position, step.question, value, revised)
        return _ask_again(script, position, step, step.question, step.question.no_match)
    return _ask_again(script, position, step, step.question, step.question.silence)


def _matched(
    script: DialogueScript, today: date, position: Position, question: StepQuestion, value: str, revised: str
) -> Move:
    route = question.route(value)
    if question.save:
        late = answer_value(question.expect, revised, today)
        if late is not None and question.route(late) is route:
            value = late
        kept = kept_value(question, value, position.visit)
        position = replace(position, kept={**position.kept, question.save: kept})
    return _go(script, position, route)


def kept_value(question: StepQuestion, value: str, id: str) -> KeptValue:
    """What a question keeps of its answer."""
    kind, check = question.expect.kind, question.expect.check
    return KeptValue(
        value,
        id,
        ReadAs.PHONE if check is DigitsCheck.PHONE else _READ_AS.get(kind, ReadAs.WORDS),
        question.secret,
        kind in CALLERS_KINDS,
        question.spoken.get(value, ""),
    )


def _ask_again(
    script: DialogueScript, position: Position, step: DialogueStep, question: StepQuestion, otherwise: Route | None
) -> Move:
    if otherwise is not None and position.asked >= question.attempts:
        return _go(script, position, otherwise)
    say = _said(step.again or step.say, position, step.interruptible)
    # Where silence leads nowhere, it is asked again for as long as the line reprompts, and costs no attempt.
    asked = position.asked + (otherwise is not None)
    return Move(replace(position, asked=asked), (*say, question.expect))


def _say_goodbye(script: DialogueScript, position: Position, question: StepQuestion) -> Move:
    """The line hangs up behind it, so nothing is expected."""
    if question.timeout is None:
        return Move(position, _said(script.goodbye, position))
    return _go(script, position, question.timeout)


def _after_the_end(
    script: DialogueScript, position: Position, ended: HangUp | Transfer, failed: frozenset[str]
) -> Move:
    """The end once more, which is done at most once; or on from a hand-over that failed. Whoever has spoken over the
    goodbye hears one before the line hangs up."""
    if ended.id not in failed:
        goodbye = _said(script.goodbye, position) if isinstance(ended, HangUp) else ()
        return Move(position, (*goodbye, ended))
    position = replace(position, ended=None)
    # Its id is part of the new way's ids: two hand-overs in a row are two.
    if script.transfer_failed is not None:
        return _go(script, position, script.transfer_failed, ended.id)
    return _go(script, position, Route((HangUp(),)), ended.id)


def _go(script: DialogueScript, position: Position, route: Route, way: str = "") -> Move:
    """Along a route, through what is said without a question, up to a question or the end."""
    items: list[Item] = []
    way = way or position.visit
    while True:
        for place, act in enumerate(route.acts):
            done = replace(act, id=f"{way}.{place}")
            items.append(done)
            position = _with_act(position, done)
        if not route.step:
            return Move(replace(position, step=""), tuple(items))
        step = script.steps[route.step]
        visits = {**position.visits, step.name: position.visits.get(step.name, 0) + 1}
        position = replace(position, step=step.name, asked=1, visits=visits)
        items += _said(step.say, position, step.interruptible)
        if step.question is not None:
            return Move(position, (*items, step.question.expect))
        route, way = step.next or Route(), position.visit


def _with_act(position: Position, act: RouteAct) -> Position:
    if isinstance(act, HangUp | Transfer):
        return replace(position, ended=act)
    if isinstance(act, NoteValue):
        return replace(position, kept={**position.kept, act.key: KeptValue(act.value, act.id)})
    return position


def _said(text: str, position: Position, interruptible: bool = True) -> tuple[Say, ...]:
    if not text:
        return ()
    names = {found[1] for found in PLACEHOLDER.finditer(text)}
    cacheable = not any(position.kept[name].is_callers for name in names if name in position.kept)
    return (Say(in_words(text, position.kept), interruptible, cacheable),)


def in_words(text: str, kept: Mapping[str, KeptValue]) -> str:
    """A dialogue's text with its values as they are said; one that is not kept is left out."""

    def value_in_words(found: re.Match[str]) -> str:
        value = kept.get(found[1])
        if value is None:
            return ""
        if found[2]:
            return aloud(value.value, ReadAs(found[2]))
        return value.spoken or aloud(value.value, value.read_as)

    return PLACEHOLDER.sub(value_in_words, text)


def _notes(position: Position, said: Sequence[Exchange]) -> Iterator[NoteValue]:
    """Values that are not kept on the call yet, or no longer as they stand."""
    tried = [done.act for one in said for done in one.outcomes if isinstance(done.act, NoteValue)]
    for key, kept in position.kept.items():
        of_key = [act for act in tried if act.key == key]
        if of_key and of_key[-1].value == kept.value:
            continue
        corrections = sum(act.id == kept.id or act.id.startswith(f"{kept.id}+") for act in of_key)
        yield NoteValue(key, kept.value, kept.secret, f"{kept.id}+{corrections}" if corrections else kept.id)


def _failed_acts(said: Sequence[Exchange]) -> frozenset[str]:
    """An act that was done before is done."""
    return frozenset(
        done.act.id
        for one in said
        for done in one.outcomes
        if done.status is not ActStatus.DONE and done.code != "act_twice"
    )

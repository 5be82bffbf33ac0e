"""The driver: each action is one deed, at once or put off."""

from typing import get_args

import pytest

from calls.core import actions as act
from calls.core.driver import CallDriver, Hands
from calls.core.messages import Media, Start, Stop
from calls.core.session import CallSession
from stt.events import StreamOpened
from stt.tuning import Tuning
from tests.calls.core.test_session import SID


class Notebook(Hands):
    """Hands that write down what they are asked for."""

    fails = ()
    """The names of deeds that raise."""


def written(name):
    def deed(self, action):
        self.done.append((name, action, self.driver.now_ms))
        if name in self.fails:
            raise Clumsy(name)

    return deed


DEEDS = [name for name in vars(Hands) if not name.startswith("_")]
for name in DEEDS:
    setattr(Notebook, name, written(name))


class Scripted:
    """In a session's place: whatever it is told, it asks for these."""

    def __init__(self, *actions):
        self.actions = list(actions)

    def receive(self, message, now_ms):
        return self.actions

    heard = receive

    def stop(self, now_ms):
        return self.actions

    tick = stop

    def answered(self, number, total_ms):
        return self.actions


def driven(session, defer=None):
    hands = Notebook()
    hands.done = []
    hands.driver = CallDriver(session, hands, defer=defer)
    return hands


FEED = act.Feed(b"\xff" * 160, 0)
ONE_EACH = [
    act.CallBegun(Start("MZ1", SID)),
    FEED,
    act.Wake(),
    act.AskOneShot(1, b""),
    act.Partial(1, "כן"),
    act.TurnAccepted(None),
    act.TurnRevised(None, ""),
    act.TurnAnswered(None),
    act.MarkReached("a1.1.1"),
    act.Note("fallback"),
    act.RenewStream(0, ()),
    act.PauseStream(0),
    act.ResumeStream(()),
    act.ReplaceStream("stream_deaf"),
    act.ReplayStream(()),
    act.FinishStream(),
    act.CloseSocket("too_long"),
    act.CallOver(),
]


def test_every_action_is_one_deed():
    assert {type(action) for action in ONE_EACH} == set(get_args(act.Action))
    hands = driven(Scripted(*ONE_EACH))
    assert hands.driver.heard(StreamOpened(0, 1), 7.0) == ONE_EACH
    assert [(action, now_ms) for _, action, now_ms in hands.done] == [(action, 7.0) for action in ONE_EACH]
    assert sorted(name for name, *_ in hands.done) == sorted(DEEDS)


@pytest.mark.parametrize("door", ["receive", "stop"])
def test_what_the_line_brings_is_put_off_but_for_where_its_frames_go(door):
    put_off = []
    hands = driven(Scripted(*ONE_EACH), put_off.append)
    hands.driver.receive(Stop(), 5.0) if door == "receive" else hands.driver.stop(5.0)
    assert [name for name, *_ in hands.done] == ["feed", "wake", "renew", "pause", "resume", "replace_stream", "replay"]
    assert put_off == [action for action in ONE_EACH if action not in [done for _, done, _ in hands.done]]
    hands.driver.perform(put_off[0], 9.0)
    assert hands.done[-1] == ("begin", ONE_EACH[0], 9.0)


def test_a_call_is_driven_from_its_start_to_its_end():
    hands = driven(CallSession(SID, Tuning(streaming=False)))
    hands.driver.receive(Start("MZ1", SID), 0.0)
    hands.driver.receive(Media(2, 0, FEED.ulaw), 20.0)
    hands.driver.stop(40.0)
    hands.driver.tick(60_000.0)
    assert [name for name, *_ in hands.done] == ["begin", "feed", "finish", "wake", "end"]


def test_that_a_turn_was_answered_is_a_deed_of_its_instant():
    hands = driven(Scripted(act.TurnAnswered(None)))
    hands.driver.answered(1, 900, 7.0)
    assert hands.done == [("save_answered", act.TurnAnswered(None), 7.0)]


class Clumsy(Exception):
    """A hand's own fault."""


@pytest.mark.parametrize("fails", [["begin"], ["feed", "accept"], ["end"], DEEDS])
@pytest.mark.parametrize("door", ["heard", "tick", "stop"])
def test_a_deed_that_fails_takes_no_other_along(door, fails):
    hands = driven(Scripted(*ONE_EACH))
    hands.fails = fails
    with pytest.raises(Clumsy):
        hands.driver.heard(StreamOpened(0, 1), 7.0) if door == "heard" else getattr(hands.driver, door)(7.0)
    assert [action for _, action, _ in hands.done] == ONE_EACH

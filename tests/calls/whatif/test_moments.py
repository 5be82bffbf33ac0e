"""What the answering side was told, taken down from a trace that is heard again."""

from calls.core.actions import Partial, TurnAccepted
from calls.core.status import CallerActivity
from calls.core.turns import Source, Turn
from calls.whatif.moments import MediaClock, Moment, Witness
from calls.whatif.recorded_call import HeardFrame, RecordedCall
from calls.whatif.trace_replay import rerun
from stt.endpointing.replayed import Perceived
from stt.tuning import Tuning
from tests.traced import heard

SPEAKS = CallerActivity(speaking=True)


def test_a_call_heard_again_has_its_turns_at_their_moments(tmp_path):
    turns, trace = heard(tmp_path / "call.trace", Tuning())
    witness = Witness()
    again = rerun(trace, Tuning(), witness=witness)
    accepted = {m.news.turn.number: m for m in witness.moments if isinstance(m.news, TurnAccepted)}
    assert accepted.keys() == turns.keys() == again.turns.keys()
    assert [m.now_ms for m in witness.moments] == sorted(m.now_ms for m in witness.moments)
    for number, moment in accepted.items():
        assert moment.caller.last_utterance >= number
        if turns[number].final_ms is not None and moment.caller.last_utterance == number:
            assert abs(moment.now_ms - moment.caller.last_spoken_ms - turns[number].final_ms) <= 1
    assert any(m.caller.speaking for m in witness.moments)
    assert any(isinstance(m.news, Partial) for m in witness.moments)


def test_only_what_changes_is_a_moment_and_our_own_words_are_marked():
    witness = Witness(frozenset({2}))
    for now_ms, caller in ((0, CallerActivity()), (20, SPEAKS), (40, SPEAKS)):
        witness.looks(caller, now_ms)
    for number in (1, 2):
        witness.hears(TurnAccepted(Turn(number, 0, 500, "שלום", Source.FINAL)), SPEAKS, 60)
    assert witness.moments[0] == Moment(20, SPEAKS)
    assert [one.news.turn.echo for one in witness.moments[1:]] == [False, True]


def test_a_media_time_has_its_instant():
    frames = [HeardFrame(at_ms, at_ms + late_ms, Perceived(-40, False)) for at_ms, late_ms in ((100, 5), (120, 35))]
    clock = MediaClock(RecordedCall(frames=frames))
    assert [clock.instant_ms(ms) for ms in (0, 120, 130, 140, 170)] == [0.0, 105.0, 115.0, 155.0, 185.0]

"""A stored call on which the line's own voice came back: at a detector's other settings it is no caller's either."""

from dataclasses import replace

import pytest

from calls.core.own_sound import levels_of
from calls.whatif.comparison import what_if
from calls.whatif.own_sound_again import OwnSoundAgain
from calls.whatif.recorded_call import Audio, HeardFrame, PlayedSound, RecordedCall
from stt.audio import BYTES_PER_MS
from stt.endpointing.replayed import Perceived
from stt.tuning import Tuning
from tests.echoes import BEGINS_MS, CHUNK_MS, HeardBesideOurs, line, voice

OURS = voice(1, 4000)
KEENER = Tuning(vad_aggressiveness=1)
CALLER_MS = 7000


def stored(frames, make_canceller=None):
    """A call beside our sound, as its trace and its recording have it."""
    feeds = HeardBesideOurs(OURS, frames, make_canceller).feeds
    heard = [Perceived(round(one.level_dbfs), one.voiced, one.unvoiced, one.echoed) for one in feeds]
    chunks = range(0, len(OURS), CHUNK_MS * BYTES_PER_MS)
    return RecordedCall(
        [HeardFrame(feed.at_ms, feed.at_ms, perceived) for feed, perceived in zip(feeds, heard, strict=True)],
        plays=[
            PlayedSound(
                BEGINS_MS + at // BYTES_PER_MS,
                tuple(float(round(one)) for one in levels_of(OURS[at : at + CHUNK_MS * BYTES_PER_MS])),
            )
            for at in chunks
        ],
        stopped_ms=20 * len(frames),
    ), Audio(0, b"".join(frames))


def starts_ms(heard, audio):
    found = what_if(heard, Tuning(), KEENER, audio=audio).after.turns.values()
    return [turn.started_ms for turn in found]


def frames_with_caller(echo_db=-25):
    return line(9000, (BEGINS_MS + 200, OURS, echo_db), (CALLER_MS, voice(2, 1000), 0))


def test_a_keener_detector_takes_our_echo_for_nobody():
    heard, audio = stored(frames_with_caller())
    (only,) = starts_ms(heard, audio)
    assert only > CALLER_MS - 200
    assert len(starts_ms(replace(heard, plays=[]), audio)) > 1


def test_where_a_canceller_heard_the_call_what_it_left_stands():
    class Canceller:
        def clean(self, near, far):
            return b"\xff" * len(near)

    heard, audio = stored(frames_with_caller(-20), Canceller)
    cancels = replace(heard, cancels_from_ms=2500)
    left = OwnSoundAgain(cancels).left_by_canceller
    assert (min(left), max(left)) == (2500, BEGINS_MS + 4000 + 500 - 20)
    assert left[3000] == heard.frames[150].perceived
    assert [start > CALLER_MS - 200 for start in starts_ms(cancels, audio)] == [True]


@pytest.mark.parametrize("echo_db", [-20, -25, -30])
def test_the_rule_learns_the_same_margin_from_what_is_stored(echo_db):
    frames = frames_with_caller(echo_db)
    live, again = HeardBesideOurs(OURS, frames), stored(frames)[0]
    anew = HeardBesideOurs(b"", [])
    own = OwnSoundAgain(again)
    for feed in live.feeds:
        own.tell(anew.echo.own, feed.at_ms)
        anew._receive(feed.at_ms, feed.ulaw)
    assert anew.echo.gate.margin_db == pytest.approx(live.echo.gate.margin_db, abs=1)

"""What is due waits for voice that may become speech, and not for long."""

import pytest

from calls.core.status import BEGINS_WITHIN_MS, VoicedRun
from calls.reply.floor_hold import LONGEST_ONSET_MS, held_until_ms

DUE_MS = 5000.0


def voice(from_ms, last_ms):
    return VoicedRun(from_ms, last_ms, 20)


@pytest.mark.parametrize(
    ("run", "until_ms"),
    [
        (None, DUE_MS),
        (voice(3000, 4000), DUE_MS),  # the utterance that the pause follows
        (voice(4900, 4900), DUE_MS),  # a click, long enough ago
        (voice(4980, 4980), 4980 + BEGINS_WITHIN_MS),
        (voice(4900, 5000), 5000 + BEGINS_WITHIN_MS),
        (voice(4780, 5000), 4780 + LONGEST_ONSET_MS),  # it has lasted too long for a consonant
        (voice(3000, 5000), DUE_MS),  # a noise
    ],
)
def test_what_is_due_waits_for_voice_that_may_become_speech(run, until_ms):
    assert held_until_ms(DUE_MS, run) == until_ms


def test_no_noise_holds_the_line_longer_than_a_consonant_lasts():
    for began_ms in range(4000, 5001, 20):
        at_ms = DUE_MS
        while at_ms < (held_ms := held_until_ms(DUE_MS, voice(began_ms, at_ms))):
            at_ms = min(held_ms, at_ms + 20)
        assert at_ms <= DUE_MS + LONGEST_ONSET_MS

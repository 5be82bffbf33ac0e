"""May one more call come in?"""

from types import SimpleNamespace

import pytest

from calls.process.admission import MAX_LOOP_LAG_MS, Admission
from calls.process.loop_lag import LoopLag

LATE_MS = MAX_LOOP_LAG_MS + 1


@pytest.mark.parametrize(
    ("calls", "late_ms", "draining", "refusal"),
    [
        (0, None, False, ""),
        (2, MAX_LOOP_LAG_MS, False, ""),
        (3, None, False, "too_many_calls"),
        (1, LATE_MS, False, "loop_late"),
        (0, LATE_MS, False, ""),
        (0, None, True, "draining"),
        (3, LATE_MS, True, "draining"),
    ],
    ids=["idle", "busy", "full", "late", "late without calls", "draining", "all of it"],
)
def test_what_stands_against_one_more_call_has_a_code(settings, calls, late_ms, draining, refusal):
    settings.MAX_CALLS = 3
    loop_lag = LoopLag()
    loop_lag.p95_ms = late_ms
    admission = Admission([SimpleNamespace(call_sid=f"CA{number}") for number in range(calls)], loop_lag)
    admission.draining = draining
    assert admission.refusal("CA9") == admission.refusal() == refusal


def test_a_call_is_not_kept_out_by_its_own_stream_that_was_lost(settings):
    settings.MAX_CALLS = 2
    admission = Admission([SimpleNamespace(call_sid=sid) for sid in ("CA1", "CA2", "CA2")], LoopLag())
    assert admission.refusal("CA1") == "too_many_calls"
    assert admission.refusal("CA2") == ""

"""When a line is in trouble, and when it is well again."""

from calls.core.line_health import CLEAR_AFTER_S, RAISE_AFTER_S, LineHealth, Trouble, TroubleDetector, Verdict
from calls.core.status import CallStatus, LineActivity, RecognizerActivity


def verdicts(watch, looks):
    """One look a second, each ``bad``, ``heard`` or nothing."""
    return [watch.look(bad=what == "bad", heard=what == "heard", now_s=i) for i, what in enumerate(looks)]


def test_trouble_alarms_once_it_has_lasted():
    said = verdicts(TroubleDetector(), ["bad"] * 6)
    assert said == [Verdict.UNKNOWN] * int(RAISE_AFTER_S) + [Verdict.TROUBLED] * 2


def test_a_moment_of_trouble_alarms_nobody():
    assert Verdict.TROUBLED not in verdicts(TroubleDetector(), ["bad", "bad", "bad", "heard", *[""] * 30, "heard"] * 3)


def test_a_deaf_call_that_hangs_up_is_no_recovery():
    said = verdicts(TroubleDetector(), ["bad"] * 6 + [""] * 100)
    assert set(said[6:]) == {Verdict.UNKNOWN}


def test_words_without_trouble_for_a_while_are():
    said = verdicts(TroubleDetector(), ["bad"] * 6 + ["heard"] + [""] * int(CLEAR_AFTER_S))
    assert said[5 + int(CLEAR_AFTER_S)] is Verdict.WELL
    assert Verdict.WELL not in said[: 5 + int(CLEAR_AFTER_S)]


def test_time_in_which_nobody_looked_is_not_trouble():
    watch = TroubleDetector()
    assert [watch.look(bad=True, heard=False, now_s=at) for at in (0, 100, 200)] == [Verdict.UNKNOWN] * 3


def looks(*hears, results=0, line="+1"):
    return [(f"CA{line}{i}", line, CallStatus(LineActivity.SPEAKING, one, results)) for i, one in enumerate(hears)]


def test_a_line_is_deaf_when_half_of_its_calls_are_and_each_line_for_itself():
    watch = LineHealth()
    for at in range(6):
        said = watch.look(
            looks(RecognizerActivity.DEAF, RecognizerActivity.STREAM)
            + looks(
                RecognizerActivity.DEAF, RecognizerActivity.STREAM, RecognizerActivity.STREAM, line="+2", results=at
            ),
            at,
        )
    assert said["+1", Trouble.DEAF] is Verdict.TROUBLED
    assert said["+2", Trouble.DEAF] is Verdict.WELL
    assert said["+1", Trouble.DOWN] is Verdict.UNKNOWN

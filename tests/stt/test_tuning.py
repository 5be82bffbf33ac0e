"""The settings of a call: within their bounds, and from any snapshot that was ever stored."""

import pytest

from stt.tuning import BOUNDS, CONFLICTS, MOST_HINTS, Tuning, TuningError, conflicts, fitting_hints, hints_flaws

DEFAULTS = {name: getattr(Tuning(), name) for name in BOUNDS}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_value_beyond_its_bounds_is_refused_and_named(name):
    bounds = BOUNDS[name]
    assert bounds.low <= DEFAULTS[name] <= bounds.high
    for value in (bounds.low - 1, bounds.high + 1, "much"):
        with pytest.raises(TuningError, match=f"{name} must be a whole number from {bounds.low} to {bounds.high}"):
            Tuning(**{name: value})


def test_what_does_not_go_together_has_a_code():
    assert conflicts(DEFAULTS) == []
    wrong = {
        "renewal_order": {"renew_latest_s": 240, "renew_after_s": 240},
        "deadline_before_timeout": {"stt_fallback_deadline_ms": 450, "stt_timeout_ms": 450},
        "hangover_below_batch": {"vad_hangover_ms": 79, "stt_batch_ms": 80},
        "debounce_beyond_timeout": {"stt_partial_debounce_ms": 450, "stt_timeout_ms": 450},
        "attempts_outlast_audio": {"stt_attempts": 10, "stt_retry_ms": 3001},
        "pause_before_words": {"pause_after_s": 1, "vad_hangover_ms": 550, "stt_timeout_ms": 450},
        "expected_beyond_open": {"answer_pause_expected_ms": 1001, "answer_pause_ms": 1000},
        "unfinished_below_open": {"answer_pause_unfinished_ms": 999, "answer_pause_ms": 1000},
        "first_beyond_total": {"responder_first_ms": 2500, "responder_total_ms": 2500},
    }
    assert set(wrong) == {conflict.code for conflict in CONFLICTS}
    for code, values in wrong.items():
        assert code in [conflict.code for conflict in conflicts({**DEFAULTS, **values})]


@pytest.mark.parametrize(
    ("hints", "code"),
    [
        (["א" * 101], "hint_too_long"),
        (["א"] * (MOST_HINTS + 1), "too_many_hints"),
        (["א" * 100] * 1001, "hints_too_long"),
    ],
)
def test_phrase_hints_that_an_engine_would_refuse_have_a_code_and_are_cut_in_old_rows(hints, code):
    assert [flaw.code for flaw in hints_flaws(hints)] == [code]
    with pytest.raises(TuningError, match=code):
        Tuning(phrase_hints=tuple(hints))
    assert hints_flaws(fitting_hints(hints)) == []


def test_a_snapshot_is_read_whatever_version_stored_it():
    tuning = Tuning(vad_hangover_ms=300, phrase_hints=("רחוב הרצל",), profile="quick@2")
    assert Tuning.from_mapping({**tuning.as_dict(), "of_a_later_version": 1}) == tuning
    assert Tuning.from_mapping({"vad_hangover_ms": 300}).stt_batch_ms == Tuning().stt_batch_ms


def test_a_voice_detector_that_nobody_knows_is_refused():
    with pytest.raises(TuningError, match="vad_engine must be one of webrtc, silero"):
        Tuning(vad_engine="ear")

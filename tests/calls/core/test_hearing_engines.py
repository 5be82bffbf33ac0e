"""Who hears a call's streams, and who heard each of them."""

import math
from collections import Counter

from calls.core.hastening import NEVER_MS, Hastening, NoOtherRequests
from calls.core.hearing_engines import EngineTerms, HeardBy, HearingEngines
from calls.core.stream_policy import StreamPolicy
from calls.core.turns import Source
from stt.attribution.ledger import Attribution
from stt.engines.result_gaps import FACTOR, LEAST_MS, MIN_KEPT, ResultGaps
from stt.events import EngineChanged, StreamOpened
from stt.tuning import Tuning


def policy_of(tuning):
    return StreamPolicy(tuning, Hastening(tuning, Attribution(), Counter()))


FIRST = HeardBy("first", "wide", 1, "shots", "small")


def test_each_stream_is_its_engines():
    engines = HearingEngines(FIRST, {})
    note = engines.changed(EngineChanged(3, "second", "nova", "first", "unavailable"), policy_of(Tuning()), 0.0)
    engines.opened(StreamOpened(3, 2))
    assert (note.code, note.detail) == ("engine_failed_over", "first → second: unavailable")
    assert engines.stand_in == "second"
    assert [engines.of_stream(number).engine for number in (0, 2, 3, 9, None)] == ["first", "first", *["second"] * 3]
    assert engines.of_stream(3).words_of(Source.FINAL) == ("second", "nova")
    assert engines.of_stream(3).words_of(Source.FALLBACK) == ("shots", "small")
    assert engines.now.attempts == 2
    assert (
        engines.changed(EngineChanged(7, "first", "wide", "second", ""), policy_of(Tuning()), 0.0).code == "engine_back"
    )
    assert engines.stand_in == ""
    assert [engines.of_stream(number).engine for number in (1, 6, 7)] == ["first", "second", "first"]


def test_limits_are_those_of_the_engine_that_hears():
    seldom, often = Tuning(half_close_ms=0, renew_after_s=30, renew_latest_s=50), Tuning()
    terms = {"first": EngineTerms(often, NoOtherRequests()), "second": EngineTerms(seldom, NoOtherRequests())}
    engines, policy = HearingEngines(FIRST, terms), policy_of(often)
    assert engines.has_others
    engines.changed(EngineChanged(1, "second", "", "first", "stream_deaf"), policy, 0.0)
    assert policy.tuning == seldom
    assert policy.hastening.after_ms == NEVER_MS
    engines.changed(EngineChanged(2, "first", "", "second", ""), policy, 0.0)
    assert policy.hastening.after_ms == often.half_close_ms
    engines.changed(EngineChanged(3, "second", "", "first", "stream_deaf"), policy, 0.0)
    engines.changed(EngineChanged(4, "unknown", "", "second", "unavailable"), policy, 0.0)
    assert policy.tuning == seldom


def test_of_last_words_little_is_known_at_first_and_nothing_where_nobody_remembers():
    terms = EngineTerms(Tuning(), NoOtherRequests(), None, gaps := ResultGaps())
    engines = HearingEngines(HeardBy("first"), {"first": terms})
    assert (engines.late_ms, engines.overdue_ms) == (0, LEAST_MS)
    for _ in range(MIN_KEPT):
        engines.said_last_word(900.0)
    assert (engines.late_ms, engines.overdue_ms) == (900, FACTOR * 900)
    assert gaps.suspect_ms is None  # results in the middle of speech are another habit
    forgetful = HearingEngines(FIRST, {})
    forgetful.said_last_word(900.0)
    assert forgetful.late_ms == forgetful.overdue_ms == math.inf


def test_one_that_says_nothing_of_so_much_voice_is_late_and_then_suspect():
    terms = EngineTerms(Tuning(), NoOtherRequests(), None, ResultGaps())
    engines = HearingEngines(HeardBy("first"), {"first": terms})
    for number in range(1, MIN_KEPT + 1):
        engines.heard(number * 2000.0, number * 2000.0 - 2000, 700)
    now_ms, usual_ms = MIN_KEPT * 2000.0, 700
    began_ms = now_ms + 500
    # The wall clock alone waits longer: finals come late.
    assert engines.late_at_ms(began_ms, math.inf, usual_ms - 20) == began_ms + 2000
    assert engines.suspect_at_ms(began_ms, math.inf, usual_ms) == began_ms + FACTOR * 2000
    assert engines.late_at_ms(began_ms, math.inf, usual_ms) == began_ms
    assert engines.suspect_at_ms(began_ms, math.inf, round(FACTOR * usual_ms)) == began_ms


def test_nothing_is_late_of_an_engine_of_which_nothing_is_known():
    engines = HearingEngines(FIRST, {"first": EngineTerms(Tuning(), NoOtherRequests(), None, ResultGaps())})
    assert engines.late_at_ms(0.0, math.inf, 9000) == engines.suspect_at_ms(0.0, math.inf, 9000) == math.inf


def test_the_engine_that_was_left_is_known_while_another_hears():
    engines = HearingEngines(FIRST, {})
    assert engines.left == ""
    engines.changed(EngineChanged(3, "second", "", "first", "stream_deaf"), policy_of(Tuning()), 0.0)
    assert engines.left == "first"
    engines.changed(EngineChanged(7, "first", "", "second", ""), policy_of(Tuning()), 0.0)
    assert engines.left == ""

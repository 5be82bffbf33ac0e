"""Who hears a call's streams, and who heard each of them."""

from calls.core.hearing_engines import EngineTerms, HeardBy, HearingEngines
from calls.core.stream_policy import NoOtherRequests, StreamPolicy
from calls.core.turns import Source
from stt.events import EngineChanged, StreamOpened
from stt.tuning import Tuning

FIRST = HeardBy("first", "wide", 1, "shots", "small")


def test_each_stream_is_its_engines():
    engines = HearingEngines(FIRST, {})
    note = engines.changed(EngineChanged(3, "second", "nova", "first", "unavailable"), StreamPolicy(Tuning()))
    engines.opened(StreamOpened(3, 2))
    assert (note.code, note.detail) == ("engine_failed_over", "first → second: unavailable")
    assert [engines.of_stream(number).engine for number in (0, 2, 3, 9, None)] == ["first", "first", *["second"] * 3]
    assert engines.of_stream(3).words_of(Source.FINAL) == ("second", "nova")
    assert engines.of_stream(3).words_of(Source.FALLBACK) == ("shots", "small")
    assert engines.now.attempts == 2
    assert (
        engines.changed(EngineChanged(7, "first", "wide", "second", ""), StreamPolicy(Tuning())).code == "engine_back"
    )
    assert [engines.of_stream(number).engine for number in (1, 6, 7)] == ["first", "second", "first"]


def test_limits_are_those_of_the_engine_that_hears():
    seldom, often = Tuning(half_close_ms=0, renew_after_s=30, renew_latest_s=50), Tuning()
    terms = {"first": EngineTerms(often, NoOtherRequests()), "second": EngineTerms(seldom, NoOtherRequests())}
    engines, policy = HearingEngines(FIRST, terms), StreamPolicy(often)
    assert engines.has_others
    engines.changed(EngineChanged(1, "second", "", "first", "stream_deaf"), policy)
    assert (policy.tuning, policy.requests) == (seldom, terms["second"].requests)
    engines.changed(EngineChanged(2, "unknown", "", "second", "unavailable"), policy)
    assert policy.tuning == seldom

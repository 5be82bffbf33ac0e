"""What an engine bills."""

from stt.streaming.billing import Billed, Billing
from stt.streaming.stream_clock import StreamClock


def clock(fed_ms):
    one = StreamClock()
    one.fed(0, fed_ms)
    return one


def test_nothing_is_billed_before_a_stream_opens():
    assert Billing().total == Billed()
    assert Billed().seconds == 0


def test_each_stream_is_rounded_up_to_whole_seconds():
    billing = Billing()
    for fed_ms in (1, 1000, 1001, 5000):
        billing.opened(clock(fed_ms), "google")
    assert billing.total == Billed(4, {"google": 1 + 1 + 2 + 5})


def test_the_stream_in_use_and_the_one_before_it_may_still_be_fed():
    billing = Billing()
    first, second = clock(1000), clock(1000)
    billing.opened(first, "google")
    billing.opened(second, "google")
    first.fed(1000, 500)
    second.fed(1000, 2000)
    assert billing.total == Billed(2, {"google": 2 + 3})


def test_each_engine_is_billed_for_what_it_was_fed():
    billing = Billing()
    for fed_ms, engine in ((1000, "google"), (2000, "soniox"), (3000, "soniox"), (4500, "google")):
        billing.opened(clock(fed_ms), engine)
    assert billing.total == Billed(4, {"google": 1 + 5, "soniox": 2 + 3})
    assert billing.total.seconds == 11

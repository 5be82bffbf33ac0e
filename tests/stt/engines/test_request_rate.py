"""The process's requests of the last minute."""

from stt.engines.request_rate import RequestRate


def test_requests_of_the_last_minute_are_counted():
    requests = RequestRate()
    for at_ms in (0, 30_000, 30_000, 59_000):
        requests.add(at_ms)
    assert requests.a_minute(59_999) == 4
    assert requests.a_minute(60_000) == 3
    assert requests.a_minute(90_000) == 1
    assert requests.a_minute(200_000) == 0

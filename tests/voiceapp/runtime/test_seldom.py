from types import SimpleNamespace

from voiceapp.runtime import seldom


def test_a_failure_that_goes_on_is_worth_a_line_at_first_and_then_once_a_minute(monkeypatch):
    clock = SimpleNamespace(now_s=1000.0)
    monkeypatch.setattr(seldom, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    disk = seldom.Seldom()
    told = []
    for second in range(130):
        clock.now_s = 1000.0 + second
        told += [second] if disk.is_due() else []
    assert told == [0, 60, 120]

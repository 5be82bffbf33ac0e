"""Threads whose work can wait."""

import os
import threading

import pytest

from voiceapp import background


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="threads are scheduled one by one on Linux")
def test_it_does_not_take_the_processor_from_the_loop():
    scheduled = []
    thread = background.thread("batch", lambda: scheduled.append(os.sched_getscheduler(threading.get_native_id())))
    thread.start()
    thread.join()
    assert scheduled == [os.SCHED_BATCH]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_it_works_where_that_is_forbidden(monkeypatch):
    def forbidden(*_):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", forbidden, raising=False)
    monkeypatch.setattr(os, "SCHED_BATCH", 3, raising=False)
    done = threading.Event()
    background.thread("forbidden", done.set).start()
    assert done.wait(5)

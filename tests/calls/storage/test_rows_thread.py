"""A thread that keeps rows in order leaves its connection to others while it waits: the pool has eight."""

import threading

import pytest
from django.db import DatabaseError

from calls.storage import rows_thread
from calls.storage.rows_thread import RowsThread


@pytest.mark.parametrize("error", [None, DatabaseError("away")])
def test_its_connection_is_given_back_before_it_waits(monkeypatch, error):
    steps, waits = [], threading.Event()

    def work():
        steps.append("work")
        if error is not None:
            raise error
        return 3600.0

    class Stopping(threading.Event):
        def wait(self, timeout=None):
            steps.append("wait")
            waits.set()
            return super().wait(timeout)

    monkeypatch.setattr(rows_thread, "AWAY_S", 3600.0)
    monkeypatch.setattr(rows_thread, "close_old_connections", lambda: steps.append("close"))
    thread = RowsThread("rows", work)
    thread._stopping = Stopping()
    thread.start()
    assert waits.wait(10)
    thread.stop()
    assert steps == ["work", "close", "wait"]

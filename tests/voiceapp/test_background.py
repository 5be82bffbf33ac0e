"""Threads whose work can wait."""

import os
import threading
from types import SimpleNamespace

import pytest
from django.db import connection

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


@pytest.mark.django_db(transaction=True)
def test_the_loop_has_its_turn_behind_every_statement(monkeypatch):
    rests = []
    monkeypatch.setattr(background, "time", SimpleNamespace(sleep=rests.append))

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 2")
        connection.close()

    thread = background.thread("statements", work)
    thread.start()
    thread.join()
    assert rests == [background.REST_S] * 2

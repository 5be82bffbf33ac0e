"""Threads whose work can wait."""

import os
import threading
from types import SimpleNamespace

import pytest
from django.db import connection

from tests.waiting import PATIENCE_S
from voiceapp.runtime import background, metrics


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="threads are scheduled one by one on Linux")
def test_it_does_not_take_the_processor_from_the_loop():
    scheduled = []
    thread = background.thread(
        "batch", lambda: scheduled.append(os.sched_getscheduler(threading.get_native_id())), once=True
    )
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
    background.thread("forbidden", done.set, once=True).start()
    assert done.wait(PATIENCE_S)


@pytest.mark.django_db(transaction=True)
def test_the_loop_has_its_turn_behind_every_statement(monkeypatch):
    rests = []
    monkeypatch.setattr(background, "time", SimpleNamespace(sleep=rests.append))

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 2")
        connection.close()

    thread = background.thread("statements", work, once=True)
    thread.start()
    thread.join()
    assert rests == [background.REST_S] * 2


class Work:
    """Does what it is told to, round by round."""

    def __init__(self, *rounds):
        self.rounds, self.began = list(rounds), 0
        self.at_work, self.may_end = threading.Event(), threading.Event()

    def __call__(self):
        self.began += 1
        if self.rounds:
            raise self.rounds.pop(0)
        self.at_work.set()
        assert self.may_end.wait(PATIENCE_S)


@pytest.fixture
def needed(monkeypatch):
    monkeypatch.setattr(background, "AGAIN_S", 0.0)
    monkeypatch.setattr(background, "_needed", {})


def failures(name):
    return metrics.THREADS_FAILED.labels(name)._value.get()


def started(work, **kind):
    thread = background.thread("t", work, **kind)
    thread.start()
    return thread


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), RuntimeError("x"), MemoryError(), AssertionError()])
def test_work_that_raises_is_counted_and_begins_again(needed, caplog, error):
    before, work = failures("t"), Work(error, error)
    thread = started(work)
    work.may_end.set()
    thread.retire()
    thread.join(PATIENCE_S)
    assert (work.began, failures("t") - before, caplog.text.count("thread_failed: t")) == (3, 2, 2)
    assert background.unwell() == {}


def test_work_of_once_that_raises_is_counted_and_over(needed):
    before, work = failures("t"), Work(ValueError("x"))
    started(work, once=True).join(PATIENCE_S)
    assert (work.began, failures("t") - before, background.unwell()) == (1, 1, {})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("end", [SystemExit(), None], ids=["exit", "return"])
def test_a_thread_that_ends_without_being_told_is_unwell_until_another_does_its_work(needed, end):
    work = Work(*([end] if end else []))
    work.may_end.set()
    started(work).join(PATIENCE_S)
    assert background.unwell() == {"t": background.Unwell.ENDED}
    work.may_end.clear()
    again = started(work)
    assert background.unwell() == {}
    again.retire()
    work.may_end.set()
    again.join(PATIENCE_S)
    assert background.unwell() == {}


def test_a_thread_that_fails_again_and_again_is_unwell_until_it_works_for_a_while(needed, monkeypatch):
    now_s = [0.0]
    monkeypatch.setattr(background, "monotonic", lambda: now_s[0])
    work = Work(*[ValueError("x")] * background.FAILING_AFTER)
    thread = started(work)
    assert work.at_work.wait(PATIENCE_S)
    assert background.unwell() == {"t": background.Unwell.FAILING}
    now_s[0] = background.WELL_S
    assert background.unwell() == {}
    thread.retire()
    work.may_end.set()
    thread.join(PATIENCE_S)

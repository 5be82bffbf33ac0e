"""What a process owns: made once, started on demand, and a test's own for a while."""

import threading

from calls.process.services import Services, announce_change, services, using
from calls.process.shared_state import SharedState
from tests.calls.process.test_change_notices import LONG_S, waited_s


def test_a_process_has_its_services_once_and_a_test_its_own():
    mine, shared = services(), SharedState()
    assert services() is mine
    with using(Services(shared=shared)) as own:
        assert services() is own is not mine
        assert own.shared is shared
    assert services() is mine


def test_being_made_starts_no_thread():
    before = threading.active_count()
    Services()
    assert threading.active_count() == before


def test_the_parts_know_each_other():
    own = Services()
    own.admission.draining = True
    assert own.admission.refusal() == "draining"
    assert own.calls.replaced_elsewhere in own.notices.listeners


def test_a_saved_row_is_announced_to_the_process_that_runs_and_makes_no_services_where_there_are_none(monkeypatch):
    with using(Services()) as own:
        announce_change()
        assert waited_s(own.notices) < LONG_S
    with using(None):
        announce_change()
        monkeypatch.setattr("calls.process.services.Services", None)
        announce_change()

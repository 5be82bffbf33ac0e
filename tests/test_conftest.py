"""How the tests are given to several workers."""

from types import SimpleNamespace

from tests.conftest import pytest_xdist_make_scheduler


class Worker:
    """Of pytest-xdist: notes which tests it was sent."""

    shutting_down = False

    def __init__(self, name, collection, sent):
        self.gateway = SimpleNamespace(id=name)
        self.collection, self.sent = collection, sent

    def send_runtest_some(self, places):
        self.sent.append([self.collection[place] for place in places])

    def shutdown(self):
        """Nothing is left for it."""


def test_slow_tests_begin_first_though_modules_have_more_tests():
    live = ["tests/live/test_a.py::test_one", "tests/live/test_a.py::test_two"]
    module = [f"tests/test_b.py::test_{number}" for number in range(9)]
    options = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(option=options, getvalue=lambda name: ["popen"] if name == "tx" else None)
    scheduler = pytest_xdist_make_scheduler(config, SimpleNamespace(loadscopesched=lambda *_: None))
    collection, sent = live + module, []
    worker = Worker("gw0", collection, sent)
    scheduler.add_node(worker)
    scheduler.add_node_collection(worker, collection)
    scheduler.schedule()
    assert sent == [[live[0]], [live[1]]]
    assert list(scheduler.workqueue.values()) == [dict.fromkeys(module, False)]

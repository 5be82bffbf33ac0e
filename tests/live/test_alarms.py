"""A deaf recogniser on a real server: the line's people hear of it once, and when it is over."""

import asyncio
import threading

import pytest
from django.conf import settings

from calls.lab.fault_proxy import FaultProxy
from calls.lab.own_database import own_database
from calls.lab.rig import Rig
from calls.lab.sample_calls import long_calls
from tests.calls.process.test_alarm_monitor import Receiver
from tests.databases import put_migrated_database
from tests.waiting import eventually

pytestmark = pytest.mark.live


def wait_for(receiver, event):
    told = eventually(lambda: any(one["event"] == event for one in receiver.bodies), 60, 0.1)
    assert told, f"nobody was told: {event}"


def test_a_deaf_line_alarms_once_and_is_over_when_it_is_heard_again(tmp_path):
    receiver = Receiver()
    url = f"http://127.0.0.1:{receiver.server.server_address[1]}/alarm"
    folder = settings.BASE_DIR / "samples"
    with own_database("alarms", fill=put_migrated_database) as environment, FaultProxy() as proxy:
        environment |= {"ALARM_WEBHOOK_URL": url, "ALARM_WEBHOOK_SECRET": "secret"}
        server = Rig(
            folder, tmp_path / "server.log", faults=("deaf",), environment=environment, speech_host=proxy.address
        )
        hearing = Rig(folder, tmp_path / "hearing.log")
        with server:
            proxy.target = server.emulator_address
            (call,) = long_calls(server, 1)
            threading.Thread(target=lambda: asyncio.run(call.run()), daemon=True).start()
            wait_for(receiver, "raised")
            hearing.start_emulator()
            proxy.target = hearing.emulator_address
            proxy.cut()
            wait_for(receiver, "over")
        hearing.__exit__()
    receiver.server.shutdown()
    receiver.server.server_close()
    told = [(one["event"], one["line"]) for one in receiver.bodies if one["kind"] == "line_deaf"]
    assert told == [("raised", "+97235550100"), ("over", "+97235550100")]

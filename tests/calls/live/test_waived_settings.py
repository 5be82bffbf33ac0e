"""Settings that a call is heard without."""

import asyncio
from threading import Thread

from calls.live.waived_settings import WaivedSettings


async def test_each_setting_is_noted_once_on_the_loop_whichever_thread_says_it():
    noted = []
    waived = WaivedSettings(asyncio.get_running_loop(), noted.append)
    for codes in (("hints_waived",), ("hints_waived", "model_waived"), ("model_waived",)):
        thread = Thread(target=waived.add, args=(codes,))
        thread.start()
        thread.join()
    assert noted == []
    await asyncio.sleep(0)
    assert noted == ["hints_waived", "model_waived"]

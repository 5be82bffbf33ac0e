"""The Speech emulator for calls that are placed twice: what it says hangs on the audio, not on who came first.

A stream's seed is its first frame, a one-shot's its whole audio, so that a call that is placed again at other settings
meets the same moods. ``python -m benchmarks.twin_emulator FOLDER``
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from stt.audio import FRAME_BYTES
from stt.emulator.service import EmulatorOptions, SpeechEmulator


class TwinEmulator(SpeechEmulator):
    async def streaming_recognize(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        peeked = []
        async for request in requests:
            peeked.append(request)
            if request.audio_content:
                self.streams_opened = zlib.crc32(request.audio_content[:FRAME_BYTES])
                break

        async def again() -> AsyncIterator[Any]:
            for request in peeked:
                yield request
            async for request in requests:
                yield request

        async for response in super().streaming_recognize(again(), context):
            yield response

    async def recognize(self, request: Any, context: Any) -> Any:
        self.recognized = zlib.crc32(request.audio.content)
        return await super().recognize(request, context)


async def main(folder: Path) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with TwinEmulator(EmulatorOptions(folders=[folder])) as emulator:
        print(f"speech emulator listening on {emulator.address}", flush=True)
        await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="recordings and their words")
    asyncio.run(main(parser.parse_args().folder))

"""How soon do a model and a voice see that an answer was left? ``python -m benchmarks.answer_left --answers 200``

Both are emulated, over HTTP and gRPC on loopback, in this process: from the cancellation of an answer in its middle
(which barge-in, withdrawal and hang-up are) to the closed stream as the emulator sees it. Half of the answers are left
while the model's words are read, half while as many of them wait for the voice as may.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.calls.reply.left_answer import services
from voiceapp.runtime.percentile import percentile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        closed = asyncio.run(_measured(Path(folder), options.answers))
    print("| stream | p50, ms | p99, ms | max, ms |\n|---|---|---|---|")
    for name, times in closed.items():
        print(f"| {name} | {percentile(times, 0.5):.1f} | {percentile(times, 0.99):.1f} | {max(times):.1f} |")


async def _measured(folder: Path, answers: int) -> dict[str, list[float]]:
    closed: dict[str, list[float]] = {"the model's": [], "the voice's": []}
    async with services(folder) as running:
        for number in range(answers):
            left = await running.left_answer(full=number % 2 == 1)
            closed["the model's"].append(left.model_closed_ms)
            closed["the voice's"].append(left.voice_closed_ms)
    return closed


if __name__ == "__main__":
    main()

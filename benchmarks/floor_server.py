"""The practical floor: what a server of this kind must do at the least. ``python -m benchmarks.floor_server --port N``

Bare ASGI on uvicorn: the media socket's JSON, base64 and µ-law, webrtcvad on every frame, batches of 80 ms to Google's
stream over grpc.aio with plain protobuf, results read and counted. No framework, no turns, no database, no recording.
"""

from __future__ import annotations

import argparse
import asyncio
import audioop
import base64
import json
import os
from collections.abc import AsyncIterator
from typing import Any

import grpc
import uvicorn
import webrtcvad
from google.cloud.speech_v1.types import cloud_speech

Request = cloud_speech.StreamingRecognizeRequest.pb()
Response = cloud_speech.StreamingRecognizeResponse.pb()
BATCH_BYTES = 640
STREAMS_A_CHANNEL = 90
METHOD = "/google.cloud.speech.v1.Speech/StreamingRecognize"
CONFIG = cloud_speech.StreamingRecognitionConfig(
    config=cloud_speech.RecognitionConfig(
        encoding=cloud_speech.RecognitionConfig.AudioEncoding.MULAW,
        sample_rate_hertz=8000,
        language_code="iw-IL",
        model="default",
        enable_word_time_offsets=True,
    ),
    interim_results=True,
)


class Floor:
    """The application; one channel for each 90 streams."""

    def __init__(self) -> None:
        self.streams = 0
        self.results = 0
        self.voiced = 0
        self._channels: list[grpc.aio.Channel] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for _ in range(2):
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
        elif scope["type"] == "http":
            await self._http(scope, send)
        else:
            await self._call(receive, send)

    async def _http(self, scope: dict[str, Any], send: Any) -> None:
        url = f"ws://{dict(scope['headers'])[b'host'].decode()}/ws"
        body = f'<Response><Connect action="/twilio/after"><Stream url="{url}"/></Connect></Response>'.encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/xml")]})
        await send({"type": "http.response.body", "body": body})

    async def _call(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        audio: asyncio.Queue[bytes | None] = asyncio.Queue()
        hearing = asyncio.create_task(self._hear(audio))
        vad = webrtcvad.Vad(2)
        batch = bytearray()
        while (event := await receive())["type"] == "websocket.receive":
            message = json.loads(event["text"])
            if message["event"] != "media":
                continue
            ulaw = base64.b64decode(message["media"]["payload"])
            self.voiced += vad.is_speech(audioop.ulaw2lin(ulaw, 2), 8000)
            batch += ulaw
            if len(batch) >= BATCH_BYTES:
                audio.put_nowait(bytes(batch))
                batch.clear()
        audio.put_nowait(None)
        await hearing

    async def _hear(self, audio: asyncio.Queue[bytes | None]) -> None:
        async def requests() -> AsyncIterator[Any]:
            yield Request(streaming_config=cloud_speech.StreamingRecognitionConfig.pb(CONFIG))
            while (ulaw := await audio.get()) is not None:
                yield Request(audio_content=ulaw)

        recognize = self._channel().stream_stream(METHOD, Request.SerializeToString, Response.FromString)
        async for response in recognize(requests()):
            for result in response.results:
                self.results += len(result.alternatives[0].transcript.split())

    def _channel(self) -> grpc.aio.Channel:
        if self.streams % STREAMS_A_CHANNEL == 0:
            options = [("grpc.use_local_subchannel_pool", 1)]
            self._channels.append(grpc.aio.insecure_channel(os.environ["STT_EMULATOR_HOST"], options=options))
        self.streams += 1
        return self._channels[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    # The load generator sends "Host" with its port, so the stream's address can be made of it.
    uvicorn.run(Floor(), port=parser.parse_args().port, log_level="warning", loop="uvloop", ws="websockets")


if __name__ == "__main__":
    main()

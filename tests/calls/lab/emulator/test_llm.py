"""The emulated endpoint by itself, over plain HTTP."""

import asyncio
import json

from calls.lab.emulator.llm import LlmEmulator
from calls.lab.emulator.llm_faults import LlmFault

ASK = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "שלום"}]}


async def sent(emulator, raw):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(emulator.base_url.split(":")[2].split("/")[0]))
    writer.write(raw)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return answer.decode()


def post(body, path="/v1/chat/completions"):
    text = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text


def answers(*raws, fault=LlmFault.NONE):
    async def all_of():
        async with LlmEmulator(fault=fault) as emulator:
            return [await sent(emulator, raw) for raw in raws]

    return asyncio.run(all_of())


def test_what_it_does_not_serve_it_refuses():
    elsewhere, whole, odd = answers(post(ASK, "/v1/models"), post({**ASK, "stream": False}), b"GET\r\n\r\n")
    assert " 404 " in elsewhere and " 400 " in whole and " 404 " in odd


def test_what_is_no_http_ends_the_connection_alone():
    bad = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: x\r\n\r\n"
    huge = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n"
    not_json = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 1\r\n\r\n{"
    nothing, long, broken, after = answers(bad, huge, not_json, post(ASK, "/x"))
    assert (nothing, long, broken) == ("", "", "") and " 404 " in after


def test_statuses_are_emulated():
    assert " 500 " in answers(post(ASK), fault=LlmFault.STATUS_500)[0]
    assert " 429 " in answers(post(ASK), fault=LlmFault.STATUS_429)[0]


def test_it_ends_while_a_client_waits():
    async def ended():
        async with LlmEmulator(fault=LlmFault.STALL) as emulator:
            port = int(emulator.base_url.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(ASK))
            await reader.readuntil(b"data:")
        writer.close()
        return emulator.requests[0].finished

    assert asyncio.run(asyncio.wait_for(ended(), 20)) is False


def test_a_fault_may_be_one_models_alone():
    async def all_of():
        async with LlmEmulator() as emulator:
            emulator.faults_of["broken"] = LlmFault.STATUS_500
            return [await sent(emulator, post({**ASK, "model": model})) for model in ("broken", "m")]

    broken, well = asyncio.run(all_of())
    assert " 500 " in broken and " 200 " in well

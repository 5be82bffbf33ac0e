"""Looks at a webhook before calls are sent to it: where its address leads, and what its receiver says to a sample.

For a page: both are bounded in time, however slowly a name is resolved or a receiver answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils import timezone

from calls.lines.exporting import as_text
from calls.process.webhooks.addresses import AddressRefused
from calls.process.webhooks.signing import signed_headers
from calls.storage.webhooks import new_message_id

if TYPE_CHECKING:
    from calls.process.webhooks.posting import Answered, Networks

LOOKED_UP_WITHIN_S = 5.0
"""A name that is slower is taken: what it leads to is looked at again when something is sent."""
SAMPLE = "webhook.test"
"""Its type: a receiver that takes ``call.ended`` makes no call of it."""
SPARE_S = 1.0
Value = TypeVar("Value")


def refusal(url: str, networks: Networks) -> str:
    """Why nothing would be sent to this address, which is a web address; empty where something would be, or its name
    does not lead anywhere now. Blocking, LOOKED_UP_WITHIN_S at most."""
    from calls.process.webhooks.posting import LookedAt

    async def look() -> str:
        looked_at = LookedAt(networks, is_plain=url.lower().startswith("http:"))
        try:
            looked_at.look_at_literal(url)
            await looked_at.resolve(looked_at.host_of(url))
        except AddressRefused as error:
            return str(error)
        except (OSError, ValueError):
            pass
        return ""

    try:
        return _within(LOOKED_UP_WITHIN_S, look())
    except TimeoutError:
        return ""


def send_sample(url: str, secret: str, networks: Networks) -> Answered:
    """Send a message without a call, signed as those with one. Blocking, as long as one attempt may take. Never raises
    what a receiver can cause."""
    from calls.process.webhooks.posting import WHOLE_S, Answered, Post, post

    said = {"call_sid": "CA" + 32 * "0", "status": "completed", "turns": []}
    body = as_text({"type": SAMPLE, "timestamp": timezone.now().isoformat(), "data": said}).encode()
    headers = signed_headers(secret, new_message_id(), int(time.time()), body)
    try:
        return _within(WHOLE_S + SPARE_S, post(Post(url, body, headers, networks)))
    except TimeoutError:
        return Answered("timed_out")


def _within(seconds: float, work: Coroutine[Any, Any, Value]) -> Value:
    """What comes of it. Raises TimeoutError. A loop that ends waits for its resolver's thread, whose time nobody
    bounds: so it has a thread of its own, which is left behind."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="webhook-try")
    try:
        return thread.submit(asyncio.run, work).result(seconds)
    finally:
        thread.shutdown(wait=False)

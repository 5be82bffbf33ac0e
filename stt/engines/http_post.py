"""A request to a vendor's one-shot recogniser, with the standard library: no client is shared, none is left open."""

from __future__ import annotations

import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from stt.engines.sockets import MAX_MESSAGE_BYTES, Address
from stt.engines.vendor_errors import error_of_status
from stt.events import RecognizerError


def post(address: Address, body: bytes, timeout_ms: int) -> bytes:
    """The body of a 200. Blocking, on any thread. Raises RecognizerError."""
    until_s = time.monotonic() + timeout_ms / 1000
    url = urlsplit(address.url)
    connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.netloc, timeout=timeout_ms / 1000)

    def wait_less() -> None:
        """What is left of the time bounds the next wait."""
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.sock.settimeout(left_s)

    try:
        connection.connect()
        wait_less()
        connection.request("POST", f"{url.path}?{url.query}", body, dict(address.headers))
        wait_less()
        response = connection.getresponse()
        wait_less()
        answer = response.read(MAX_MESSAGE_BYTES)
    except TimeoutError as error:
        raise RecognizerError("deadline_exceeded", f"no answer within {timeout_ms / 1000:.1f} s") from error
    except (OSError, HTTPException) as error:
        raise RecognizerError("unavailable", address.without_keys(f"{type(error).__name__}: {error}")) from error
    finally:
        connection.close()
    if response.status != 200:
        raise error_of_status(response.status, address.without_keys(answer.decode("utf-8", "replace")))
    return answer

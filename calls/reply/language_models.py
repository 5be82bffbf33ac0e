"""LanguageModels: a process's way to an OpenAI-compatible endpoint, one client for each event loop.

The official client takes a second to import and 40 MB: it is imported when the first answer needs it, in a thread, and
never where no line answers by a model. ``load`` does so ahead.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI_URL = "https://api.openai.com/v1"
_OBJECT = "chat.completion.chunk"
CONNECT_S = 1.0
BETWEEN_PIECES_S = 2.5


class LanguageModels:
    """One process's. Any thread; ``client`` and ``aclose`` on the loop whose client is meant."""

    def __init__(
        self,
        api_key: str = "",
        base_url: str = "",
        *,
        connect_s: float = CONNECT_S,
        between_pieces_s: float = BETWEEN_PIECES_S,
    ) -> None:
        """Without an address it is OpenAI's; a server of one's own may want no key. A connection, and each piece of
        what comes by it, is waited for so long."""
        self._api_key = api_key
        self._base_url = base_url
        self._timeout_s = connect_s, between_pieces_s
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = WeakKeyDictionary()
        self._making = threading.Lock()

    @property
    def configured(self) -> bool:
        """Somebody can be asked."""
        return bool(self._api_key or self._base_url)

    def load(self) -> None:
        """Import the client, and let it make what it makes once. Blocks for a second or two, and holds the interpreter
        for up to 0.2 s at a time: as the process begins, before there are calls. Idempotent."""
        from openai import AsyncOpenAI  # noqa: PLC0415
        from openai.types.chat import ChatCompletionChunk  # noqa: PLC0415

        AsyncOpenAI(api_key="none", base_url=OPENAI_URL).chat.completions  # noqa: B018
        ChatCompletionChunk.model_validate({"id": "", "choices": [], "created": 0, "model": "", "object": _OBJECT})

    async def client(self) -> AsyncOpenAI:
        """The running loop's, made in a thread when it is first asked for."""
        loop = asyncio.get_running_loop()
        found = self._clients.get(loop)
        return found if found is not None else await asyncio.to_thread(self._made_for, loop)

    async def aclose(self) -> None:
        """Close the running loop's connections. Idempotent."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def _made_for(self, loop: asyncio.AbstractEventLoop) -> AsyncOpenAI:
        from openai import AsyncOpenAI, Timeout  # noqa: PLC0415

        connect_s, between_pieces_s = self._timeout_s
        with self._making:
            client = self._clients.get(loop)
            if client is None:
                # No second try: the caller would hear silence meanwhile, and the words might be said twice.
                client = self._clients[loop] = AsyncOpenAI(
                    api_key=self._api_key or "none",
                    base_url=self._base_url or OPENAI_URL,
                    max_retries=0,
                    timeout=Timeout(between_pieces_s, connect=connect_s),
                )
            return client

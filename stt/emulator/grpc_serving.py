"""A gRPC server on loopback, as the emulators of Google's services have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc

Handlers = dict[str, grpc.RpcMethodHandler]


async def serving(services: dict[str, Handlers], port: int, options: Sequence[tuple[str, Any]] = ()) -> tuple[Any, str]:
    """Start a server of these services; 0 chooses a ``port``. Returns it, for its owner to stop, and its host:port.

    Raises OSError where nobody can listen there.
    """
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), *options])
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, handlers) for name, handlers in services.items())
    )
    try:
        taken = server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError as error:
        raise OSError(f"127.0.0.1:{port} cannot be listened on") from error
    await server.start()
    return server, f"127.0.0.1:{taken}"

"""Tiny stand-ins for the services and workers: the local stack is tested without them.

As a module (`python -m tests.faults.stack_dummies`) a worker: it answers 200 on PLUGZERO_METRICS_PORT.
"""

import http.server
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

NAMES = (
    "DATABASE_URL",
    "PUBLIC_DATABASE_URL",
    "NATS_URL",
    "S3_ENDPOINT_URL",
    "PLUGZERO_SECRET_KEY",
    "PASSED_ON",
)


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer every request with its path and what the process found in its environment."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    path = scope["path"]
    is_refusal = path.startswith("/problems/gateway/")
    body = json.dumps(
        {"path": path, "environment": {name: os.environ.get(name, "") for name in NAMES}}
    ).encode()
    kind = b"application/problem+json" if is_refusal else b"application/json"
    status = int(path.rpartition("/")[2]) if is_refusal else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


class _Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


if __name__ == "__main__":
    http.server.HTTPServer(("127.0.0.1", int(os.environ["PLUGZERO_METRICS_PORT"])), _Ready).serve_forever()

"""A service in a process of its own, and a client that costs next to nothing: for what time tells."""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.embedded.ports import HIGHEST, HOST, LOWEST, is_free
from tests.environment import ROOT, Stack

UNPREFIXED = {"database_url", "public_database_url", "nats_url", "s3_endpoint_url"}


class Connection:
    """A kept-alive HTTP/1.1 connection that costs its client as little as possible."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.headers = b""
        self.body = b""

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        ip_address: str = "",
        browser: str = "",
    ) -> int:
        """Return the status; headers and body of the answer are kept until the next question."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(content)}\r\n"
        head += "Content-Type: application/json\r\n"
        head += f"Authorization: Bearer {token}\r\n" if token else ""
        head += f"X-Forwarded-For: {ip_address}\r\n" if ip_address else ""
        head += f"User-Agent: {browser}\r\n" if browser else ""
        self._writer.write(head.encode() + b"\r\n" + content)
        self.headers = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = self.headers.partition(b"content-length:")[2].partition(b"\r\n")[0]
        self.body = await self._reader.readexactly(int(length or b"0"))
        return int(self.headers[9:12])

    async def ask_for_nothing(self) -> int:
        """Return the status of a request that costs the service as little as a request can."""
        return await self.ask("GET", "/healthz")

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@dataclass
class Server:
    """A service in a process of its own."""

    port: int
    pid: int

    async def connect(self) -> Connection:
        """Return a new connection."""
        return Connection(*await asyncio.open_connection(HOST, self.port))

    async def until_ready(self, path: str = "/healthz") -> None:
        """Return when it answers; raises TimeoutError."""
        async with asyncio.timeout(30):
            while True:
                try:
                    connection = await self.connect()
                    await connection.ask("GET", path)
                    connection.close()
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    return


def free_port() -> int:
    """Return a port on which nothing listens."""
    return next(port for port in iter(lambda: random.randint(LOWEST, HIGHEST), None) if is_free(port))


@contextmanager
def serving(stack: Stack, service: str, **changes: object) -> Iterator[Server]:
    """Run a service as in production (JSON logs of each request, the default pool), and end it."""
    port = free_port()
    values = {**stack.settings(service), "environment": "production", "log_level": "INFO", **changes}
    del values["database_pool_size"]
    names = ((key, key.upper() if key in UNPREFIXED else f"PLUGZERO_{key.upper()}") for key in values)
    environment = {**os.environ, **{name: str(values[key]) for key, name in names}}
    argv = [sys.executable, "-m", "uvicorn", f"services.{service}.app:app", "--factory"]
    argv += ["--host", HOST, "--port", str(port), "--no-access-log", "--backlog", "4096"]
    process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(15)

"""Limited processes as the worker sees them: forked by a server that has loaded the engine (`fork_server`), followed, ended.

The server starts with the first process that is wanted, lives as long as this process, and is replaced when it has died.
"""

import asyncio
import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

SERVER = "services.ingestion.domain.fork_server"
_ROOT = Path(__file__).parents[3]


class ServerDiedError(Exception):
    """The server ended while a process worked, and took it along."""


class LimitedProcess:
    """A process that works: what it writes, and how it ends."""

    def __init__(
        self, output: asyncio.StreamReader, errors: asyncio.StreamReader, status: asyncio.StreamReader
    ) -> None:
        self.output, self.errors, self._status = output, errors, status
        self.pid = 0
        self._code: int | None = None

    async def begun(self) -> None:
        """Return when it runs; raises ServerDiedError."""
        self.pid = await self._told()

    async def ended(self) -> int:
        """Return its exit code, or the signal that ended it as a negative number; raises ServerDiedError."""
        if self._code is None:
            self._code = await self._told()
        return self._code

    @property
    def has_ended(self) -> bool:
        """Whether its end is known."""
        return self._code is not None

    async def _told(self) -> int:
        line = await self._status.readline()
        if not line:
            raise ServerDiedError("the process that forks ended")
        return int(line)


@dataclass(frozen=True, slots=True)
class _Running:
    """A server that was started, and the socket on which it is asked."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    @classmethod
    def started(cls, loaded: Sequence[str]) -> Self:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - the program is this one's
                [sys.executable, "-m", SERVER, str(os.getpid()), *loaded],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                # Nothing of this process's environment: what reads foreign files knows no password.
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT)},
            )
        return cls(process, control)

    def close(self) -> None:
        self.control.close()
        self.process.kill()
        self.process.wait()


class Server:
    """The server, started when it is needed; no event loop owns it, so that one serves all that a process runs.

    `loaded` are modules that what it forks needs beside the engine.
    """

    def __init__(self, *loaded: str) -> None:
        self._loaded = loaded
        self._running: _Running | None = None

    @property
    def pid(self) -> int | None:
        """The server's process, None while there is none."""
        return self._running.process.pid if self._running else None

    @asynccontextmanager
    async def running(
        self, module: str, arguments: Sequence[str], folder: Path
    ) -> AsyncIterator[LimitedProcess]:
        """Yield a process that runs a module's `main` in a folder; it is killed where the block is left before its end.

        Raises ServerDiedError.
        """
        wanted = json.dumps({"module": module, "arguments": list(arguments), "folder": str(folder)}).encode()
        async with AsyncExitStack() as stack:
            asked = self._running
            try:
                process = await self._forked(stack, wanted)
            except ServerDiedError:
                # It was dead before it was asked; another one forks the process.
                if self._running is asked:
                    self.close()
                process = await self._forked(stack, wanted)
            try:
                yield process
            finally:
                if not process.has_ended:
                    self._kill(process)
                    with contextlib.suppress(ServerDiedError):
                        await process.ended()

    def close(self) -> None:
        """End the server, and with it what it has forked."""
        if self._running is not None:
            self._running.close()
        self._running = None

    async def _forked(self, stack: AsyncExitStack, wanted: bytes) -> LimitedProcess:
        running = self._running = self._running or _Running.started(self._loaded)
        pipes = [os.pipe() for _ in range(3)]
        readers = [await stack.enter_async_context(_reading(ours)) for ours, _ in pipes]
        try:
            socket.send_fds(running.control, [wanted], [theirs for _, theirs in pipes])
        except ConnectionError as error:
            raise ServerDiedError("the process that forks has ended") from error
        finally:
            for _, theirs in pipes:
                os.close(theirs)
        process = LimitedProcess(*readers)
        await process.begun()
        return process

    def _kill(self, process: LimitedProcess) -> None:
        # Where the server is gone, so is what it has forked.
        if self._running is not None:
            with contextlib.suppress(ConnectionError):
                self._running.control.send(json.dumps({"kill": process.pid}).encode())


@cache
def server() -> Server:
    """The server of this process."""
    made = Server()
    atexit.register(made.close)
    return made


@asynccontextmanager
async def _reading(end: int) -> AsyncIterator[asyncio.StreamReader]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(end, "rb", 0)
    )
    try:
        yield reader
    finally:
        transport.close()

"""What a background process needs around its work: a stop signal, and a port for its health and metrics.

The relay and every worker use it. It is not a web server: two fixed answers on an internal port do not need one.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeVar

import uvloop

from kernel.logs import configure_logging
from kernel.settings import Settings
from kernel.telemetry import METRICS_CONTENT_TYPE, configure_tracing, rendered_metrics

T = TypeVar("T")
Ready = Callable[[], Awaitable[bool]]


def run_until_stopped(
    settings: Settings, work: Callable[[asyncio.Event], Coroutine[Any, Any, None]], *, process: str
) -> None:
    """Run a process's work; SIGTERM and SIGINT set the event it is given, upon which it ends by itself."""
    configure_logging(settings, process=f"{settings.service}-{process}")
    configure_tracing(settings, process=process)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await work(stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Return after a time, or as soon as the process is asked to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, or None when the process is asked to stop first; `work` is cancelled then."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait({working})


@asynccontextmanager
async def operations_port(port: int, ready: Ready, *, host: str = "127.0.0.1") -> AsyncIterator[None]:
    """Answer `/healthz`, `/readyz` and `/metrics` while the block runs; port 0 opens nothing."""
    if not port:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(5):
                request = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)
            status, kind, body = await _answer_to(request[1].decode("ascii", "replace"), ready)
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
            pass  # a caller that speaks no HTTP, or left, needs no answer
        finally:
            writer.close()

    async with await asyncio.start_server(answer, host, port):
        yield


async def _answer_to(path: str, ready: Ready) -> tuple[HTTPStatus, str, bytes]:
    if path == "/metrics":
        return HTTPStatus.OK, METRICS_CONTENT_TYPE, rendered_metrics()
    if path == "/healthz":
        return HTTPStatus.OK, "text/plain", b"alive\n"
    if path == "/readyz":
        if await ready():
            return HTTPStatus.OK, "text/plain", b"ready\n"
        return HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"not ready\n"
    return HTTPStatus.NOT_FOUND, "text/plain", b"there are /healthz, /readyz and /metrics\n"

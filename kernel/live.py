"""Server-sent events (WHATWG HTML, "Server-sent events"): a state that is told whenever it changed, until somebody has to stop.

What is sent is the whole state, and its id is its hash: who reconnects with `Last-Event-ID` hears nothing it knows already, and misses
nothing that still holds. The state is read anew each time in the caller's name, so a stream ends with the access it was opened by.
"""

import asyncio
import hashlib
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from types import FrameType

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from kernel.problems import Problem
from kernel.processes import pause

EVERY_S = 0.5
KEEP_ALIVE_S = 15.0
LONGEST_S = 600.0
"""After this a client connects again by itself, with a token that is valid then."""
_RETRY = b"retry: 1000\n\n"
_ALIVE = b": alive\n\n"

Read = Callable[[], Awaitable[BaseModel]]


def live_response(request: Request, read: Read, *, name: str) -> StreamingResponse:
    """The answer that tells what `read` returns whenever it changed, as events of that name."""
    stream = told(read, stopping(request.app), name=name, seen=request.headers.get("last-event-id", ""))
    # A proxy that collects answers before it passes them on would keep every event back.
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def told(read: Read, stop: asyncio.Event, *, name: str, seen: str) -> AsyncIterator[bytes]:
    """Events of a state; one named `end` says why, where access is lost. Ends when the process is asked to stop."""
    yield _RETRY
    started_at = sent_at = time.monotonic()
    while not stop.is_set() and time.monotonic() - started_at < LONGEST_S:
        try:
            text = (await read()).model_dump_json()
        except Problem as problem:
            yield f'event: end\ndata: {{"status": {problem.status}, "type": "/problems/{problem.slug}"}}\n\n'.encode()
            return
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        if digest != seen:
            seen, sent_at = digest, time.monotonic()
            yield f"id: {digest}\nevent: {name}\ndata: {text}\n\n".encode()
        elif time.monotonic() - sent_at > KEEP_ALIVE_S:
            sent_at = time.monotonic()
            yield _ALIVE
        await pause(stop, EVERY_S)


def stopping(app: FastAPI) -> asyncio.Event:
    """The event that is set when this process is asked to stop."""
    event: asyncio.Event = app.state.stopping
    return event


def note_stop(app: FastAPI) -> None:
    """Let streams end on SIGTERM, which the server alone hears: it waits for open answers before it tells the application."""
    event = app.state.stopping = asyncio.Event()
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before):
        return
    loop = asyncio.get_running_loop()

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(event.set)
        before(number, frame)

    signal.signal(signal.SIGTERM, heard)

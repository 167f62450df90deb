"""Publishing to JetStream in batches, with an answer for every message: stored, or why not.

A server with `sync_interval: always` calls fsync once per message, but once per atomic batch (ADR-50 of the NATS
project): the same durability at nine times the rate. So many messages travel as one atomic batch and a few are
pipelined, which is quicker for them. A batch that the server refuses as a whole (it holds a message that was stored
before, after a crash) is sent again one by one, where the server recognises each duplicate alone.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kernel.events import CONTENT_TYPE
from kernel.ids import uuid7
from kernel.logs import get_logger

ATOMIC_FROM = 24
"""Fewer messages are faster pipelined: making and removing a batch costs the server about 3 ms."""
ATOMIC_UP_TO = 1000
"""Most messages that the server takes in one batch."""
STEP_BYTES = 8 * 1024 * 1024
"""Bounds what server and client hold for one batch."""
ACK_TIMEOUT_S = 5.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """One message to store: its full subject, its body, and the id by which the server knows a duplicate."""

    subject: str
    body: bytes
    message_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that the server did not store, and its reason."""

    message: Message
    reason: str


class UnavailableError(ConnectionError):
    """JetStream did not answer for any of the messages; whether they are stored is unknown."""


class Publisher:
    """Publishes over one NATS connection; an async context manager that owns its reply subscription."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._replies: Subscription | None = None
        self._inbox = client.new_inbox()
        self._numbers = itertools.count()

    async def __aenter__(self) -> Self:
        self._replies = await self._client.subscribe(f"{self._inbox}.*", cb=self._on_reply)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._replies is not None and self._client.is_connected:
            await self._replies.unsubscribe()

    async def publish(self, messages: Sequence[Message]) -> list[Refused]:
        """Store messages; return those that were refused. Duplicates count as stored.

        Raises `UnavailableError` when the connection is down or the server stays silent. No more than
        `ATOMIC_UP_TO` messages or `STEP_BYTES` are under way at once; longer sequences go in several steps.
        """
        if not self._client.is_connected:
            raise UnavailableError("NATS is not connected")
        refused: list[Refused] = []
        for step in _steps(messages):
            if len(step) < ATOMIC_FROM or not await self._store_atomically(step):
                refused += await self._store_singly(step)
        return refused

    async def _store_atomically(self, messages: Sequence[Message]) -> bool:
        batch = uuid7().hex
        commit = self._expect()
        try:
            for number, message in enumerate(messages, start=1):
                headers = {**_headers(message), "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
                reply = ""
                if number == len(messages):
                    headers["Nats-Batch-Commit"] = "1"
                    reply = commit[0]
                await self._client.publish(message.subject, message.body, reply=reply, headers=headers)
            answer = await self._answer(commit)
        finally:
            self._forget(commit)
        reason = _refusal(answer)
        if reason:
            log.info("batch_refused", reason=reason, n_messages=len(messages))
        return not reason

    async def _store_singly(self, messages: Sequence[Message]) -> list[Refused]:
        expected = [self._expect() for _ in messages]
        try:
            for message, (reply, _) in zip(messages, expected, strict=True):
                await self._client.publish(
                    message.subject, message.body, reply=reply, headers=_headers(message)
                )
            answers = [await self._answer(each) for each in expected]
        finally:
            self._forget(*expected)
        found = ((message, _refusal(answer)) for message, answer in zip(messages, answers, strict=True))
        return [Refused(message, reason) for message, reason in found if reason]

    def _expect(self) -> tuple[str, "asyncio.Future[Msg]"]:
        reply = f"{self._inbox}.{next(self._numbers)}"
        future: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._waiting[reply] = future
        return reply, future

    def _forget(self, *expected: tuple[str, "asyncio.Future[Msg]"]) -> None:
        for reply, future in expected:
            self._waiting.pop(reply, None)
            future.cancel()

    async def _answer(self, expected: tuple[str, "asyncio.Future[Msg]"]) -> Msg:
        try:
            async with asyncio.timeout(ACK_TIMEOUT_S):
                return await expected[1]
        except TimeoutError as error:
            raise UnavailableError("JetStream did not acknowledge in time") from error

    async def _on_reply(self, message: Msg) -> None:
        future = self._waiting.get(message.subject)
        if future is not None and not future.done():
            future.set_result(message)


def _steps(messages: Sequence[Message]) -> Iterator[list[Message]]:
    step: list[Message] = []
    n_bytes = 0
    for message in messages:
        n_bytes += len(message.body)
        if step and (len(step) == ATOMIC_UP_TO or n_bytes > STEP_BYTES):
            yield step
            step, n_bytes = [], len(message.body)
        step.append(message)
    if step:
        yield step


def _headers(message: Message) -> dict[str, str]:
    return {"Nats-Msg-Id": message.message_id, "Content-Type": CONTENT_TYPE}


def _refusal(answer: Msg) -> str:
    """Return why the server did not store, or an empty string."""
    if answer.headers and answer.headers.get("Status") == "503":
        raise UnavailableError("no stream listens on this subject")
    try:
        body: dict[str, Any] = orjson.loads(answer.data)
    except orjson.JSONDecodeError:
        return f"unreadable acknowledgement {answer.data[:80]!r}"
    error = body.get("error")
    return str(error.get("description", error)) if error else ""

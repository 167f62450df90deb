"""Asking JetStream for one message at a time, for one durable consumer.

Why not nats-py's `fetch`: it keeps no hold on what arrives while it is being cancelled. Here nothing waits unseen in
a client's queue while its acknowledgement time runs out, and whatever arrives during the stop goes back at once.
"""

import time
from types import TracebackType
from typing import Self

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import TimeoutError as NatsTimeoutError

GRACE_S = 1.0
"""How long after its own deadline the server's "nothing came" may be on its way."""


class ConsumerGoneError(Exception):
    """The consumer or its stream is not on the server any more."""


class Puller:
    """One outstanding request for one message; an async context manager that owns its reply subscription."""

    def __init__(self, client: Client, *, stream: str, durable: str) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = client.new_inbox()
        self._replies: Subscription | None = None

    async def __aenter__(self) -> Self:
        self._replies = await self._client.subscribe(self._inbox)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._replies is None or not self._client.is_connected:
            return
        await self._client.flush()
        while (late := await self._reply(0.001)) is not None:
            if _status(late) is None:
                await late.nak()
        await self._replies.unsubscribe()

    async def next(self, *, wait_s: float) -> Msg | None:
        """Return the next message, or None when none came in time; 0 asks only for what is there now.

        Raises `ConsumerGoneError` when nobody on the server answers for the consumer.
        """
        request = {"batch": 1, "expires": int(wait_s * 1e9)} if wait_s else {"batch": 1, "no_wait": True}
        await self._client.publish(self._subject, orjson.dumps(request), reply=self._inbox)
        deadline = time.monotonic() + wait_s + GRACE_S
        while (reply := await self._reply(deadline - time.monotonic())) is not None:
            status = _status(reply)
            if status is None:
                return reply
            if status in {"503", "409"}:
                raise ConsumerGoneError(f"{self._subject}: {reply.headers}")
            if status in {"404", "408"}:
                return None
        return None

    async def _reply(self, timeout_s: float) -> Msg | None:
        if self._replies is None:
            raise RuntimeError("use the puller as a context manager")
        try:
            return await self._replies.next_msg(timeout=max(timeout_s, 0.001))
        except NatsTimeoutError:
            return None


def _status(message: Msg) -> str | None:
    """Return the status code of a reply that is not a message."""
    if message.data or not message.headers:
        return None
    return message.headers.get("Status")

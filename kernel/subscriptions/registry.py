"""Which handler of a service receives which event, and how patiently."""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from kernel.events import Event
from kernel.streams import DurableConsumer
from kernel.subscriptions.delivery import Delivery

E = TypeVar("E", bound=Event)
Handler = Callable[[E, Delivery], Awaitable[None]]

BACKOFF_S = (1.0, 5.0, 30.0, 120.0, 600.0)
"""Seconds from a failed attempt to the next: through a restart of a neighbour, then through its repair."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """One durable subscription: an event class, its handler, and limits."""

    service: str
    name: str
    event: type[Event]
    handler: Handler[Any]
    ack_wait_s: float
    max_deliver: int
    concurrency: int
    backoff_s: tuple[float, ...]
    max_run_s: float

    @property
    def durable(self) -> str:
        """Its name on the server, in the inbox, in dead letters and in metrics."""
        return f"{self.service}-{self.name}"

    @property
    def on_server(self) -> DurableConsumer:
        """What JetStream needs to know of it."""
        return DurableConsumer(
            durable=self.durable,
            subjects=(f"{self.event.event_subject()}.>",),
            ack_wait_s=self.ack_wait_s,
            max_deliver=self.max_deliver,
        )

    def delay_after_s(self, attempt: int) -> float:
        """Return the seconds to wait after the given failed attempt (1 is the first)."""
        if not self.backoff_s:
            return 0.0
        return self.backoff_s[min(attempt, len(self.backoff_s)) - 1]


class Consumers:
    """A service's consumers, in the order in which they were named."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._by_name: dict[str, Consumer] = {}

    def on(
        self,
        event: type[E],
        *,
        name: str,
        ack_wait_s: float = 60,
        max_deliver: int = 6,
        concurrency: int = 4,
        backoff_s: tuple[float, ...] = BACKOFF_S,
        max_run_s: float = 3600,
    ) -> Callable[[Handler[E]], Handler[E]]:
        """Return a decorator that subscribes a handler to an event class.

        `name` is durable: with another name JetStream starts again from the oldest event. `ack_wait_s` is how soon
        another worker takes over from a killed one; a living handler may take up to `max_run_s`. After `max_deliver`
        attempts the event is a dead letter. `concurrency` is per worker process.
        """
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
            raise ValueError(f"consumer name {name!r} must be kebab-case")
        if name in self._by_name:
            raise ValueError(f"{self.service} has two consumers {name!r}")

        def subscribe(handler: Handler[E]) -> Handler[E]:
            self._by_name[name] = Consumer(
                service=self.service,
                name=name,
                event=event,
                handler=handler,
                ack_wait_s=ack_wait_s,
                max_deliver=max_deliver,
                concurrency=concurrency,
                backoff_s=backoff_s,
                max_run_s=max_run_s,
            )
            return handler

        return subscribe

    def __iter__(self) -> Iterator[Consumer]:
        """Yield the consumers."""
        yield from self._by_name.values()

    def __len__(self) -> int:
        """Number of consumers."""
        return len(self._by_name)

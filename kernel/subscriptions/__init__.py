"""Durable subscriptions: events in, effects exactly once.

A service names its consumers in `consumers.py`; its worker runs them:

    consumers = Consumers("ingestion")

    @consumers.on(FileUploaded, name="parse-file")
    async def parse_uploaded_file(event: FileUploaded, delivery: Delivery) -> None: ...

JetStream delivers at least once. `delivery.effect()` inserts (consumer, source, event id) into the inbox in the
transaction of the effect, which makes it exactly once. A failing handler is retried with growing delays, then its
event becomes a dead letter; it never holds up other events.
"""

from kernel.subscriptions.delivery import AlreadyHandled, Delivery, Permanent
from kernel.subscriptions.draining import drain
from kernel.subscriptions.registry import Consumer, Consumers
from kernel.subscriptions.worker import Worker, run_worker

__all__ = [
    "AlreadyHandled",
    "Consumer",
    "Consumers",
    "Delivery",
    "Permanent",
    "Worker",
    "drain",
    "run_worker",
]

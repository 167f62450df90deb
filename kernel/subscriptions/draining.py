"""Letting everything that is under way come to rest, without waiting for clocks: for tests and maintenance."""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from nats.js.api import ConsumerInfo

from kernel.streams import stream_name
from kernel.subscriptions.pulling import Puller
from kernel.subscriptions.worker import Worker


async def drain(
    workers: Sequence[Worker], publish: Callable[[], Awaitable[int]], *, timeout_s: float = 60
) -> int:
    """Publish and handle until the outbox is empty and no consumer has anything left; return the handled messages.

    `publish` publishes what the outbox holds and returns how many rows it found (`relay.publish_pending`). The
    workers must be prepared and should not be patient, or messages under back-off count as unfinished. Raises
    TimeoutError that names the consumers which do not come to rest.
    """
    deadline = time.monotonic() + timeout_s
    n_handled = 0
    while True:
        while await publish():
            pass
        busy = await _busy(workers)
        if not busy:
            return n_handled
        if time.monotonic() > deadline:
            raise TimeoutError(f"still busy after {timeout_s} s: {', '.join(sorted(busy))}")
        for worker in workers:
            n_handled += await _handle_what_is_there(worker, busy)


async def _busy(workers: Sequence[Worker]) -> set[str]:
    """Durable names of the workers' consumers that have messages waiting or unacknowledged."""
    if not workers:
        return set()
    wanted = {consumer.durable for worker in workers for consumer in worker.consumers}
    jetstream, stream = workers[0].client.jetstream(), stream_name(workers[0].prefix)
    infos: list[ConsumerInfo] = await jetstream.consumers_info(stream)
    return {info.name for info in infos if info.name in wanted and (info.num_pending or info.num_ack_pending)}


async def _handle_what_is_there(worker: Worker, busy: set[str]) -> int:
    n_handled = 0
    async with AsyncExitStack() as opened:
        for consumer in worker.consumers:
            if consumer.durable not in busy:
                continue
            puller: Puller = await opened.enter_async_context(worker.puller(consumer))
            while (message := await puller.next(wait_s=0)) is not None:
                await worker.runner.settle(consumer, message)
                n_handled += 1
    await worker.client.flush()
    return n_handled

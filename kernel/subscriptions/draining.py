"""Letting everything that is under way come to rest, without waiting for clocks: for tests and maintenance."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError

from kernel.streams import consumer_filters, stream_name
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
    own = [info for info in infos if info.name in wanted]
    busy = {info.name for info in own if info.num_pending or info.num_ack_pending}
    return busy or await behind_newest(jetstream, stream, own)


async def behind_newest(jetstream: JetStreamContext, stream: str, infos: Sequence[ConsumerInfo]) -> set[str]:
    """Durable names of the consumers whose last delivery lies before the last message on one of their subjects.

    The server acknowledges a publication first and counts it as pending for its consumers a moment later, so
    "nothing pending" alone may be said of a stream whose newest message nobody has seen.
    """
    filters = {info.name: consumer_filters(info.config) for info in infos}
    subjects = sorted({subject for of_one in filters.values() for subject in of_one})
    newest = await asyncio.gather(*(_newest(jetstream, stream, subject) for subject in subjects))
    last = dict(zip(subjects, newest, strict=True))
    return {
        info.name
        for info in infos
        if (info.delivered.stream_seq if info.delivered else 0)
        < max((last[subject] for subject in filters[info.name]), default=0)
    }


async def _newest(jetstream: JetStreamContext, stream: str, subject: str) -> int:
    """Sequence of the last message on a subject; 0 where there is none."""
    try:
        message = await jetstream.get_last_msg(stream, subject)
    except NotFoundError:
        return 0
    return message.seq or 0


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

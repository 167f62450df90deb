"""What `drain` does: relay the outbox, and run all services' consumers in this process until nothing is left."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from kernel.publishing import Publisher
from kernel.relay import connect_postgres, publish_pending
from kernel.resources import Resources
from kernel.settings import Settings
from kernel.streams import connect_nats, ensure_stream, stream_name
from kernel.subscriptions import Consumers, Worker
from kernel.subscriptions import drain as drain_workers
from tests.environment import Stack

SERVICES_FOLDER = Path(__file__).parents[1] / "services"


def consumers_by_service() -> dict[str, Consumers]:
    """Return the consumers of each service that has a worker."""
    found = {}
    for folder in sorted(SERVICES_FOLDER.iterdir()):
        if (folder / "worker.py").exists():
            found[folder.name] = importlib.import_module(f"services.{folder.name}.consumers").consumers
    return found


@asynccontextmanager
async def opened_drain(
    stack: Stack, settings_of: Callable[[str], Any]
) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Open connections and workers; yield a coroutine function that drains and returns the number of deliveries."""
    relay = Settings(**stack.settings("relay"))
    async with AsyncExitStack() as opened:
        client = await connect_nats(relay, name=f"tests-{stack.name}")
        opened.push_async_callback(client.close)
        connection = await connect_postgres(relay)
        opened.push_async_callback(connection.close)
        await ensure_stream(client.jetstream(), stack.name)
        opened.push_async_callback(client.jetstream().delete_stream, stream_name(stack.name))
        workers = []
        for service, consumers in consumers_by_service().items():
            settings = settings_of(service)
            resources = Resources.of(settings)
            opened.push_async_callback(resources.close)
            workers.append(Worker(settings, consumers, resources, client, patient=False))
        for worker in workers:
            await worker.prepare()
        publisher = await opened.enter_async_context(Publisher(client))

        async def run() -> int:
            return await drain_workers(workers, lambda: publish_pending(connection, publisher, stack.name))

        yield run

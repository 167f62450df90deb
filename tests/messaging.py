"""A post office for tests of messaging: a stream of its own, a relay to turn by hand, workers, and a table of effects."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import asyncpg
from nats.aio.client import Client
from sqlalchemy import text

from kernel.db import Tenancy
from kernel.events import Event, record
from kernel.publishing import Publisher
from kernel.relay import connect_postgres, publish_pending
from kernel.resources import Resources
from kernel.settings import Settings
from kernel.streams import connect_nats, ensure_stream, stream_name
from kernel.subscriptions import Consumers, Delivery, Worker
from kernel.subscriptions import drain as drain_workers
from tests.environment import Stack

TEAM = 4711
EFFECTS = """
    CREATE TABLE IF NOT EXISTS test_effect (
        consumer text NOT NULL, event_id uuid NOT NULL, word text NOT NULL, attempt int NOT NULL
    );
    GRANT SELECT, INSERT ON test_effect TO plugzero_identity, plugzero_seo;
"""


class BellRung(Event):
    """Something that only tests publish."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "bell-rung"

    word: str


async def write_effect(event: BellRung, delivery: Delivery) -> None:
    """A handler whose effect is a row that a second effect would double."""
    async with delivery.effect() as session:
        await session.execute(
            text("INSERT INTO test_effect VALUES (:consumer, :event_id, :word, :attempt)"),
            {
                "consumer": delivery.consumer,
                "event_id": delivery.event_id,
                "word": event.word,
                "attempt": delivery.attempt,
            },
        )


def bell_consumers(*names: str, **options: Any) -> Consumers:
    """Return consumers that write their effects."""
    consumers = Consumers("identity")
    for name in names or ("ring",):
        consumers.on(BellRung, name=name, **options)(write_effect)
    return consumers


@dataclass
class Post:
    """One stream of its own on the servers, and everything around it in this process."""

    settings: Settings
    relay_settings: Settings
    client: Client
    relay: asyncpg.Connection
    owner: asyncpg.Connection
    publisher: Publisher
    resources: Resources
    workers: list[Worker] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """The prefix of this post's subjects."""
        return self.settings.events_prefix

    async def record(self, *words: str, team_id: int = TEAM) -> list[uuid.UUID]:
        """Record an event per word in one committed transaction."""
        async with self.resources.database.transaction(Tenancy.of_team(team_id)) as session:
            return [await record(session, BellRung(word=word), team_id=team_id) for word in words]

    async def publish(self) -> int:
        """Turn the relay until the outbox is empty; return the rows published."""
        total = 0
        while count := await publish_pending(self.relay, self.publisher, self.prefix):
            total += count
        return total

    async def worker(self, consumers: Consumers, *, patient: bool = False) -> Worker:
        """Return a prepared worker, which `drain` runs too."""
        worker = Worker(self.settings, consumers, self.resources, self.client, patient=patient)
        await worker.prepare()
        self.workers.append(worker)
        return worker

    async def drain(self) -> int:
        """Publish and handle until nothing is left; return the deliveries."""
        return await drain_workers(
            self.workers, lambda: publish_pending(self.relay, self.publisher, self.prefix), timeout_s=20
        )

    async def effects(self, *event_ids: uuid.UUID) -> list[tuple[str, str, int]]:
        """Return (consumer, word, attempt) of the effects of some events, ordered."""
        rows = await self.owner.fetch(
            "SELECT consumer, word, attempt FROM test_effect WHERE event_id = ANY($1) ORDER BY consumer, word",
            event_ids,
        )
        return [tuple(row) for row in rows]

    async def dead_letters(self, *event_ids: uuid.UUID) -> list[asyncpg.Record]:
        """Return the dead letters of some events."""
        found: list[asyncpg.Record] = await self.owner.fetch(
            "SELECT * FROM messaging_deadletter WHERE event_id = ANY($1) ORDER BY id", event_ids
        )
        return found

    async def n_stored(self) -> int:
        """Number of messages in the stream."""
        info = await self.client.jetstream().stream_info(stream_name(self.prefix))
        return int(info.state.messages)


@asynccontextmanager
async def opened_post(stack: Stack, *, service: str = "identity") -> AsyncIterator[Post]:
    """Open a post with a stream of its own; unpublished events of earlier tests are set aside."""
    prefix = f"p-{uuid.uuid4().hex[:10]}"
    settings = Settings(**{**stack.settings(service), "service": service, "events_prefix": prefix})
    relay_settings = Settings(**{**stack.settings("relay"), "service": "relay", "events_prefix": prefix})
    async with AsyncExitStack() as opened:
        owner = await asyncpg.connect(stack.database_url)
        opened.push_async_callback(owner.close)
        await owner.execute(EFFECTS)
        await owner.execute("UPDATE messaging_outbox SET published_at = now() WHERE published_at IS NULL")
        client = await connect_nats(settings, name=prefix)
        opened.push_async_callback(client.close)
        await ensure_stream(client.jetstream(), prefix)
        opened.push_async_callback(_delete_stream, client, prefix)
        relay = await connect_postgres(relay_settings)
        opened.push_async_callback(relay.close)
        publisher = await opened.enter_async_context(Publisher(client))
        resources = Resources.of(settings)
        opened.push_async_callback(resources.close)
        yield Post(settings, relay_settings, client, relay, owner, publisher, resources)


async def _delete_stream(client: Client, prefix: str) -> None:
    await client.jetstream().delete_stream(stream_name(prefix))

"""Process: outbox → JetStream (`python -m kernel.relay`).

Claims unpublished rows with `FOR UPDATE SKIP LOCKED`, publishes them in batches under `Nats-Msg-Id` = event id, and
marks them on the server's acknowledgement. The row locks are the claim: a relay that dies leaves none behind, so any
number may run. A crash between acknowledgement and mark publishes twice; JetStream's duplicate window drops most
of those and the consumers' inboxes the rest. Rows are claimed by status and never by a remembered id: a serial
number may commit later than a larger one.

A network call inside a transaction is against the house rules, with this one exception: nobody else wants these locks.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
from nats.errors import Error as NatsError
from prometheus_client import Counter, Gauge, Histogram

from kernel.logs import get_logger
from kernel.processes import operations_port, pause, run_until_stopped, unless_stopped
from kernel.publishing import Message, Publisher
from kernel.resources import Resources
from kernel.retention import jobs
from kernel.scheduler import run_jobs
from kernel.settings import Settings
from kernel.streams import DriftError, connect_nats, ensure_stream

BATCH = 1000
LANES = 2
"""Batches under way at once under load: while one waits for fsync, the other claims and marks."""
BUSY_POLL_S = 0.002
IDLE_POLL_S = 0.015
POLL_GROWTH = 1.05
"""Polling, not NOTIFY: see docs/adr/0005. The pause grows from the busy one to the idle one in about half a second."""
HELD_POLL_S = 0.1
"""When all that is pending is held by another relay, or was refused."""
RETRY_S = 0.5
GAUGE_EVERY_S = 10.0

PUBLISHED = Counter("plugzero_relay_published_total", "Events published and marked.")
REFUSED = Counter("plugzero_relay_refused_total", "Events that JetStream refused to store.")
BATCH_DURATION = Histogram("plugzero_relay_batch_seconds", "Time from claim to commit of a batch.")
PENDING = Gauge(
    "plugzero_outbox_pending", "Committed events that are not published yet; counted up to 100,000."
)
OLDEST = Gauge("plugzero_outbox_oldest_seconds", "Age of the oldest event that is not published yet.")

_ANY_PENDING = "SELECT EXISTS (SELECT FROM messaging_outbox WHERE published_at IS NULL)"
_CLAIM = """
    SELECT id, event_id::text, subject, envelope::text AS body FROM messaging_outbox
    WHERE published_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_MARK = "UPDATE messaging_outbox SET published_at = clock_timestamp() WHERE id = ANY($1::bigint[])"
_BACKLOG = """
    SELECT (SELECT count(*) FROM (SELECT FROM messaging_outbox WHERE published_at IS NULL LIMIT 100000) AS counted) AS pending,
           coalesce(extract(epoch FROM now() - (SELECT created_at FROM messaging_outbox WHERE published_at IS NULL
                                                ORDER BY id LIMIT 1)), 0)::float8 AS oldest_s
"""
_ANY_PUBLISHED = "SELECT EXISTS (SELECT FROM messaging_outbox WHERE published_at IS NOT NULL)"

_ALWAYS_THE_INDEX = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
"""Claims must walk the index of unpublished rows: with figures from a quiet hour the planner would collect and sort
the whole backlog for every batch, and a relay that falls behind would fall ever further behind."""

INTERRUPTIONS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    NatsError,
)
"""What a relay waits out: PostgreSQL or NATS is away, or its server is restarting. asyncpg calls it an internal error
when the server's farewell arrives just before a query leaves."""

log = get_logger(__name__)


async def publish_pending(connection: Any, publisher: Publisher, prefix: str, *, limit: int = BATCH) -> int:
    """Publish up to `limit` committed events that no other relay holds; return how many were published.

    `connection` is asyncpg's. Rows whose message the server refuses stay unpublished and do not hold up others.
    Raises `publishing.UnavailableError` when JetStream is away; nothing is marked then.
    """
    started = time.perf_counter()
    async with connection.transaction():
        rows = await connection.fetch(_CLAIM, limit)
        if not rows:
            return 0
        messages = [
            Message(f"{prefix}.{row['subject']}", row["body"].encode(), row["event_id"]) for row in rows
        ]
        refused = {each.message.message_id: each.reason for each in await publisher.publish(messages)}
        published = [row["id"] for row in rows if row["event_id"] not in refused]
        await connection.execute(_MARK, published)
    if refused:
        event_id, reason = next(iter(refused.items()))
        log.error("events_refused", n_events=len(refused), first=event_id, reason=reason)
    PUBLISHED.inc(len(published))
    REFUSED.inc(len(refused))
    BATCH_DURATION.observe(time.perf_counter() - started)
    return len(published)


async def relay(settings: Settings, stop: asyncio.Event) -> None:
    """Relay until asked to stop; whatever goes away is waited for. Raises `DriftError` on an unusable stream."""
    client = await unless_stopped(stop, connect_nats(settings, name="plugzero-relay"))
    if client is None:
        return
    ready = asyncio.Event()

    async def is_ready() -> bool:
        return ready.is_set() and client.is_connected

    try:
        async with (
            operations_port(settings.metrics_port, is_ready, host=settings.metrics_host),
            Publisher(client) as publisher,
        ):
            while not stop.is_set():
                try:
                    async with _connections(settings, LANES) as connections:
                        await _prepare_stream(client.jetstream(), settings.events_prefix, connections[0])
                        ready.set()
                        await _pump(connections, publisher, settings.events_prefix, stop)
                except asyncpg.SyntaxOrAccessError:
                    raise  # a missing grant or table, or our own mistake: waiting does not help
                except INTERRUPTIONS as error:
                    ready.clear()
                    log.warning("relay_interrupted", error=str(error) or type(error).__name__)
                    await pause(stop, RETRY_S)
    finally:
        await client.close()


async def _relay_and_tidy(settings: Settings, stop: asyncio.Event) -> None:
    """Relay, and run the recurring jobs of messaging beside it; the first to fail ends both."""
    resources = Resources.of(settings)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(relay(settings, stop))
            tasks.create_task(run_jobs(resources, jobs, stop))
    finally:
        await resources.close()


async def _prepare_stream(jetstream: Any, prefix: str, connection: Any) -> None:
    created = await ensure_stream(jetstream, prefix)
    if created and await connection.fetchval(_ANY_PUBLISHED):
        log.error(
            "stream_was_lost",
            prefix=prefix,
            remedy="events published before are no longer in NATS: run `python -m kernel.reconcile --republish`",
        )


async def _pump(connections: Sequence[Any], publisher: Publisher, prefix: str, stop: asyncio.Event) -> None:
    """Publish whenever something is committed: one lane while there is little, all of them under load."""
    log.info("relay_started", prefix=prefix, lanes=len(connections))
    first, delay_s, measure_at = connections[0], BUSY_POLL_S, 0.0
    while not stop.is_set():
        if time.monotonic() >= measure_at:
            await _measure(first)
            measure_at = time.monotonic() + GAUGE_EVERY_S
        delay_s = min(delay_s * POLL_GROWTH, IDLE_POLL_S)
        if await first.fetchval(_ANY_PENDING):
            n_published = await publish_pending(first, publisher, prefix)
            delay_s = BUSY_POLL_S if n_published else HELD_POLL_S
            if n_published == BATCH:
                await _drain_lanes(connections, publisher, prefix, stop, until=measure_at)
        await asyncio.sleep(delay_s)  # cheaper than waiting for `stop` as well, and as good at this length


async def _drain_lanes(
    connections: Sequence[Any], publisher: Publisher, prefix: str, stop: asyncio.Event, *, until: float
) -> None:
    """Publish on all connections at once until batches are no longer full, or the monotonic clock says `until`."""

    async def drain(connection: Any) -> None:
        while not stop.is_set() and time.monotonic() < until:
            if await publish_pending(connection, publisher, prefix) < BATCH:
                return

    try:
        async with asyncio.TaskGroup() as lanes:
            for connection in connections:
                lanes.create_task(drain(connection))
    except ExceptionGroup as group:  # the caller waits out interruptions, whichever lane met one first
        raise group.exceptions[0] from group


async def _measure(connection: Any) -> None:
    row = await connection.fetchrow(_BACKLOG)
    PENDING.set(row["pending"])
    OLDEST.set(row["oldest_s"])


@asynccontextmanager
async def _connections(settings: Settings, count: int) -> AsyncIterator[list[Any]]:
    """Open raw asyncpg connections: at these rates the ORM's share would be the larger one."""
    async with AsyncExitStack() as opened:
        connections = []
        for _ in range(count):
            connection = await connect_postgres(settings, **_ALWAYS_THE_INDEX)
            opened.callback(connection.terminate)
            connections.append(connection)
        yield connections


async def connect_postgres(settings: Settings, **server_settings: str) -> Any:
    """Return a raw asyncpg connection under the relay's role, with PostgreSQL's own settings where given."""
    return await asyncpg.connect(
        settings.database_url,
        timeout=10,
        command_timeout=settings.database_statement_timeout_s,
        server_settings={"application_name": "plugzero-relay", "jit": "off", **server_settings},
    )


def main() -> None:
    """Run the relay until SIGTERM; exit status 1 on a stream that cannot be used."""
    settings = Settings(service="relay")
    try:
        run_until_stopped(settings, lambda stop: _relay_and_tidy(settings, stop), process="relay")
    except* DriftError as group:
        log.critical("refused_to_run", reasons=[str(error) for error in group.exceptions])
        sys.exit(1)


if __name__ == "__main__":
    main()

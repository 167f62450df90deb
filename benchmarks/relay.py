"""Events per second through the relay, and the time from commit to the start of a handler.

    python -m benchmarks.relay [--events N] [--bytes N] [--seconds N]

Starts PostgreSQL and NATS of its own, both with the durability of production (`fsync` on, `sync_interval: always`), and
measures in one run, on the same bytes: JetStream's own ceilings (publishing awaited one by one, pipelined, and in
atomic batches), then the relay, then latency with nothing else going on. Figures are ratios against those ceilings.

Measured on 2026-11-23, 2 shared cores (virtual machine, ext4, 0.13 ms an fsync), 600 bytes an event, 20,000 events:

| load before | awaited | pipelined | atomic batches | relay | of 14,500/s | commit to handler p50, p99 |
|---|---|---|---|---|---|---|
| 1.9 | 2,310/s | 4,638/s | 51,174/s | 38,372/s | 2.65 | 15.1 ms, 20.1 ms |
| 8.8, other builds running | 799/s | 1,278/s | 13,014/s | 10,497/s | 0.72 | 23.4 ms, 52 ms |

14,500/s is the best published figure for a PostgreSQL outbox, reached with JetStream's default of an fsync every two minutes.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
from nats.js import JetStreamContext

from deploy.embedded.parts import Backing
from kernel.db import Tenancy
from kernel.events import envelope_of, record
from kernel.publishing import Message, Publisher
from kernel.relay import BATCH, relay
from kernel.subscriptions import Consumers, Delivery
from tests.environment import Stack, migrate, set_role_passwords
from tests.messaging import TEAM, BellRung, Post, opened_post

INSERT = """
    INSERT INTO messaging_outbox (event_id, type, source, subject, team_id, envelope)
    SELECT id, 'bell-rung', '/plugzero/identity', 'identity.bell-rung.v1.' || (n % 50),
           n % 50, $2::jsonb || jsonb_build_object('id', id)
    FROM (SELECT gen_random_uuid() AS id, n FROM generate_series(1, $1) AS n) AS rows
"""


WARM_UP = 3
"""Events not counted: they open connections."""


def _body(n_bytes: int) -> bytes:
    envelope = envelope_of(BellRung(word=""), team_id=TEAM).model_dump(mode="json", exclude_none=True)
    padding = max(0, n_bytes - len(orjson.dumps(envelope)))
    return orjson.dumps({**envelope, "data": {"word": "x" * padding}})


async def _rate(count: int, work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return count / (time.perf_counter() - started)


async def awaited_rate(jetstream: JetStreamContext, prefix: str, body: bytes, count: int) -> float:
    """Publishes per second when each waits for its acknowledgement."""

    async def work() -> None:
        for _ in range(count):
            await jetstream.publish(f"{prefix}.bench.x.v1.1", body, headers={"Nats-Msg-Id": uuid.uuid4().hex})

    return await _rate(count, work)


async def pipelined_rate(jetstream: JetStreamContext, prefix: str, body: bytes, count: int) -> float:
    """Publishes per second with nats-py's own asynchronous publishing, a batch under way at once."""

    async def work() -> None:
        for _ in range(0, count, BATCH):
            headers = [{"Nats-Msg-Id": uuid.uuid4().hex} for _ in range(BATCH)]
            subject = f"{prefix}.bench.x.v1.1"
            await asyncio.gather(
                *[await jetstream.publish_async(subject, body, headers=each) for each in headers]
            )

    return await _rate(count, work)


async def batched_rate(publisher: Publisher, prefix: str, body: bytes, count: int) -> float:
    """Publishes per second in atomic batches, one after the other: what the relay publishes with."""

    async def work() -> None:
        for _ in range(0, count, BATCH):
            messages = [Message(f"{prefix}.bench.x.v1.1", body, uuid.uuid4().hex) for _ in range(BATCH)]
            await publisher.publish(messages)

    return await _rate(count, work)


async def relay_rate(post: Post, body: bytes, count: int) -> float:
    """Events per second from committed outbox rows to rows marked as published, by one relay process' loop."""
    await post.owner.execute(INSERT, count, body.decode())
    stop = asyncio.Event()
    unpublished = "SELECT EXISTS (SELECT FROM messaging_outbox WHERE published_at IS NULL)"

    async def work() -> None:
        running = asyncio.create_task(relay(post.relay_settings, stop))
        while await post.owner.fetchval(unpublished):  # noqa: ASYNC110 - rows set no event
            await asyncio.sleep(0.01)
        stop.set()
        await running

    return await _rate(count, work)


async def idle_latencies_ms(post: Post, count: int) -> list[float]:
    """Milliseconds from commit to the start of the handler, one event at a time with nothing else going on."""
    consumers, started = Consumers("identity"), asyncio.Queue[float]()

    @consumers.on(BellRung, name="watch")
    async def watch(_event: BellRung, _delivery: Delivery) -> None:
        started.put_nowait(time.perf_counter())

    worker, stop = await post.worker(consumers), asyncio.Event()
    running = [asyncio.create_task(relay(post.relay_settings, stop)), asyncio.create_task(worker.run(stop))]
    latencies = []
    for number in range(-WARM_UP, count):
        await asyncio.sleep(
            random.uniform(0.7, 0.9)
        )  # until the relay polls at its idle pace, at no fixed phase
        async with post.resources.database.transaction(Tenancy.of_team(TEAM)) as session:
            await record(session, BellRung(word="ding"), team_id=TEAM)
        committed = time.perf_counter()
        latency_ms = (await started.get() - committed) * 1000
        if number >= 0:
            latencies.append(latency_ms)
    stop.set()
    await asyncio.gather(*running)
    return latencies


async def _measure(stack: Stack, *, n_events: int, n_bytes: int, n_latencies: int) -> None:
    body = _body(n_bytes)
    async with opened_post(stack) as post:
        jetstream = post.client.jetstream()
        awaited = await awaited_rate(jetstream, post.prefix, body, min(n_events, 2000))
        pipelined = await pipelined_rate(jetstream, post.prefix, body, min(n_events, 10_000))
        batched = await batched_rate(post.publisher, post.prefix, body, n_events)
        relayed = max([await relay_rate(post, body, n_events) for _ in range(3)])
    async with opened_post(stack) as post:
        latencies = sorted(await idle_latencies_ms(post, n_latencies))
    print(f"{len(body)} bytes an event, {n_events} events")
    print(f"JetStream, awaited one by one      {awaited:9.0f}/s")
    print(f"JetStream, pipelined by {BATCH}       {pipelined:9.0f}/s")
    print(f"JetStream, atomic batches of {BATCH}  {batched:9.0f}/s")
    print(
        f"relay, PostgreSQL to marked        {relayed:9.0f}/s = {relayed / awaited:.1f} × awaited, ", end=""
    )
    print(
        f"{relayed / pipelined:.1f} × pipelined, {relayed / batched:.2f} × batches, {relayed / 14_500:.2f} × 14,500/s"
    )
    p99 = latencies[int(len(latencies) * 0.99) - 1]
    print(f"commit to handler, idle            p50 {statistics.median(latencies):.1f} ms, p99 {p99:.1f} ms")


async def main() -> None:
    """Start servers, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--bytes", type=int, default=600)
    parser.add_argument("--latencies", type=int, default=50)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plugzero-bench-") as folder:
        async with Backing(Path(folder) / "servers", parts=("postgres", "nats"), durable=True) as backing:
            urls = backing.urls
            await asyncio.to_thread(migrate, urls.database_url)
            await asyncio.to_thread(set_role_passwords, urls.database_url)
            stack = Stack(urls.database_url, urls.nats_url, urls, "bench")
            await _measure(stack, n_events=chosen.events, n_bytes=chosen.bytes, n_latencies=chosen.latencies)


if __name__ == "__main__":
    asyncio.run(main())

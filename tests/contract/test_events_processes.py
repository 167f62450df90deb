"""What surrounds consumers: a port for probes and metrics, an orderly stop, and traces that go on across NATS."""

import asyncio
import socket
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from kernel import relay
from kernel.processes import operations_port, pause, unless_stopped
from kernel.subscriptions import Consumers, Delivery
from tests.environment import Stack
from tests.messaging import BellRung, Post, bell_consumers, opened_post


@pytest.fixture
async def post(stack: Stack) -> AsyncIterator[Post]:
    async with opened_post(stack) as opened:
        yield opened


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_process_answers_probes_and_shows_its_metrics(post: Post) -> None:
    await post.worker(bell_consumers("metered"))
    await post.record("ding")
    await post.drain()
    ready = asyncio.Event()

    async def is_ready() -> bool:
        return ready.is_set()

    port = _free_port()
    async with (
        operations_port(port, is_ready),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        assert (await client.get("/healthz")).text == "alive\n"
        assert (await client.get("/readyz")).status_code == 503
        ready.set()
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/elsewhere")).status_code == 404
        metrics = (await client.get("/metrics")).text
    assert 'plugzero_deliveries_total{consumer="identity-metered",outcome="done"} 1.0' in metrics
    assert 'plugzero_delivery_wait_seconds_count{consumer="identity-metered"} 1.0' in metrics


async def test_a_caller_that_speaks_no_http_does_no_harm() -> None:
    async def is_ready() -> bool:
        return True

    port = _free_port()
    async with operations_port(port, is_ready):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x00\x01\r\n\r\n")
        writer.close()
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200


async def test_waiting_ends_when_the_process_is_asked_to_stop() -> None:
    stop, cancelled = asyncio.Event(), asyncio.Event()

    async def forever() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return 1

    waiting = asyncio.create_task(unless_stopped(stop, forever()))
    pausing = asyncio.create_task(pause(stop, 3600))
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(10):
        assert await waiting is None
        await pausing
    assert cancelled.is_set()
    assert await unless_stopped(asyncio.Event(), asyncio.sleep(0, "done")) == "done"


async def test_a_relay_publishes_what_is_committed_while_it_runs_and_shows_its_backlog(post: Post) -> None:
    await post.worker(bell_consumers())
    before = await post.record("before")
    stop = asyncio.Event()
    running = asyncio.create_task(relay.relay(post.relay_settings, stop))
    later = await post.record("later")
    pending = "SELECT EXISTS (SELECT FROM messaging_outbox WHERE published_at IS NULL)"
    async with asyncio.timeout(30):
        while await post.owner.fetchval(pending):
            assert not running.done()
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert relay.OLDEST._value.get() >= 0
    await post.drain()
    assert len(await post.effects(*before, *later)) == 2


async def test_a_relay_without_its_grants_ends_instead_of_waiting(post: Post) -> None:
    wrong_role = post.relay_settings.model_copy(update={"database_url": post.settings.database_url})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await relay.relay(wrong_role, asyncio.Event())


async def test_a_trace_goes_on_in_the_handler(post: Post) -> None:
    seen: list[str | None] = []
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="traced")
    async def traced(event: BellRung, delivery: Delivery) -> None:
        seen.append(delivery.envelope.traceparent)
        seen.append(f"{trace.get_current_span().get_span_context().trace_id:032x}")

    await post.worker(consumers)
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("request") as span:
        await post.record("ding")
    await post.drain()
    trace_id = f"{span.get_span_context().trace_id:032x}"
    assert seen[0] is not None
    assert trace_id in seen[0]
    assert seen[1] == trace_id

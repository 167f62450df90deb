"""Exactly once while processes are killed and disks are wiped: real servers of one's own, real SIGKILL."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.embedded.parts import Backing
from kernel.streams import stream_name
from tests.environment import ROOT, Stack, migrate, set_role_passwords
from tests.messaging import Post, bell_consumers, opened_post

pytestmark = pytest.mark.faults


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and NATS of this module's own, to be killed and wiped."""

    backing: Backing
    stack: Stack


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    async with Backing(folder, parts=("postgres", "nats"), durable=True) as backing:
        urls = backing.urls
        await asyncio.to_thread(migrate, urls.database_url)
        await asyncio.to_thread(set_role_passwords, urls.database_url)
        yield Servers(backing, Stack(urls.database_url, urls.nats_url, urls, "faults"))


@pytest.fixture
async def post(servers: Servers) -> AsyncIterator[Post]:
    async with opened_post(servers.stack) as opened:
        yield opened


def _environment(post: Post, *, role: str) -> dict[str, str]:
    settings = post.relay_settings if role == "relay" else post.settings
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "NATS_URL": settings.nats_url,
        "PLUGZERO_EVENTS_PREFIX": settings.events_prefix,
        "PLUGZERO_ENVIRONMENT": "local",
        "PLUGZERO_SECRET_KEY": settings.secret_key.get_secret_value(),
    }


@asynccontextmanager
async def running(*command: str, environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a process; what is left of it at the end is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(question: Callable[[], Awaitable[Any]], *, seconds: float = 120) -> Any:
    """Return the first true answer; the answer is asked for as long as the time lasts."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                if answer := await question():
                    return answer
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pass  # the server is on its way back
            await asyncio.sleep(0.05)


RELAY_THAT_DIES = """
    import asyncio, os, signal
    from kernel import relay
    from kernel.publishing import Publisher
    from kernel.settings import Settings
    from kernel.streams import connect_nats

    class DiesBeforeMarking:
        def __init__(self, connection): self._connection = connection
        def __getattr__(self, name): return getattr(self._connection, name)
        async def execute(self, statement, *values):
            os.kill(os.getpid(), signal.SIGKILL)

    async def main():
        settings = Settings(service="relay")
        client = await connect_nats(settings, name="doomed")
        connection = DiesBeforeMarking(await relay.connect_postgres(settings))
        async with Publisher(client) as publisher:
            await relay.publish_pending(connection, publisher, settings.events_prefix)

    asyncio.run(main())
"""


async def test_a_relay_killed_between_publishing_and_marking_loses_and_doubles_nothing(post: Post) -> None:
    await post.worker(bell_consumers())
    events = await post.record(*(f"ding-{number}" for number in range(60)))
    script = textwrap.dedent(RELAY_THAT_DIES)
    async with running("-c", script, environment=_environment(post, role="relay")) as relay:
        assert await relay.wait() == -signal.SIGKILL
    unpublished = "SELECT count(*) FROM messaging_outbox WHERE event_id = ANY($1) AND published_at IS NULL"
    assert await post.owner.fetchval(unpublished, events) == 60
    assert await post.n_stored() == 60
    await post.drain()
    assert await post.owner.fetchval(unpublished, events) == 0
    assert await post.n_stored() == 60
    assert len(await post.effects(*events)) == 60


WORKER = """
    import os, signal, sys
    from nats.aio.msg import Msg
    from kernel.settings import Settings
    from kernel.subscriptions import run_worker
    from tests.messaging import bell_consumers

    async def die(message):
        os.kill(os.getpid(), signal.SIGKILL)

    if "die" in sys.argv:
        Msg.ack = die
    run_worker(Settings(service="identity"), bell_consumers(ack_wait_s=1))
"""


async def test_a_worker_killed_between_effect_and_acknowledgement_has_one_effect(post: Post) -> None:
    await post.worker(bell_consumers(ack_wait_s=1))
    events = await post.record("ding", "dong")
    await post.publish()
    script, environment = textwrap.dedent(WORKER), _environment(post, role="identity")
    async with running("-c", script, "die", environment=environment) as worker:
        assert await worker.wait() == -signal.SIGKILL
    assert await post.effects(*events)

    async def is_quiet() -> bool:
        info = await post.client.jetstream().consumer_info(stream_name(post.prefix), "identity-ring")
        return bool(info.num_pending == 0 and info.num_ack_pending == 0)

    async with running("-c", script, environment=environment) as worker:
        await until(is_quiet)
        worker.terminate()
        assert await worker.wait() == 0
    assert sorted(word for _, word, _ in await post.effects(*events)) == ["ding", "dong"]


async def test_losing_the_whole_disk_of_nats_loses_no_effect(post: Post, servers: Servers) -> None:
    consumers = bell_consumers("ring", "echo")
    await post.worker(consumers)
    handled = await post.record(*(f"before-{number}" for number in range(30)))
    await post.drain()
    lost = await post.record(*(f"lost-{number}" for number in range(40)))
    await post.publish()  # acknowledged, marked, and then gone

    await servers.backing.kill("nats")
    servers.backing.wipe("nats")
    later = await post.record("while-it-was-away")
    await servers.backing.start("nats")

    reconcile = ("-m", "kernel.reconcile", "tests.messaging_two_consumers", "--older-than-s", "0")
    environment = _environment(post, role="relay")
    async with running(*reconcile, environment=environment) as look:
        assert await look.wait() == 1  # there are gaps
    async with running(*reconcile, "--republish", environment=environment) as repair:
        assert await repair.wait() == 0
    await until(_connected(post))
    await post.drain()
    assert len(await post.effects(*handled, *lost, *later)) == 2 * (30 + 40 + 1)
    async with running(*reconcile, environment=environment) as look:
        assert await look.wait() == 0


def _connected(post: Post) -> Callable[[], Awaitable[bool]]:
    async def is_connected() -> bool:
        return bool(post.client.is_connected)

    return is_connected


async def test_relay_and_worker_outlive_both_servers_and_the_disk_of_nats(
    post: Post, servers: Servers
) -> None:
    environment = _environment(post, role="relay")
    own = _environment(post, role="identity")
    owner_url = servers.stack.database_url

    async def effect_of(event_id: uuid.UUID) -> Any:
        connection = await asyncpg.connect(owner_url)
        try:
            return await connection.fetchval("SELECT count(*) FROM test_effect WHERE event_id = $1", event_id)
        finally:
            await connection.close()

    async def record_one(word: str) -> uuid.UUID:
        [event_id] = await post.record(word)
        return event_id

    async with (
        running("-m", "kernel.relay", environment=environment) as relay,
        running("-c", textwrap.dedent(WORKER), environment=own) as worker,
    ):
        first = await record_one("first")
        await until(lambda: effect_of(first))

        await servers.backing.kill("nats")
        second = await record_one("second")
        servers.backing.wipe("nats")  # stream and consumers are gone as well
        await servers.backing.start("nats")
        await until(lambda: effect_of(second))

        await servers.backing.kill("postgres")
        await servers.backing.start("postgres")
        await post.resources.database.engine.dispose()
        third = await until(lambda: record_one("third"))
        await until(lambda: effect_of(third))

        for process in (relay, worker):
            assert process.returncode is None
            process.terminate()
            assert await process.wait() == 0
    assert [await effect_of(each) for each in (first, second, third)] == [1, 1, 1]


async def test_an_event_does_not_pay_for_a_database_that_is_away(post: Post, servers: Servers) -> None:
    consumers = bell_consumers("ring", max_deliver=1)
    worker = await post.worker(consumers, patient=True)
    [event_id] = await post.record("ding")
    await post.publish()
    await servers.backing.kill("postgres")
    stop = asyncio.Event()
    running_worker = asyncio.create_task(worker.run(stop))

    async def is_taken() -> bool:
        info = await post.client.jetstream().consumer_info(stream_name(post.prefix), "identity-ring")
        return bool(info.num_ack_pending == 1)

    await until(is_taken)
    await servers.backing.start("postgres")

    async def effects() -> Any:
        connection = await asyncpg.connect(servers.stack.database_url)
        try:
            return await connection.fetchval("SELECT count(*) FROM test_effect WHERE event_id = $1", event_id)
        finally:
            await connection.close()

    assert await until(effects) == 1
    stop.set()
    await running_worker


def test_a_process_refuses_to_run_on_a_stream_it_cannot_use(servers: Servers, tmp_path: Path) -> None:
    script = """
        import asyncio, nats, sys
        from nats.js.api import StreamConfig
        async def main():
            client = await nats.connect(sys.argv[1])
            await client.jetstream().add_stream(StreamConfig(name="DRIFTED", subjects=["drifted.>"], storage="memory"))
            await client.close()
        asyncio.run(main())
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), servers.stack.nats_url], check=True)
    relay = subprocess.run(
        [sys.executable, "-m", "kernel.relay"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": servers.stack.role_url("plugzero_relay"),
            "NATS_URL": servers.stack.nats_url,
            "PLUGZERO_EVENTS_PREFIX": "drifted",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert relay.returncode == 1
    assert "stream DRIFTED cannot be used: storage is memory, must be file" in relay.stdout

"""The process of a service that runs its consumers and recurring jobs until SIGTERM."""

import asyncio
import sys
from collections.abc import Iterable

from nats.aio.client import Client
from nats.errors import Error as NatsError

from kernel.logs import get_logger
from kernel.processes import operations_port, pause, run_until_stopped, unless_stopped
from kernel.resources import Resources
from kernel.scheduler import Job, run_jobs
from kernel.settings import Settings
from kernel.streams import DriftError, connect_nats, ensure_consumer, ensure_stream, stream_name
from kernel.subscriptions.pulling import ConsumerGoneError, Puller
from kernel.subscriptions.registry import Consumer, Consumers
from kernel.subscriptions.runner import Runner

PULL_S = 5.0
"""Length of one request for a message; also how soon a request that a restarted server forgot is asked again."""
GRACE_S = 5.0
"""How long handlers may finish after SIGTERM before their messages go back; supervisors kill after 8 s and more."""
RETRY_S = 1.0

log = get_logger(__name__)


class Worker:
    """A service's consumers on one NATS connection."""

    def __init__(
        self,
        settings: Settings,
        consumers: Consumers,
        resources: Resources,
        client: Client,
        *,
        patient: bool = True,
    ) -> None:
        self.consumers = consumers
        self.client = client
        self.prefix = settings.events_prefix
        self.runner = Runner(resources, patient=patient)
        self._preparing = asyncio.Lock()

    async def prepare(self) -> None:
        """Make stream and consumers or set them right; raises `DriftError` on what cannot be."""
        async with self._preparing:
            jetstream = self.client.jetstream()
            await ensure_stream(jetstream, self.prefix)
            for consumer in self.consumers:
                await ensure_consumer(jetstream, self.prefix, consumer.on_server)

    def puller(self, consumer: Consumer) -> Puller:
        """Return a puller of one of the consumers."""
        return Puller(self.client, stream=stream_name(self.prefix), durable=consumer.durable)

    async def run(self, stop: asyncio.Event) -> None:
        """Handle messages until asked to stop, then let running handlers finish for a grace time.

        A message whose handler does not finish in that time goes back to the server at once.
        """
        lanes = [
            asyncio.create_task(self._lane(consumer, stop), name=f"{consumer.durable}-{number}")
            for consumer in self.consumers
            for number in range(consumer.concurrency)
        ]
        await stop.wait()
        if not lanes:
            return
        _, unfinished = await asyncio.wait(lanes, timeout=GRACE_S)
        for lane in unfinished:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        await self.client.flush()

    async def _lane(self, consumer: Consumer, stop: asyncio.Event) -> None:
        """Handle one message after the other; a lane survives whatever happens to a message."""
        while not stop.is_set():
            try:
                async with self.puller(consumer) as puller:
                    while not stop.is_set():
                        message = await unless_stopped(stop, puller.next(wait_s=PULL_S))
                        if message is not None:
                            await self.runner.settle(consumer, message)
            except ConsumerGoneError as error:
                log.warning("consumer_is_gone", consumer=consumer.durable, reason=str(error))
                await self._prepare_again(stop)
            except Exception:
                log.exception("lane_interrupted", consumer=consumer.durable)
                await pause(stop, RETRY_S)

    async def _prepare_again(self, stop: asyncio.Event) -> None:
        try:
            await self.prepare()
        except (DriftError, NatsError, OSError) as error:
            log.error("consumers_not_prepared", reason=str(error) or type(error).__name__)  # noqa: TRY400 - a reason, no bug
        await pause(stop, RETRY_S)


async def serve(settings: Settings, consumers: Consumers, jobs: Iterable[Job], stop: asyncio.Event) -> None:
    """Run consumers and jobs until asked to stop. Raises `DriftError` where the server's configuration forbids it."""
    resources = Resources.of(settings)
    try:
        client = await unless_stopped(
            stop, connect_nats(settings, name=f"plugzero-{settings.service}-worker")
        )
        if client is None:
            return
        try:
            await _serve_on(settings, consumers, jobs, stop, resources=resources, client=client)
        finally:
            await client.close()
    finally:
        await resources.close()


async def _serve_on(
    settings: Settings,
    consumers: Consumers,
    jobs: Iterable[Job],
    stop: asyncio.Event,
    *,
    resources: Resources,
    client: Client,
) -> None:
    async def is_ready() -> bool:
        return client.is_connected

    worker = Worker(settings, consumers, resources, client)
    while True:
        try:
            await worker.prepare()
            break
        except (NatsError, OSError) as error:
            log.warning("worker_waits_for_jetstream", reason=str(error) or type(error).__name__)
            await pause(stop, RETRY_S)
            if stop.is_set():
                return
    log.info("worker_started", consumers=[consumer.durable for consumer in consumers])
    async with (
        operations_port(settings.metrics_port, is_ready, host=settings.metrics_host),
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(worker.run(stop))
        tasks.create_task(run_jobs(resources, jobs, stop))
    log.info("worker_stopped")


def run_worker(settings: Settings, consumers: Consumers, jobs: Iterable[Job] = ()) -> None:
    """Run a service's worker until SIGTERM; exits with status 1 on streams or consumers it cannot use."""
    listed = tuple(jobs)
    try:
        run_until_stopped(settings, lambda stop: serve(settings, consumers, listed, stop), process="worker")
    except* DriftError as group:
        log.critical("refused_to_run", reasons=[str(error) for error in group.exceptions])
        sys.exit(1)

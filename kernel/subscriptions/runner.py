"""One message to its end: done, tried again later, or a dead letter. Never lost, and never in others' way."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Histogram
from pydantic import ValidationError

from kernel.clock import utc_now
from kernel.deadletters import bury
from kernel.events import Envelope, Event
from kernel.logs import get_logger
from kernel.problems import Problem
from kernel.resources import Resources
from kernel.subscriptions.delivery import AlreadyHandled, Delivery, Permanent
from kernel.subscriptions.registry import Consumer
from kernel.telemetry import tracer

HEARTBEATS_PER_ACK_WAIT = 3
DATABASE_RETRY_S = 1.0
CAUSE_CHARACTERS = 4000

SETTLED = Counter("plugzero_deliveries_total", "Settled deliveries by outcome.", ["consumer", "outcome"])
DURATION = Histogram(
    "plugzero_handler_seconds",
    "Time that handlers took.",
    ["consumer"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800),
)
WAITED = Histogram(
    "plugzero_delivery_wait_seconds",
    "Time from recording an event to the start of its handler at the first attempt.",
    ["consumer"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10, 60, 600),
)

_TRACE_CONTEXT = TraceContextTextMapPropagator()
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Runner:
    """Settles messages with a process's resources; `patient` False retries at once (tests)."""

    resources: Resources
    patient: bool = True

    async def settle(self, consumer: Consumer, message: Msg) -> None:
        """Run the handler for a message, then acknowledge it, send it back with a delay, or bury it.

        A cancelled handler's message goes back at once: another worker takes over without waiting.
        """
        try:
            outcome = await self._outcome(consumer, message)
        except asyncio.CancelledError:
            with suppress(NatsError):
                await asyncio.shield(message.nak())
            raise
        SETTLED.labels(consumer.durable, outcome).inc()

    async def _outcome(self, consumer: Consumer, message: Msg) -> str:
        try:
            envelope = Envelope.model_validate_json(message.data)
            event = consumer.event.model_validate(envelope.data)
        except ValidationError as error:
            return await self._bury(consumer, message, f"The event cannot be read: {error}")
        attempt = message.metadata.num_delivered
        delivery = Delivery(consumer.durable, envelope, attempt, self.resources)
        with structlog.contextvars.bound_contextvars(
            consumer=consumer.durable, event_id=str(envelope.id), team_id=envelope.teamid, attempt=attempt
        ):
            async with _kept_alive(message, consumer.ack_wait_s):
                return await self._attempt(consumer, message, event, delivery)

    async def _attempt(self, consumer: Consumer, message: Msg, event: Event, delivery: Delivery) -> str:
        try:
            await self._run(consumer, event, delivery)
        except AlreadyHandled:
            await message.ack()
            return "duplicate"
        except Permanent as verdict:
            return await self._bury(consumer, message, str(verdict) or "The handler gave up for good.")
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is its event's failure, not the worker's
            return await self._failed(consumer, message, delivery, error)
        await message.ack()
        return "done"

    async def _run(self, consumer: Consumer, event: Event, delivery: Delivery) -> None:
        """Run the handler; while PostgreSQL is away, wait for it and run again: no event should pay for that."""
        while True:
            try:
                await _run_once(consumer, event, delivery)
            except (AlreadyHandled, Permanent):
                raise
            except Exception:
                if await self._database_answers():
                    raise
                log.warning("database_is_away")
                await self._until_database_answers()
            else:
                return

    async def _failed(self, consumer: Consumer, message: Msg, delivery: Delivery, error: Exception) -> str:
        if delivery.attempt >= consumer.max_deliver:
            return await self._bury(consumer, message, cause_of(error))
        delay_s = consumer.delay_after_s(delivery.attempt) if self.patient else 0.0
        log.warning("handler_failed", retry_in_s=delay_s, exc_info=error)
        await message.nak(delay=delay_s)
        return "retried"

    async def _bury(self, consumer: Consumer, message: Msg, cause: str) -> str:
        await self._until_database_answers()
        await bury(self.resources.database, consumer.durable, message, cause)
        await message.term()
        log.error("dead_letter", consumer=consumer.durable, cause=cause.splitlines()[0])
        return "dead"

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(5):
                await self.resources.database.ping()
        except Exception:  # noqa: BLE001 - whatever the driver raises, there is no answer
            return False
        return True

    async def _until_database_answers(self) -> None:
        while not await self._database_answers():  # noqa: ASYNC110 - PostgreSQL sets no event when it is back
            await asyncio.sleep(DATABASE_RETRY_S)


async def _run_once(consumer: Consumer, event: Event, delivery: Delivery) -> None:
    if await delivery.is_handled():
        raise AlreadyHandled
    if delivery.attempt > consumer.max_deliver:
        raise Permanent("Each attempt ended with the worker itself: killed, out of memory, or stuck.")
    if delivery.attempt == 1:
        WAITED.labels(consumer.durable).observe(
            max(0.0, (utc_now() - delivery.envelope.time) / timedelta(seconds=1))
        )
    parent = _TRACE_CONTEXT.extract({"traceparent": delivery.envelope.traceparent or ""})
    with (
        DURATION.labels(consumer.durable).time(),
        tracer.start_as_current_span(f"consume {consumer.durable}", context=parent),
    ):
        try:
            async with asyncio.timeout(consumer.max_run_s):
                await consumer.handler(event, delivery)
        except AlreadyHandled:
            await _enter_inbox(delivery)
            raise
        await _enter_inbox(delivery)


async def _enter_inbox(delivery: Delivery) -> None:
    """Count as handled what has no effect of its own, or was found done by the handler's own look at its rows."""
    with suppress(AlreadyHandled):
        await delivery.settle()


@asynccontextmanager
async def _kept_alive(message: Msg, ack_wait_s: float) -> AsyncIterator[None]:
    """Tell the server that the message is being worked on, often enough that it is not given to another worker."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(ack_wait_s / HEARTBEATS_PER_ACK_WAIT)
            with suppress(NatsError):
                await message.in_progress()

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


def cause_of(error: BaseException) -> str:
    """Return an error as a dead letter's cause: one line in words, then the traceback, shortened from its start."""
    words = (
        f"{error.slug}: {error.detail}" if isinstance(error, Problem) else f"{type(error).__name__}: {error}"
    )
    trace = "".join(traceback.format_exception(error))
    return f"{words}\n{trace[-CAUSE_CHARACTERS:]}"

"""The JetStream stream and consumers that the product needs: made at start, compared with what is there.

One file-backed stream holds all events, `<PREFIX>` on `<prefix>.>`. What a process can set right it sets right; what
it cannot (another retention, storage, acknowledgement …) it refuses to run on, with the difference named.
The server itself must run with `sync_interval: always`; a client cannot see that, so `deploy/` sets it.
"""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    PersistMode,
    ReplayPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamInfo,
)
from nats.js.errors import NotFoundError

from kernel.logs import get_logger
from kernel.settings import Settings

MAX_AGE_S = 7 * 24 * 3600.0
"""NATS is transport: PostgreSQL keeps the events, and `kernel.reconcile` republishes what is older."""
DUPLICATE_WINDOW_S = 120.0
MAX_MESSAGE_BYTES = 1024 * 1024
MAX_ACK_PENDING = 1000
DELIVERY_MARGIN = 20
"""The server's own delivery limit lies above ours: it must never drop a message before the worker has written its
dead letter, which itself may take a few tries."""

log = get_logger(__name__)


class DriftError(RuntimeError):
    """A stream or consumer exists with a configuration that cannot be changed in place; the text names it."""


Callback = Callable[[], Coroutine[Any, Any, None]]


async def connect_nats(settings: Settings, *, name: str, on_reconnect: Callback | None = None) -> Client:
    """Return a connection that waits for NATS at first and reconnects for ever after.

    `on_reconnect` is awaited after each reconnection; consumers may then be gone (a wiped disk).
    """

    async def report(error: Exception) -> None:
        log.warning("nats_error", error=str(error) or type(error).__name__)

    return await nats.connect(
        settings.nats_url.split(","),
        name=name,
        error_cb=report,
        reconnected_cb=on_reconnect,
        connect_timeout=2,
        reconnect_time_wait=1,
        max_reconnect_attempts=-1,
        ping_interval=10,
    )


def stream_name(prefix: str) -> str:
    """Return the name of the stream that holds all subjects of a prefix."""
    return prefix.upper()


def redelivery_subject(prefix: str, durable: str) -> str:
    """Return the subject on which one consumer alone receives re-driven dead letters.

    Publishing those on their first subject would show them again to all other subscribers, outside ones included.
    """
    return f"{prefix}.redelivery.{durable}"


def wanted_stream(prefix: str) -> StreamConfig:
    """Return the stream as this version of the product needs it."""
    return StreamConfig(
        name=stream_name(prefix),
        subjects=[f"{prefix}.>"],
        description="PlugZero events; PostgreSQL's outbox is the truth behind it",
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=MAX_AGE_S,
        max_msg_size=MAX_MESSAGE_BYTES,
        duplicate_window=DUPLICATE_WINDOW_S,
        allow_direct=True,
        allow_atomic=True,
    )


async def ensure_stream(jetstream: JetStreamContext, prefix: str) -> bool:
    """Make the stream, or set it right where it can be changed; return True where it was made.

    An operator's own replicas, placement and larger limits stay. Raises `DriftError` on what cannot be changed.
    """
    wanted = wanted_stream(prefix)
    try:
        info = await jetstream.stream_info(stream_name(prefix))
    except NotFoundError:
        await jetstream.add_stream(wanted)
        log.info("stream_created", stream=wanted.name)
        return True
    _refuse_stream_drift(info, wanted)
    repairs = _stream_repairs(info.config, wanted)
    if repairs:
        await jetstream.update_stream(info.config.evolve(**repairs))
        log.info("stream_updated", stream=wanted.name, fields=sorted(repairs))
    return False


def _refuse_stream_drift(info: StreamInfo, wanted: StreamConfig) -> None:
    is_ = info.config
    differences = [
        f"{field} is {_word(getattr(is_, field))}, must be {_word(getattr(wanted, field))}"
        for field in ("retention", "storage")
        if getattr(is_, field) != getattr(wanted, field)
    ]
    if is_.persist_mode == PersistMode.ASYNC:
        differences.append("persist_mode is async, which switches fsync off, must be default")
    if is_.sealed or is_.mirror or is_.no_ack:
        differences.append("it is sealed, a mirror or without acknowledgements, must be none of these")
    if differences:
        raise DriftError(
            f"stream {wanted.name} cannot be used: {'; '.join(differences)}. "
            "Delete it (PostgreSQL keeps the events) and run `python -m kernel.reconcile --republish` afterwards."
        )


def _stream_repairs(is_: StreamConfig, wanted: StreamConfig) -> dict[str, Any]:
    repairs: dict[str, Any] = {}
    if not set(wanted.subjects or ()) <= set(is_.subjects or ()):
        repairs["subjects"] = wanted.subjects
    if is_.max_age and is_.max_age < MAX_AGE_S:
        repairs["max_age"] = wanted.max_age
    if is_.duplicate_window < DUPLICATE_WINDOW_S:
        repairs["duplicate_window"] = wanted.duplicate_window
    if (is_.max_msg_size or -1) != -1 and (is_.max_msg_size or 0) < MAX_MESSAGE_BYTES:
        repairs["max_msg_size"] = wanted.max_msg_size
    if not is_.allow_atomic:
        repairs["allow_atomic"] = True
    return repairs


@dataclass(frozen=True, slots=True)
class DurableConsumer:
    """What one durable consumer must look like on the server."""

    durable: str
    subjects: tuple[str, ...]
    """Subjects without the prefix, as NATS filters."""
    ack_wait_s: float
    max_deliver: int

    def config(self, prefix: str) -> ConsumerConfig:
        """Return the server-side configuration under a prefix."""
        filters = [
            *(f"{prefix}.{subject}" for subject in self.subjects),
            redelivery_subject(prefix, self.durable),
        ]
        return ConsumerConfig(
            name=self.durable,
            durable_name=self.durable,
            deliver_policy=DeliverPolicy.ALL,
            replay_policy=ReplayPolicy.INSTANT,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.ack_wait_s,
            max_deliver=self.max_deliver + DELIVERY_MARGIN,
            max_ack_pending=MAX_ACK_PENDING,
            filter_subjects=filters,
        )


async def ensure_consumer(
    jetstream: JetStreamContext, prefix: str, consumer: DurableConsumer
) -> ConsumerInfo:
    """Make a durable consumer, or set it right where it can be changed; raises `DriftError` where it cannot."""
    wanted = consumer.config(prefix)
    stream = stream_name(prefix)
    try:
        info: ConsumerInfo = await jetstream.consumer_info(stream, consumer.durable)
    except NotFoundError:
        return await jetstream.add_consumer(stream, wanted)
    _refuse_consumer_drift(info.config, wanted, stream)
    repairs = {
        field: getattr(wanted, field)
        for field in ("ack_wait", "max_deliver", "max_ack_pending")
        if getattr(info.config, field) != getattr(wanted, field)
    }
    if set(consumer_filters(info.config)) != set(consumer_filters(wanted)):
        repairs |= {"filter_subject": None, "filter_subjects": wanted.filter_subjects}
    if not repairs:
        return info
    log.info("consumer_updated", consumer=consumer.durable, fields=sorted(repairs))
    return await jetstream.add_consumer(stream, info.config.evolve(**repairs))


def _refuse_consumer_drift(is_: ConsumerConfig, wanted: ConsumerConfig, stream: str) -> None:
    differences = [
        f"{field} is {_word(getattr(is_, field))}, must be {_word(getattr(wanted, field))}"
        for field in ("ack_policy", "deliver_policy", "replay_policy")
        if getattr(is_, field) != getattr(wanted, field)
    ]
    if is_.deliver_subject:
        differences.append(f"it pushes to {is_.deliver_subject}, must be pulled")
    if is_.headers_only:
        differences.append("it delivers headers only, must deliver whole messages")
    if differences:
        raise DriftError(
            f"consumer {wanted.durable_name} of stream {stream} cannot be used: {'; '.join(differences)}. "
            "Delete it; the inbox keeps what it has done already from being done twice."
        )


def consumer_filters(config: ConsumerConfig) -> list[str]:
    """Return the subjects a consumer listens to, whichever of NATS' two fields holds them."""
    return list(config.filter_subjects or ()) or ([config.filter_subject] if config.filter_subject else [])


def _word(value: object) -> str:
    return re.sub(r"^.*\.", "", str(getattr(value, "value", value)))

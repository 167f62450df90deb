"""Comparing what was published with what was handled, and publishing again what got lost in between.

    python -m kernel.reconcile [MODULE …] [--republish] [--older-than-s N] [--newer-than-days N]

PostgreSQL is the truth and NATS is transport: an event in the outbox that a consumer has neither in its inbox nor
among its dead letters is a gap. After the loss of the whole NATS disk, a restored backup or a consumer deleted by
hand, `--republish` closes the gaps; inboxes keep what was handled from being handled twice. Republished events go out
on their first subject, since what our consumers missed, outside subscribers may have missed too.

MODULEs hold the consumers, such as `services.ingestion.consumers`; without any, those of all services are found.
Operators run this with the relay's role in DATABASE_URL. Exit status 1 says that there are gaps left.
"""

import argparse
import asyncio
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.publishing import Message, Publisher
from kernel.relay import connect_postgres
from kernel.settings import Settings
from kernel.streams import connect_nats, ensure_consumer, ensure_stream
from kernel.subscriptions import Consumer, Consumers

OLDER_THAN_S = 900.0
"""Younger events may still be on their way, or under back-off."""
NEWER_THAN_DAYS = 30
BATCH = 500

_GAPS = """
    SELECT o.id, o.event_id::text, o.subject, o.envelope::text AS body FROM messaging_outbox o
    WHERE starts_with(o.subject, $2) AND o.published_at IS NOT NULL
      AND o.created_at < now() - make_interval(secs => $3)
      AND o.created_at > now() - make_interval(secs => $4)
      AND NOT EXISTS (SELECT FROM messaging_inbox i
                      WHERE i.consumer = $1 AND i.source = o.source AND i.event_id = o.event_id)
      AND NOT EXISTS (SELECT FROM messaging_deadletter d
                      WHERE d.consumer = $1 AND d.event_id = o.event_id AND d.redriven_at IS NULL)
    ORDER BY o.id
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Which events are compared, by age in seconds."""

    older_than_s: float = OLDER_THAN_S
    newer_than_s: float = NEWER_THAN_DAYS * 86400.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A published event without an effect at one consumer."""

    consumer: str
    outbox_id: int
    event_id: str
    subject: str
    """Without the prefix."""
    body: bytes


async def find_gaps(
    connection: Any, consumers: Iterable[Consumer], window: Window | None = None
) -> list[Gap]:
    """Return the gaps of all given consumers, by consumer and age. `connection` is asyncpg's."""
    window = window or Window()
    gaps: list[Gap] = []
    for consumer in consumers:
        rows = await connection.fetch(
            _GAPS,
            consumer.durable,
            f"{consumer.event.event_subject()}.",
            window.older_than_s,
            window.newer_than_s,
        )
        gaps += [
            Gap(consumer.durable, row["id"], row["event_id"], row["subject"], row["body"].encode())
            for row in rows
        ]
    return gaps


async def republish(publisher: Publisher, prefix: str, gaps: Iterable[Gap]) -> int:
    """Publish the events of gaps again, each once however many consumers missed it; return their number.

    An event that JetStream still holds in its duplicate window is on its way anyway and not stored a second time.
    """
    messages = {
        gap.event_id: Message(f"{prefix}.{gap.subject}", gap.body, gap.event_id)
        for gap in sorted(gaps, key=lambda gap: gap.outbox_id)
    }
    listed = list(messages.values())
    n_refused = 0
    for start in range(0, len(listed), BATCH):
        n_refused += len(await publisher.publish(listed[start : start + BATCH]))
    return len(listed) - n_refused


def consumers_in(modules: Sequence[str]) -> list[Consumer]:
    """Return the consumers that modules hold in variables of type `Consumers`.

    Imported by name at run time: the kernel knows no service.
    """
    found: dict[str, Consumer] = {}
    for name in modules or _modules_of_services():
        module = importlib.import_module(name)
        for consumers in vars(module).values():
            if isinstance(consumers, Consumers):
                found |= {consumer.durable: consumer for consumer in consumers}
    return list(found.values())


def _modules_of_services() -> list[str]:
    services = importlib.import_module("services")
    names = [f"services.{each.name}.consumers" for each in pkgutil.iter_modules(services.__path__)]
    return [name for name in names if importlib.util.find_spec(name)]


async def reconcile(
    settings: Settings, consumers: Sequence[Consumer], window: Window, *, repair: bool
) -> int:
    """Print the gaps per consumer, close them where `repair` says so; return how many are left open."""
    connection = await connect_postgres(settings)
    try:
        gaps = await find_gaps(connection, consumers, window)
    finally:
        await connection.close()
    for consumer in consumers:
        count = sum(gap.consumer == consumer.durable for gap in gaps)
        sys.stdout.write(f"{consumer.durable:<40} {count} gap{'' if count == 1 else 's'}\n")
    if not gaps or not repair:
        return len(gaps)
    client = await connect_nats(settings, name="plugzero-reconcile")
    try:
        await ensure_stream(client.jetstream(), settings.events_prefix)
        for consumer in consumers:
            await ensure_consumer(client.jetstream(), settings.events_prefix, consumer.on_server)
        async with Publisher(client) as publisher:
            count = await republish(publisher, settings.events_prefix, gaps)
    finally:
        await client.close()
    sys.stdout.write(f"{count} event{'' if count == 1 else 's'} published again\n")
    return len({gap.event_id for gap in gaps}) - count


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; exit status 1 when gaps are left open."""
    parser = argparse.ArgumentParser(
        prog="python -m kernel.reconcile", description="Events that got lost on their way."
    )
    parser.add_argument("modules", nargs="*", help="modules with consumers; default: those of all services")
    parser.add_argument("--republish", action="store_true", help="publish what got lost again")
    parser.add_argument("--older-than-s", type=float, default=OLDER_THAN_S, help="leave younger events out")
    parser.add_argument(
        "--newer-than-days", type=float, default=NEWER_THAN_DAYS, help="leave older events out"
    )
    chosen = parser.parse_args(argv)
    window = Window(chosen.older_than_s, chosen.newer_than_days * 86400)
    consumers = consumers_in(chosen.modules)
    left = asyncio.run(reconcile(Settings(service="relay"), consumers, window, repair=chosen.republish))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())

"""Dead letters: events that a consumer gave up on, kept with cause, attempts and envelope until somebody decides.

    python -m kernel.deadletters list [--consumer NAME] [--all]
    python -m kernel.deadletters show ID
    python -m kernel.deadletters redrive [ID …] [--consumer NAME] [--dry-run]

A re-driven event reaches only the consumer that gave up on it, on a subject of its own: others have had it.
Operators run this with the relay's role in DATABASE_URL.
"""

import argparse
import asyncio
import base64
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from nats.aio.msg import Msg
from prometheus_client import Counter
from sqlalchemy import insert

from kernel.db import Database, Tenancy
from kernel.models import DeadLetter
from kernel.publishing import Message, Publisher
from kernel.settings import Settings
from kernel.streams import connect_nats, redelivery_subject

BURIED = Counter("plugzero_dead_letters_total", "Events that became dead letters.", ["consumer"])

_LIST = """
    SELECT id, consumer, event_id::text, type, subject, cause, attempts, created_at, redriven_at,
           envelope::text AS envelope
    FROM messaging_deadletter
    WHERE ($1::text IS NULL OR consumer = $1) AND ($2::bigint[] IS NULL OR id = ANY($2))
      AND ($3 OR redriven_at IS NULL)
    ORDER BY id
"""
_CLAIM = _LIST + " FOR UPDATE SKIP LOCKED"
_MARK = "UPDATE messaging_deadletter SET redriven_at = clock_timestamp() WHERE id = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter."""

    id: int
    consumer: str
    event_id: str
    type: str
    subject: str
    cause: str
    attempts: int
    created_at: datetime
    redriven_at: datetime | None
    envelope: str
    """The CloudEvent as JSON; of an unreadable message `{"undecodable_base64": …}`."""

    @property
    def body(self) -> bytes:
        """The message as it was delivered."""
        content = orjson.loads(self.envelope)
        if isinstance(content, dict) and set(content) == {"undecodable_base64"}:
            return base64.b64decode(content["undecodable_base64"])
        return self.envelope.encode()


async def bury(database: Database, consumer: str, message: Msg, cause: str) -> None:
    """Write the dead letter of a message that a consumer gives up on."""
    content = _content(message.data)
    async with database.transaction(Tenancy.none()) as session:
        await session.execute(
            insert(DeadLetter).values(
                consumer=consumer,
                event_id=_event_id(content, message),
                type=str(content.get("type", ""))[:100],
                subject=message.subject[:255],
                envelope=content,
                cause=cause.replace("\x00", "�"),
                attempts=message.metadata.num_delivered,
            )
        )
    BURIED.labels(consumer).inc()


def _content(data: bytes) -> dict[str, Any]:
    """Return the message as a JSON object that PostgreSQL can store, wrapped where it is none."""
    try:
        content = orjson.loads(data)
    except orjson.JSONDecodeError:
        content = None
    if isinstance(content, dict) and b"\\u0000" not in data:
        return content
    return {"undecodable_base64": base64.b64encode(data).decode()}


def _event_id(content: dict[str, Any], message: Msg) -> uuid.UUID:
    """Return the event's id, or for a message without one a UUID that is the same at every delivery."""
    try:
        return uuid.UUID(str(content["id"]))
    except (KeyError, ValueError):
        sequence = message.metadata.sequence.stream
        return uuid.uuid5(uuid.NAMESPACE_URL, f"nats:{message.metadata.stream}:{sequence}")


async def list_dead_letters(
    connection: Any, *, consumer: str | None = None, ids: Sequence[int] | None = None, redriven: bool = False
) -> list[Letter]:
    """Return dead letters, oldest first; re-driven ones too where asked for. `connection` is asyncpg's."""
    rows = await connection.fetch(_LIST, consumer, None if ids is None else list(ids), redriven)
    return [Letter(**dict(row)) for row in rows]


async def redrive(
    connection: Any,
    publisher: Publisher,
    prefix: str,
    *,
    consumer: str | None = None,
    ids: Sequence[int] | None = None,
) -> list[Letter]:
    """Send dead letters to their consumers again and mark them; return those sent.

    Without `ids`, all that were not re-driven yet; an id names a letter even where it was. Two operators at once
    send each letter once.
    """
    async with connection.transaction():
        rows = await connection.fetch(_CLAIM, consumer, None if ids is None else list(ids), ids is not None)
        letters = [Letter(**dict(row)) for row in rows]
        messages = [_message(prefix, letter) for letter in letters]
        refused = {each.message.message_id for each in await publisher.publish(messages)}
        pairs = zip(letters, messages, strict=True)
        sent = [letter for letter, message in pairs if message.message_id not in refused]
        await connection.execute(_MARK, [letter.id for letter in sent])
    return sent


def _message(prefix: str, letter: Letter) -> Message:
    """A new id for JetStream's duplicate window, which may still hold the first; the event's own id stays."""
    redriven = int(letter.redriven_at.timestamp()) if letter.redriven_at else 0
    return Message(
        subject=redelivery_subject(prefix, letter.consumer),
        body=letter.body,
        message_id=f"redrive-{letter.id}-{redriven}",
    )


async def _command(settings: Settings, arguments: argparse.Namespace) -> str:
    from kernel.relay import connect_postgres

    connection = await connect_postgres(settings)
    try:
        if arguments.act == "list":
            letters = await list_dead_letters(connection, consumer=arguments.consumer, redriven=arguments.all)
            return _table(letters)
        if arguments.act == "show":
            return "\n\n".join(
                map(_page, await list_dead_letters(connection, ids=[arguments.id], redriven=True))
            )
        ids = arguments.id or None
        if arguments.dry_run:
            letters = await list_dead_letters(
                connection, consumer=arguments.consumer, ids=ids, redriven=bool(ids)
            )
            return f"would be sent again:\n{_table(letters)}"
        client = await connect_nats(settings, name="plugzero-deadletters")
        async with Publisher(client) as publisher:
            letters = await redrive(
                connection, publisher, settings.events_prefix, consumer=arguments.consumer, ids=ids
            )
        await client.close()
        return f"sent again:\n{_table(letters)}"
    finally:
        await connection.close()


def _table(letters: Sequence[Letter]) -> str:
    lines = [
        f"{letter.id:>8}  {letter.created_at:%Y-%m-%d %H:%M:%S}  {letter.consumer:<32}  {letter.type:<24}  "
        f"{letter.attempts:>3} ×  {letter.cause.splitlines()[0] if letter.cause else ''}"
        for letter in letters
    ]
    return "\n".join([*lines, f"{len(letters)} dead letter{'' if len(letters) == 1 else 's'}"])


def _page(letter: Letter) -> str:
    envelope = orjson.dumps(orjson.loads(letter.envelope), option=orjson.OPT_INDENT_2).decode()
    return f"{_table([letter])}\nsubject {letter.subject}\nre-driven {letter.redriven_at}\n\n{letter.cause}\n\n{envelope}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; exit status 0."""
    parser = argparse.ArgumentParser(
        prog="python -m kernel.deadletters", description="Dead letters of consumers."
    )
    acts = parser.add_subparsers(dest="act", required=True)
    listing = acts.add_parser("list", help="one line each")
    listing.add_argument("--all", action="store_true", help="re-driven ones too")
    listing.add_argument("--consumer", help="durable name, such as ingestion-parse-file")
    acts.add_parser("show", help="cause and envelope").add_argument("id", type=int)
    again = acts.add_parser("redrive", help="send them to their consumers again")
    again.add_argument("id", type=int, nargs="*")
    again.add_argument("--consumer", help="durable name, such as ingestion-parse-file")
    again.add_argument("--dry-run", action="store_true", help="only say which")
    sys.stdout.write(asyncio.run(_command(Settings(service="relay"), parser.parse_args(argv))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""One delivery of an event to one consumer: its sessions, and the inbox that makes its effect happen once."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Session, Snapshot, Tenancy
from kernel.events import Envelope
from kernel.models import Inbox
from kernel.resources import Resources


class AlreadyHandled(Exception):  # noqa: N818 - news rather than an error: the effect exists, the runner acknowledges
    """The effect of this event is committed already; raised by `Delivery.effect()` before anything is written."""


class Permanent(Exception):  # noqa: N818 - a handler's verdict on its event
    """Trying again cannot help: the event becomes a dead letter at once, with this text as its cause."""


@dataclass(slots=True)
class Delivery:
    """What a handler is given besides the event: whose it is, and sessions in that team's name."""

    consumer: str
    """Durable name of the consumer."""
    envelope: Envelope
    attempt: int
    """1 at the first delivery."""
    resources: Resources
    _in_inbox: bool = field(default=False)

    @property
    def event_id(self) -> uuid.UUID:
        """The event's id, the same at every delivery; a key for effects outside PostgreSQL."""
        return self.envelope.id

    @property
    def team_id(self) -> int:
        """The team that the event belongs to."""
        return self.envelope.teamid

    @property
    def project_id(self) -> int | None:
        """The project that the event belongs to, if one."""
        return self.envelope.projectid

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Open a read-only session in the team's name."""
        return self.resources.database.snapshot(Tenancy.of_team(self.team_id))

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """Open a write session in the team's name that is not the effect: progress, which may be written twice."""
        return self.resources.database.transaction(Tenancy.of_team(self.team_id))

    @asynccontextmanager
    async def effect(self) -> AsyncIterator[Session]:
        """Open the write session of the effect, which commits exactly once over all deliveries and workers.

        The inbox row goes first: a second delivery that runs at the same time waits at it, then raises
        `AlreadyHandled`, or does the work where the first one rolled back.
        """
        async with self.resources.database.transaction(Tenancy.of_team(self.team_id)) as session:
            await self._enter_inbox(session)
            yield session
        self._in_inbox = True

    async def is_handled(self) -> bool:
        """Return True when the effect is committed already; spares a second delivery the work before it."""
        query = select(Inbox.event_id).where(
            Inbox.consumer == self.consumer,
            Inbox.source == self.envelope.source,
            Inbox.event_id == self.envelope.id,
        )
        async with self.resources.database.engine.connect() as connection:
            # One round trip instead of four: there is no transaction to begin, to set up and to end.
            alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
            return await alone.scalar(query) is not None

    async def settle(self) -> None:
        """Enter the inbox for a handler that returned without `effect()`, so that reconcile counts it as done."""
        if self._in_inbox:
            return
        async with self.resources.database.transaction(Tenancy.of_team(self.team_id)) as session:
            await self._enter_inbox(session)
        self._in_inbox = True

    async def _enter_inbox(self, session: Session) -> None:
        row = {"consumer": self.consumer, "source": self.envelope.source, "event_id": self.envelope.id}
        entered = await session.scalar(
            insert(Inbox).values(row).on_conflict_do_nothing().returning(Inbox.event_id)
        )
        if entered is None:
            raise AlreadyHandled(f"{self.consumer} has handled {self.envelope.id}")

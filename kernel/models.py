"""GENERATED from schema/*/models.py by `make models`; do not edit. Tables of messaging."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FetchedValue, Integer, LargeBinary, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Registry of the classes below; INSERT and UPDATE read back what the database filled in."""

    __mapper_args__ = {"eager_defaults": True}


class Outbox(Base):
    """Events recorded by committed transactions; the relay publishes them."""

    __tablename__ = "messaging_outbox"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    event_id: Mapped[UUID] = mapped_column(Uuid)
    """Attribute `id` of the CloudEvent."""
    type: Mapped[str] = mapped_column(String(100))
    """Attribute `type`, such as file-uploaded."""
    source: Mapped[str] = mapped_column(String(100))
    """Attribute `source`: the publishing service."""
    subject: Mapped[str] = mapped_column(String(255))
    """The NATS subject it is published under."""
    team_id: Mapped[int] = mapped_column(BigInteger)
    """The team it belongs to."""
    project_id: Mapped[int | None] = mapped_column(BigInteger)
    """The project it belongs to, if one."""
    envelope: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The whole CloudEvent."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the stream acknowledged it; null before."""


class Inbox(Base):
    """Events whose effect is committed, per consumer: a second delivery has none."""

    __tablename__ = "messaging_inbox"

    consumer: Mapped[str] = mapped_column(String(100), primary_key=True)
    """Durable name of the consumer."""
    source: Mapped[str] = mapped_column(String(100), primary_key=True)
    """Attribute `source` of the CloudEvent."""
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """Attribute `id` of the CloudEvent."""
    processed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the effect was committed."""


class DeadLetter(Base):
    """Events that a consumer gave up on."""

    __tablename__ = "messaging_deadletter"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    consumer: Mapped[str] = mapped_column(String(100))
    """Durable name of the consumer."""
    event_id: Mapped[UUID] = mapped_column(Uuid)
    """Attribute `id` of the CloudEvent."""
    type: Mapped[str] = mapped_column(String(100))
    """Attribute `type` of the CloudEvent."""
    subject: Mapped[str] = mapped_column(String(255))
    """The NATS subject it came under."""
    envelope: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The whole CloudEvent."""
    cause: Mapped[str] = mapped_column(Text)
    """Why the last attempt failed."""
    attempts: Mapped[int] = mapped_column(Integer)
    """Number of attempts made."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    redriven_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was sent again; null before."""


class ScheduledJob(Base):
    """Recurring work: one row per job."""

    __tablename__ = "messaging_scheduledjob"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    name: Mapped[str] = mapped_column(String(100))
    """Name of the job."""
    interval_s: Mapped[int] = mapped_column(Integer)
    """Time between two runs, in seconds."""
    next_run_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When it is due."""
    last_run_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it last ran; null before the first time."""
    last_error: Mapped[str] = mapped_column(Text, server_default=FetchedValue())
    """Why the last run failed; empty when it did not."""


class IdempotencyKey(Base):
    """Requests that clients may repeat, with their answers."""

    __tablename__ = "messaging_idempotencykey"

    caller: Mapped[str] = mapped_column(String(100), primary_key=True)
    """Who sent it."""
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    """The client's key for the request."""
    request_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of method, path and body, hexadecimal."""
    status_code: Mapped[int | None] = mapped_column(Integer)
    """HTTP status of the answer; null while it is worked on."""
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Headers of the answer."""
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Body of the answer."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""

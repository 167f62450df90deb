"""Events: what a service publishes, as CloudEvents 1.0, and `record()`, the only way to publish.

An event is recorded as an outbox row in the transaction of the change it tells about, so it exists exactly when the
change does. `kernel.relay` carries it to JetStream afterwards. Nothing publishes after commit: a crash in between
would lose it.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, Literal

import orjson
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert

from kernel.clock import utc_now
from kernel.db import Session
from kernel.ids import uuid7
from kernel.models import Outbox

CONTENT_TYPE = "application/cloudevents+json"
MAX_ENVELOPE_BYTES = 256 * 1024
"""An event names things; their content lies in PostgreSQL or S3. Below this, NATS' default limit of 1 MB is far."""

_TRACE_CONTEXT = TraceContextTextMapPropagator()


class Event(BaseModel):
    """A fact that a service publishes; subclasses in `contracts/` are its payloads, one class per type and version.

    A published version never changes its meaning: fields are only added, and only optional ones. Anything else is a
    new class with `event_version = 2`. Fields that a reader does not know are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    service: ClassVar[str] = ""
    """The publishing service."""
    type: ClassVar[str] = ""
    """Kebab-case fact in the past tense, such as `file-uploaded`."""
    event_version: ClassVar[int] = 1
    """Version of the payload; not called `version`, since payloads have fields of that name."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Enter the class under its type and version; two different classes of one name are a mistake."""
        super().__pydantic_init_subclass__(**kwargs)
        if not cls.type:
            return
        known = _REGISTRY.setdefault((cls.type, cls.event_version), cls)
        if known.__qualname__ != cls.__qualname__ or known.service != cls.service:
            raise TypeError(f"event {cls.type} v{cls.event_version} is defined by both {known!r} and {cls!r}")

    @classmethod
    def event_subject(cls) -> str:
        """The NATS subject without prefix and team: `<service>.<type>.v<version>`."""
        return f"{cls.service}.{cls.type}.v{cls.event_version}"

    @classmethod
    def event_source(cls) -> str:
        """CloudEvents `source`; with `id` it names an event for ever."""
        return f"/plugzero/{cls.service}"


_REGISTRY: dict[tuple[str, int], type[Event]] = {}


def event_class(type_: str, version: int) -> type[Event] | None:
    """Return the payload class of a type and version, or None where its contract is not imported."""
    return _REGISTRY.get((type_, version))


def event_classes() -> Iterator[type[Event]]:
    """Yield every payload class whose contract module is imported, ordered by service, type and version."""
    yield from sorted(_REGISTRY.values(), key=lambda cls: (cls.service, cls.type, cls.event_version))


class Envelope(BaseModel):
    """A CloudEvents 1.0 envelope in structured JSON mode (CloudEvents JSON Event Format 1.0.2), as on the wire.

    `teamid`, `projectid` and `traceparent` are extension attributes, whose names may hold only lower-case letters
    and digits (CloudEvents 1.0.2, "Naming Conventions"); `traceparent` is the Distributed Tracing extension.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = Field("1.0", description="Version of the CloudEvents specification.")
    id: uuid.UUID = Field(description="UUID version 7. `source` and `id` together name an event for ever.")
    source: str = Field(description="`/plugzero/<service>`.", pattern=r"^/plugzero/[a-z]+$")
    type: str = Field(description="What happened, such as `file-uploaded`.")
    subject: str = Field(description="What it happened to: `teams/<id>` or `teams/<id>/projects/<id>`.")
    time: datetime = Field(description="When it was recorded, UTC.")
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str = Field(description="`urn:plugzero:<service>:<type>:v<version>`, the version of `data`.")
    teamid: int = Field(description="The team it belongs to.")
    projectid: int | None = Field(None, description="The project it belongs to, where there is one.")
    traceparent: str | None = Field(None, description="W3C trace context of the recording request.")
    data: dict[str, Any] = Field(description="The payload.")


def envelope_of(event: Event, *, team_id: int, project_id: int | None = None) -> Envelope:
    """Return a new envelope for an event that happened now, carrying the current trace."""
    carrier: dict[str, str] = {}
    _TRACE_CONTEXT.inject(carrier)
    project = "" if project_id is None else f"/projects/{project_id}"
    return Envelope(
        id=uuid7(),
        source=event.event_source(),
        type=event.type,
        subject=f"teams/{team_id}{project}",
        time=utc_now(),
        dataschema=f"urn:plugzero:{event.service}:{event.type}:v{event.event_version}",
        teamid=team_id,
        projectid=project_id,
        traceparent=carrier.get("traceparent"),
        data=event.model_dump(mode="json"),
    )


async def record(session: Session, event: Event, *, team_id: int, project_id: int | None = None) -> uuid.UUID:
    """Record an event in the caller's transaction and return its id; it is published if and when that commits.

    One insert and no NOTIFY: the relay polls (docs/adr/0005). Raises ValueError when the payload exceeds
    `MAX_ENVELOPE_BYTES`, since an event must never be accepted here and refused by NATS.
    """
    envelope = envelope_of(event, team_id=team_id, project_id=project_id)
    attributes = envelope.model_dump(mode="json", exclude_none=True)
    size = len(orjson.dumps(attributes))
    if size > MAX_ENVELOPE_BYTES:
        raise ValueError(
            f"{event.type} is {size} bytes; an event names things and leaves their content in storage"
        )
    await session.execute(
        insert(Outbox).values(
            event_id=envelope.id,
            type=envelope.type,
            source=envelope.source,
            subject=f"{event.event_subject()}.{team_id}",
            team_id=team_id,
            project_id=project_id,
            envelope=attributes,
        )
    )
    return envelope.id

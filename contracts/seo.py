"""What seo publishes: the states of an audit and the events about audits; no behaviour."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from kernel.events import Event


class AuditStatus(StrEnum):
    """How far an audit has come."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class AuditRequested(Event):
    """An audit was accepted and waits to be crawled."""

    service: ClassVar[str] = "seo"
    type: ClassVar[str] = "audit-requested"

    project_id: int
    site_audit_id: int
    target_url: str


class AuditComplete(Event):
    """An audit is finished; read it at `/api/audits/{site_audit_id}`."""

    service: ClassVar[str] = "seo"
    type: ClassVar[str] = "audit-complete"

    project_id: int
    site_audit_id: int
    target_url: str
    score: int = Field(ge=0, le=100)
    status_codes: dict[str, int] = Field(description="Number of addresses by HTTP status.")


class AuditFailed(Event):
    """An audit came to nothing; its `error` says why."""

    service: ClassVar[str] = "seo"
    type: ClassVar[str] = "audit-failed"

    project_id: int
    site_audit_id: int
    target_url: str
    slug: str = Field(description="Last part of the problem's `type`.")
    detail: str

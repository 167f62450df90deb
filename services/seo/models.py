"""GENERATED from schema/*/models.py by `make models`; do not edit. Tables of seo, and those of others that it may read."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, FetchedValue, ForeignKey, Integer, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Registry of the classes below; INSERT and UPDATE read back what the database filled in."""

    __mapper_args__ = {"eager_defaults": True}


class SiteAudit(Base):
    """The head record of a technical website scan."""

    __tablename__ = "intelligence_siteaudit"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    target_url: Mapped[str] = mapped_column(String(2048))
    """The base URL being audited."""
    status_codes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Breakdown of 200, 404, 500 … counts."""
    score: Mapped[int | None] = mapped_column(Integer)
    """Calculated health score (0-100); null until there is one."""
    status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """PENDING, RUNNING, SUCCESS, FAILED or CANCELLED."""
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Progress of the crawl: done, total, phase."""
    max_pages: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """The crawl stops after so many pages."""
    max_depth: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """The crawl follows so many links from the start."""
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Counts and figures over all pages."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Why it failed, as a problem; null otherwise."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger)
    """Who asked for it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the crawl began."""
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it succeeded, failed or was cancelled."""


class AuditPage(Base):
    """One address of an audit."""

    __tablename__ = "intelligence_auditpage"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    site_audit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intelligence_siteaudit.id"))
    """The audit."""
    url: Mapped[str] = mapped_column(String(2048))
    """The normalised address."""
    url_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the normalised address, hexadecimal."""
    depth: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Number of links from the start."""
    state: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """QUEUED, LEASED or DONE."""
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Until when a crawler has it to itself."""
    status_code: Mapped[int | None] = mapped_column(Integer)
    """HTTP status; null when there was no answer."""
    outcome: Mapped[str] = mapped_column(String(30), server_default=FetchedValue())
    """ok, http_error, timeout, dns_error, …"""
    final_url: Mapped[str] = mapped_column(String(2048), server_default=FetchedValue())
    """The address after redirects."""
    content_type: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """Media type as sent."""
    title: Mapped[str] = mapped_column(Text, server_default=FetchedValue())
    """The page's title."""
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Size of the body, in bytes."""
    load_time_ms: Mapped[int | None] = mapped_column(Integer)
    """Time until the body was read, in milliseconds."""
    is_indexable: Mapped[bool | None] = mapped_column(Boolean)
    """Whether a search engine may list it; null if unknown."""
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What was extracted: headings, links, directives."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    fetched_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was fetched; null before."""


class AuditFinding(Base):
    """A rule that a page or the whole site breaks."""

    __tablename__ = "intelligence_auditfinding"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    site_audit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intelligence_siteaudit.id"))
    """The audit."""
    audit_page_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("intelligence_auditpage.id"))
    """The page; null for the whole site."""
    code: Mapped[str] = mapped_column(String(60))
    """Code of the rule."""
    category: Mapped[str] = mapped_column(String(30))
    """Group of the rule."""
    severity: Mapped[str] = mapped_column(String(10))
    """error, warning or notice."""
    url: Mapped[str] = mapped_column(String(2048))
    """The address it concerns."""
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What was seen."""
    rule_version: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Version of the rule that found it."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""


class Project(Base):
    """A container for all research assets within a team."""

    __tablename__ = "data_ingestion_project"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    team_id: Mapped[int] = mapped_column(BigInteger)
    """The team that owns everything below."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger)
    """Who created it; null once that user is purged."""
    name: Mapped[str] = mapped_column(String(255))
    """Project title."""
    description: Mapped[str] = mapped_column(Text, server_default=FetchedValue())
    """Background context for the AI engine."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""
    revision: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Counts edits; the entity tag."""

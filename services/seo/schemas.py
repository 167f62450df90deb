"""Requests and responses of seo."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.seo import AuditStatus
from kernel.outbound.urls import MAX_URL_LENGTH
from services.seo.domain.checks import Category, Severity

DEFAULT_MAX_PAGES = 500
DEFAULT_MAX_DEPTH = 10
LARGEST_MAX_DEPTH = 20


class AuditCreate(BaseModel):
    """What to audit, and how far."""

    model_config = ConfigDict(extra="forbid")

    target_url: str = Field(
        min_length=1, max_length=MAX_URL_LENGTH, description="First page, such as https://example.org/."
    )
    max_pages: int | None = Field(
        None,
        ge=1,
        description=f"Addresses that are fetched at most; {DEFAULT_MAX_PAGES} unless said, or the deployment's limit.",
    )
    max_depth: int = Field(
        DEFAULT_MAX_DEPTH,
        ge=0,
        le=LARGEST_MAX_DEPTH,
        description="Clicks from the first page that are followed.",
    )


class AuditProgress(BaseModel):
    """How far the crawl is."""

    done: int = Field(0, description="Addresses visited.")
    total: int = Field(0, description="Addresses known so far, visited or not.")
    phase: str = Field("waiting", description="waiting, crawling, evaluating or finished.")


class AuditRead(BaseModel):
    """A site audit."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    project_id: int
    target_url: str
    status: AuditStatus
    status_codes: dict[str, int] = Field(
        description="Number of addresses by HTTP status; grows during the crawl."
    )
    score: int | None = Field(description="Health score 0–100; null until the audit has succeeded.")
    progress: AuditProgress
    max_pages: int
    max_depth: int
    error: dict[str, Any] | None = Field(description="Why it failed, as a problem; null otherwise.")
    created_by_id: int | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class FindingRead(BaseModel):
    """One thing that is wrong, on one page or (without `page_id`) on the whole site."""

    id: int
    code: str
    category: str
    severity: Severity
    title: str = Field(description="The check in a few words; `GET /api/audits/checks` explains it.")
    url: str
    page_id: int | None
    evidence: dict[str, JsonValue] = Field(description="What was seen: header, value, addresses.")
    rule_version: int


class PageRead(BaseModel):
    """One visited address."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    url: str
    depth: int
    status_code: int | None
    outcome: str
    redirects_to: str = Field(
        validation_alias="final_url", description="Target of a redirect; empty otherwise."
    )
    content_type: str
    title: str
    size_bytes: int | None
    load_time_ms: int | None
    is_indexable: bool | None
    fetched_at: datetime | None


class LinkRead(BaseModel):
    """A link from one page to another."""

    source_url: str
    target_url: str
    text: str
    nofollow: bool
    internal: bool


class LinksRead(BaseModel):
    """The links of one page."""

    items: list[LinkRead]


class CheckRead(BaseModel):
    """A check: what it looks for, what it means, how to repair it."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    category: Category
    severity: Severity
    title: str
    meaning: str
    remedy: str
    version: int


class ChecksRead(BaseModel):
    """Every check that audits make."""

    items: list[CheckRead]


class CheckCount(BaseModel):
    """How often a check failed in an audit."""

    code: str
    category: str
    severity: Severity
    title: str
    meaning: str
    remedy: str
    n_findings: int
    n_pages: int = Field(description="Pages concerned.")
    n_indexable: int = Field(description="Those of them that search engines may list: what the score counts.")


class SummaryRead(BaseModel):
    """An audit at a glance."""

    audit_id: int
    status: AuditStatus
    score: int | None
    categories: dict[str, float] = Field(description="Score 0–100 by category.")
    formula_version: int | None
    n_pages: int
    n_indexable: int
    status_codes: dict[str, int]
    outcomes: dict[str, int] = Field(
        description="Number of addresses by outcome, also those without any answer."
    )
    severities: dict[str, int] = Field(description="Number of findings by severity.")
    checks: list[CheckCount] = Field(description="Failed checks, the gravest first.")
    coverage: str = Field(description="`complete`, or why the crawl is partial.")

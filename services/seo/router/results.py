"""`/api/audits/{id}/…`: findings, pages, links, summary."""

from typing import Annotated

from fastapi import APIRouter, Query

from kernel.db import ReadOnly, Snapshot
from kernel.http import ACCESS_PROBLEMS
from kernel.ids import RowId
from kernel.pagination import Page, PageQuery, paginate
from kernel.problems import NotFound
from services.seo.domain.catalogue import CHECKS
from services.seo.domain.checks import Severity
from services.seo.queries import audits as queries
from services.seo.schemas import (
    AuditRead,
    CheckCount,
    FindingRead,
    LinkRead,
    LinksRead,
    PageRead,
    SummaryRead,
)

router = APIRouter(prefix="/api/audits/{audit_id}", tags=["audits"], responses=ACCESS_PROBLEMS)

_GRAVITY = {severity: position for position, severity in enumerate(Severity)}


async def _audit(session: Snapshot, audit_id: int) -> AuditRead:
    audit = await queries.find_audit(session, audit_id)
    if audit is None:
        raise NotFound.of("audit", audit_id)
    return AuditRead.model_validate(audit)


@router.get("/findings")
async def list_findings(
    audit_id: int,
    session: ReadOnly,
    page: PageQuery,
    *,
    severity: Annotated[Severity | None, Query(description="Only this severity.")] = None,
    code: Annotated[str | None, Query(max_length=60, description="Only this check.")] = None,
    url: Annotated[str | None, Query(max_length=2048, description="Only this address.")] = None,
) -> Page[FindingRead]:
    """List findings in the order in which they were made; during the crawl too."""
    await _audit(session, audit_id)
    statement = queries.findings_of(audit_id, severity=severity, code=code, url=url)
    rows, next_cursor = await paginate(session, statement, page, order_by=queries.FINDING_ORDER)
    return Page(
        items=[
            FindingRead(
                id=row.id,
                code=row.code,
                category=row.category,
                severity=Severity(row.severity),
                title=CHECKS[row.code].title if row.code in CHECKS else row.code,
                url=row.url,
                page_id=row.audit_page_id,
                evidence=row.evidence,
                rule_version=row.rule_version,
            )
            for row in rows
        ],
        next_cursor=next_cursor,
    )


@router.get("/pages")
async def list_pages(
    audit_id: int,
    session: ReadOnly,
    page: PageQuery,
    status: Annotated[int | None, Query(ge=100, le=599, description="Only this HTTP status.")] = None,
) -> Page[PageRead]:
    """List the visited addresses in the order in which they were found."""
    await _audit(session, audit_id)
    statement = queries.pages_of(audit_id, status_code=status)
    rows, next_cursor = await paginate(session, statement, page, order_by=queries.PAGE_ORDER)
    return Page(items=[PageRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/links")
async def list_links(
    audit_id: int, session: ReadOnly, page_id: Annotated[RowId, Query(description="The page that links.")]
) -> LinksRead:
    """List the links of one page; each target once."""
    await _audit(session, audit_id)
    page = await queries.find_page(session, audit_id, page_id)
    if page is None:
        raise NotFound.of("page", page_id)
    links = (page.facts.get("html") or {}).get("links", [])
    return LinksRead(
        items=[
            LinkRead(
                source_url=page.url,
                target_url=link["url"],
                text=link["text"],
                nofollow=link["nofollow"],
                internal=link["internal"],
            )
            for link in links
        ]
    )


@router.get("/summary")
async def read_summary(audit_id: int, session: ReadOnly) -> SummaryRead:
    """Return the audit at a glance: scores, counts, failed checks with their remedies."""
    audit = await queries.find_audit(session, audit_id)
    if audit is None:
        raise NotFound.of("audit", audit_id)
    outcomes = await queries.counts_of_outcomes(session, audit_id)
    checks = await _check_counts(session, audit_id)
    severities = {
        severity: sum(c.n_findings for c in checks if c.severity is severity) for severity in Severity
    }
    return SummaryRead.model_validate(
        {
            "audit_id": audit.id,
            "status": audit.status,
            "score": audit.score,
            "categories": audit.summary.get("categories", {}),
            "formula_version": audit.summary.get("formula_version"),
            "n_pages": sum(outcomes.values()),
            "n_indexable": await queries.count_indexable(session, audit_id),
            "status_codes": audit.status_codes,
            "outcomes": outcomes,
            "severities": severities,
            "checks": checks,
            "coverage": audit.summary.get("coverage", "unfinished"),
        }
    )


async def _check_counts(session: Snapshot, audit_id: int) -> list[CheckCount]:
    counts = [
        CheckCount(
            code=check.code,
            category=check.category,
            severity=check.severity,
            title=check.title,
            meaning=check.meaning,
            remedy=check.remedy,
            n_findings=row.n_findings,
            n_pages=row.n_pages,
            n_indexable=row.n_indexable,
        )
        for row in await queries.counts_of_checks(session, audit_id)
        if (check := CHECKS.get(row.code)) is not None
    ]
    return sorted(counts, key=lambda count: (_GRAVITY[count.severity], -count.n_pages, count.code))

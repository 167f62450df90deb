"""Questions about audits, their pages and their findings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.seo.models import AuditFinding, AuditPage, SiteAudit

AUDIT_ORDER = (SiteAudit.created_at.desc(), SiteAudit.id.desc())
PAGE_ORDER = (AuditPage.id,)
FINDING_ORDER = (AuditFinding.id,)


async def find_audit(session: AsyncSession, audit_id: int) -> SiteAudit | None:
    """Return an audit that the caller may see, or None."""
    return await session.get(SiteAudit, audit_id)


async def lock_audit(session: AsyncSession, audit_id: int) -> SiteAudit | None:
    """Return an audit locked until the transaction ends, or None; whoever changes its state takes this lock first."""
    return await session.scalar(select(SiteAudit).where(SiteAudit.id == audit_id).with_for_update())


def audits_of(project_id: int) -> Select[SiteAudit]:
    """The audits of a project."""
    return select(SiteAudit).where(SiteAudit.project_id == project_id)


def findings_of(
    audit_id: int, *, severity: str | None, code: str | None, url: str | None
) -> Select[AuditFinding]:
    """The findings of an audit, narrowed by severity, code and exact address."""
    statement = select(AuditFinding).where(AuditFinding.site_audit_id == audit_id)
    wanted = ((AuditFinding.severity, severity), (AuditFinding.code, code), (AuditFinding.url, url))
    for column, value in wanted:
        if value is not None:
            statement = statement.where(column == value)
    return statement


def pages_of(audit_id: int, *, status_code: int | None) -> Select[AuditPage]:
    """The visited pages of an audit, in the order in which they were found."""
    statement = select(AuditPage).where(AuditPage.site_audit_id == audit_id, AuditPage.state == "DONE")
    return statement if status_code is None else statement.where(AuditPage.status_code == status_code)


async def find_page(session: AsyncSession, audit_id: int, page_id: int) -> AuditPage | None:
    """Return one page of an audit, or None."""
    statement = select(AuditPage).where(AuditPage.site_audit_id == audit_id, AuditPage.id == page_id)
    return await session.scalar(statement)


async def counts_of_checks(session: AsyncSession, audit_id: int) -> Sequence[Row[Any]]:
    """Return per check: code, n_findings, n_pages and n_indexable (distinct pages; 0 for findings on the site)."""
    page_id = AuditFinding.audit_page_id
    statement = (
        select(
            AuditFinding.code,
            func.count().label("n_findings"),
            func.count(page_id.distinct()).label("n_pages"),
            func.count(page_id.distinct()).filter(AuditPage.is_indexable.is_(True)).label("n_indexable"),
            func.bool_or(page_id.is_(None)).label("is_sitewide"),
        )
        .outerjoin(AuditPage, AuditPage.id == page_id)
        .where(AuditFinding.site_audit_id == audit_id)
        .group_by(AuditFinding.code)
    )
    rows: Sequence[Row[Any]] = (await session.execute(statement)).all()
    return rows


async def counts_of_statuses(session: AsyncSession, audit_id: int) -> dict[str, int]:
    """Return the number of addresses by HTTP status; those without an answer are not in it."""
    statement = (
        select(AuditPage.status_code, func.count())
        .where(AuditPage.site_audit_id == audit_id, AuditPage.status_code.is_not(None))
        .group_by(AuditPage.status_code)
        .order_by(AuditPage.status_code)
    )
    return {str(status): n for status, n in await session.execute(statement)}


async def counts_of_outcomes(session: AsyncSession, audit_id: int) -> dict[str, int]:
    """Return the number of visited addresses by outcome."""
    statement = (
        select(AuditPage.outcome, func.count())
        .where(AuditPage.site_audit_id == audit_id, AuditPage.state == "DONE")
        .group_by(AuditPage.outcome)
        .order_by(AuditPage.outcome)
    )
    return {str(outcome): n for outcome, n in await session.execute(statement)}


async def count_indexable(session: AsyncSession, audit_id: int) -> int:
    """Return the number of indexable HTML pages: the N of the score."""
    statement = select(func.count()).where(
        AuditPage.site_audit_id == audit_id, AuditPage.is_indexable.is_(True)
    )
    return await session.scalar(statement) or 0

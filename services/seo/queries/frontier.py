"""The frontier of a crawl: addresses that wait, are being visited, or are done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, any_, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.seo.models import AuditPage

# SKIP LOCKED lets several workers share one audit; a lease that ran out is taken like a waiting page, and a waiting
# page with a lease in the future is one that the server asked to come back for.
_LEASE = text("""
    WITH next AS (
        SELECT id FROM intelligence_auditpage
        WHERE site_audit_id = :audit_id AND state <> 'DONE'
          AND (leased_until IS NULL OR leased_until < clock_timestamp())
        ORDER BY depth, id
        LIMIT :n
        FOR UPDATE SKIP LOCKED
    )
    UPDATE intelligence_auditpage AS page
    SET state = 'LEASED', leased_until = clock_timestamp() + make_interval(secs => :lease_s)
    FROM next WHERE page.id = next.id
    RETURNING page.id, page.url, page.depth, COALESCE((page.facts ->> 'attempts')::int, 0) AS attempts
""")


@dataclass(frozen=True, slots=True)
class LeasedPage:
    """An address that this worker has to itself for a while."""

    id: int
    url: str
    depth: int
    attempts: int
    """Earlier visits that the server asked to repeat later."""


async def lease(session: AsyncSession, audit_id: int, *, n: int, lease_s: float) -> list[LeasedPage]:
    """Take up to n addresses, nearest to the start first."""
    rows = await session.execute(_LEASE, {"audit_id": audit_id, "n": n, "lease_s": lease_s})
    pages = [LeasedPage(row.id, row.url, row.depth, row.attempts) for row in rows]
    return sorted(pages, key=lambda page: (page.depth, page.id))


async def release(session: AsyncSession, page_ids: Sequence[int]) -> None:
    """Give leased addresses back, for a worker that stops in an orderly way."""
    statement = update(AuditPage).where(AuditPage.id.in_(page_ids), AuditPage.state == "LEASED")
    await session.execute(statement.values(state="QUEUED", leased_until=None))


async def defer(session: AsyncSession, page: LeasedPage, *, wait_s: float) -> None:
    """Let an address wait, as its server asked."""
    until = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, wait_s)
    await session.execute(
        update(AuditPage)
        .where(AuditPage.id == page.id, AuditPage.state == "LEASED")
        .values(state="QUEUED", leased_until=until, facts={"attempts": page.attempts + 1})
    )


async def complete(session: AsyncSession, page_id: int, values: Mapping[str, Any]) -> bool:
    """Write what a visit brought; False where another worker was faster, after this one's lease ran out."""
    statement = (
        update(AuditPage)
        .where(AuditPage.id == page_id, AuditPage.state != "DONE")
        .values(state="DONE", leased_until=None, fetched_at=func.now(), **values)
        .returning(AuditPage.id)
    )
    return await session.scalar(statement) is not None


async def known_hashes(session: AsyncSession, audit_id: int, hashes: Sequence[str]) -> set[str]:
    """Return which of these addresses the audit knows already."""
    statement = select(AuditPage.url_hash).where(
        AuditPage.site_audit_id == audit_id,
        # One array and not one parameter each: a page has thousands of links, PostgreSQL takes 32,767 parameters.
        AuditPage.url_hash == any_(literal(list(hashes), ARRAY(String))),
    )
    return set(await session.scalars(statement))


async def enqueue(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add addresses; known ones stay as they are. Returns how many are new."""
    if not rows:
        return 0
    statement = insert(AuditPage).on_conflict_do_nothing().returning(AuditPage.id)
    return len((await session.scalars(statement, [dict(row) for row in rows])).all())


async def next_free_at(session: AsyncSession, audit_id: int) -> datetime | None:
    """Return when the next lease or pause ends; None where every address is done."""
    statement = select(func.min(func.coalesce(AuditPage.leased_until, func.now()))).where(
        AuditPage.site_audit_id == audit_id, AuditPage.state != "DONE"
    )
    return await session.scalar(statement)


async def start_urls(session: AsyncSession, audit_id: int) -> list[str]:
    """Return the target and the addresses that its redirects led to: they say which hosts belong to the site."""
    statement = select(AuditPage.url).where(AuditPage.site_audit_id == audit_id, AuditPage.depth == 0)
    return list(await session.scalars(statement))


async def start_pages(session: AsyncSession, audit_id: int) -> Sequence[AuditPage]:
    """Return the target and the pages that its redirects led to, in that order."""
    statement = select(AuditPage).where(AuditPage.site_audit_id == audit_id, AuditPage.depth == 0)
    return (await session.scalars(statement.order_by(AuditPage.id))).all()

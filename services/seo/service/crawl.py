"""How a crawl moves on. Each step is one short transaction that records what came and hands out what is next.

Whoever takes a step locks the audit's row first, so counts stay right with several workers, and a cancelled or deleted
audit is noticed at the next step.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from contracts.seo import AuditStatus
from kernel.clock import utc_now
from kernel.db import Session
from kernel.outbound import WebUrl, parse_web_url
from services.seo.domain.checks import Finding
from services.seo.domain.sites import Site, page_url, url_hash
from services.seo.domain.visits import PageOutcome, Visit
from services.seo.models import AuditFinding, SiteAudit
from services.seo.queries import audits as audit_queries
from services.seo.queries import frontier
from services.seo.queries.frontier import LeasedPage

MAX_START_PAGES = 10
"""Redirects that are followed from the target before it counts as never coming."""

MAX_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """What a worker needs to know of the audit it crawls."""

    audit_id: int
    project_id: int
    target: WebUrl
    site: Site
    max_pages: int
    max_depth: int
    started_at: datetime
    wants_sitemaps: bool = False
    """True until the site's sitemaps were read, once per audit."""
    known: set[str] = field(default_factory=set)
    """Addresses that this worker has seen already: spares PostgreSQL the question, and decides nothing."""

    def remember(self, hrefs: Iterable[str]) -> None:
        """Note addresses as seen, up to a limit of memory."""
        if len(self.known) < MAX_REMEMBERED:
            self.known.update(hrefs)


@dataclass(frozen=True, slots=True)
class Visited:
    """A leased page with what its visit brought."""

    page: LeasedPage
    visit: Visit
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Deferred:
    """A leased page whose server asked to come back later."""

    page: LeasedPage
    wait_s: float


@dataclass(frozen=True, slots=True)
class Step:
    """What a worker does next."""

    is_stopped: bool = False
    """The audit was cancelled, deleted, or has ended."""
    pages: list[LeasedPage] = field(default_factory=list)
    next_free_at: datetime | None = None
    """When to ask again, where nothing is free now; None where no address is left."""
    site: Site | None = None
    """Where a redirect of the target led to another host: the site as it is now."""


async def begin(session: Session, audit_id: int) -> CrawlPlan | None:
    """Start an audit or go on with one; None where it has ended or was deleted."""
    audit = await audit_queries.lock_audit(session, audit_id)
    if audit is None or audit.status not in {AuditStatus.PENDING, AuditStatus.RUNNING}:
        return None
    target = parse_web_url(audit.target_url)
    if audit.status == AuditStatus.PENDING:
        audit.status = AuditStatus.RUNNING
        audit.started_at = utc_now()
        total = await frontier.enqueue(session, [_row(audit, page_url(target).href, depth=0)])
        audit.progress = {"done": 0, "total": total, "phase": "crawling"}
        await session.flush()
    return CrawlPlan(
        audit_id=audit.id,
        project_id=audit.project_id,
        target=target,
        site=await _site(session, audit_id, target),
        max_pages=audit.max_pages,
        max_depth=audit.max_depth,
        started_at=audit.started_at or audit.created_at,
        wants_sitemaps="n_listed" not in audit.progress,
    )


async def advance(
    session: Session,
    plan: CrawlPlan,
    results: Sequence[Visited | Deferred],
    *,
    n_free: int,
    lease_s: float,
) -> Step:
    """Record what visits brought, add the addresses they found, and lease the next ones."""
    audit = await audit_queries.lock_audit(session, plan.audit_id)
    if audit is None or audit.status != AuditStatus.RUNNING:
        return Step(is_stopped=True)
    visits = [result for result in results if isinstance(result, Visited)]
    recorded = [result for result in visits if await _record(session, plan, result)]
    for result in results:
        if isinstance(result, Deferred):
            await frontier.defer(session, result.page, wait_s=result.wait_s)
    has_new_start = any(_leads_to_start(result) for result in recorded)
    await _count(session, audit, plan, recorded)
    pages = await frontier.lease(session, plan.audit_id, n=n_free, lease_s=lease_s) if n_free else []
    return Step(
        pages=pages,
        next_free_at=None if pages else await frontier.next_free_at(session, plan.audit_id),
        site=await _site(session, plan.audit_id, plan.target) if has_new_start else None,
    )


async def add_listed(session: Session, plan: CrawlPlan, hrefs: Sequence[str]) -> None:
    """Add the addresses that sitemaps list, as if the target linked them, as far as there is room."""
    audit = await audit_queries.lock_audit(session, plan.audit_id)
    if audit is None or audit.status != AuditStatus.RUNNING:
        return
    known = int(audit.progress.get("total", 0))
    wanted = hrefs if plan.max_depth else []
    room = max(plan.max_pages - known, 0)
    added = await frontier.enqueue(session, [_row(audit, href, depth=1) for href in wanted[:room]])
    is_full = bool(audit.progress.get("is_full")) or len(wanted) > room
    audit.progress = {**audit.progress, "total": known + added, "n_listed": len(hrefs), "is_full": is_full}


async def begin_evaluation(session: Session, audit_id: int) -> None:
    """Say that the crawl is over and the findings over all pages are being made."""
    audit = await audit_queries.lock_audit(session, audit_id)
    if audit is not None and audit.status == AuditStatus.RUNNING:
        audit.progress = {**audit.progress, "phase": "evaluating"}


async def give_back(session: Session, pages: Iterable[LeasedPage]) -> None:
    """Let others have the leased pages at once, for a worker that stops in an orderly way."""
    await frontier.release(session, [page.id for page in pages])


async def _site(session: Session, audit_id: int, target: WebUrl) -> Site:
    urls = [parse_web_url(url) for url in await frontier.start_urls(session, audit_id)]
    return Site.of([target, *urls])


async def _record(session: Session, plan: CrawlPlan, visited: Visited) -> bool:
    """Write page and findings; False where another worker did it already."""
    if not await frontier.complete(session, visited.page.id, _values(visited.visit)):
        return False
    rows = [
        {
            "project_id": plan.project_id,
            "site_audit_id": plan.audit_id,
            "audit_page_id": visited.page.id,
            "code": finding.check.code,
            "category": finding.check.category,
            "severity": finding.check.severity,
            "url": visited.page.url,
            "evidence": finding.evidence,
            "rule_version": finding.check.version,
        }
        for finding in visited.findings
    ]
    if rows:
        await session.execute(insert(AuditFinding), rows)
    return True


def _values(visit: Visit) -> dict[str, Any]:
    titles = visit.html.titles if visit.html else ()
    return {
        "status_code": visit.status,
        "outcome": str(visit.outcome)[:30],
        "final_url": visit.location.href if visit.location else "",
        "content_type": visit.content_type[:255],
        "title": next((title for title in titles if title), ""),
        "size_bytes": visit.size_bytes,
        "load_time_ms": visit.elapsed_ms,
        "is_indexable": visit.is_indexable,
        "facts": visit.stored(),
    }


async def _count(session: Session, audit: SiteAudit, plan: CrawlPlan, recorded: Sequence[Visited]) -> None:
    """Bring progress and status codes up to date; they grow with the crawl, so nobody counts all pages again."""
    if not recorded:
        return
    known = int(audit.progress.get("total", 0))
    added, is_full = await _enqueue(session, audit, plan, recorded, room=plan.max_pages - known)
    codes = dict(audit.status_codes)
    for result in recorded:
        if result.visit.status is not None:
            codes[str(result.visit.status)] = codes.get(str(result.visit.status), 0) + 1
    audit.status_codes = codes
    audit.progress = {
        **audit.progress,
        "done": int(audit.progress.get("done", 0)) + len(recorded),
        "total": known + added,
        "is_full": bool(audit.progress.get("is_full")) or is_full,
    }
    await session.flush()


async def _enqueue(
    session: Session, audit: SiteAudit, plan: CrawlPlan, recorded: Sequence[Visited], *, room: int
) -> tuple[int, bool]:
    """Add the new addresses among those found, as far as there is room; returns how many, and whether some had none."""
    found: dict[str, int] = {}
    for result in recorded:
        for href, depth in _discovered(result, plan):
            if href not in plan.known:
                found[href] = min(depth, found.get(href, depth))
    hashes = {url_hash(href): href for href in found}
    known = await frontier.known_hashes(session, plan.audit_id, list(hashes)) if hashes else set()
    new = sorted((href for key, href in hashes.items() if key not in known), key=found.__getitem__)
    added = new[: max(room, 0)]
    n_added = await frontier.enqueue(session, [_row(audit, href, depth=found[href]) for href in added])
    plan.remember(found)
    return n_added, len(new) > len(added)


def _discovered(result: Visited, plan: CrawlPlan) -> Iterable[tuple[str, int]]:
    """Addresses that a page leads to, with their depths: its links and its redirect."""
    location = result.visit.location
    if location is not None and result.visit.outcome == PageOutcome.REDIRECT:
        if _leads_to_start(result):
            yield page_url(location).href, 0
        elif plan.site.holds(location):
            yield page_url(location).href, result.page.depth + 1
    if result.page.depth >= plan.max_depth or result.visit.html is None:
        return
    for link in result.visit.html.links:
        if link.internal and not link.is_trap:
            yield link.url, result.page.depth + 1


def _leads_to_start(result: Visited) -> bool:
    """True where the target itself redirects: what it leads to is the start of the site, on whatever host."""
    return result.page.depth == 0 and result.visit.outcome == PageOutcome.REDIRECT


def _row(audit: SiteAudit, href: str, *, depth: int) -> dict[str, Any]:
    return {
        "project_id": audit.project_id,
        "site_audit_id": audit.id,
        "url": href,
        "url_hash": url_hash(href),
        "depth": depth,
    }

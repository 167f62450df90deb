"""How an audit ends: what concerns several pages is found, the score computed, and the outcome told."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert

from contracts.seo import AuditComplete, AuditFailed, AuditStatus
from kernel.access import Permission, require_project
from kernel.clock import utc_now
from kernel.db import Session
from kernel.events import record
from kernel.outbound import Outcome
from kernel.problems import Problem
from services.seo.domain.catalogue import CHECKS
from services.seo.domain.checks import Check
from services.seo.domain.rules import across as rules
from services.seo.domain.rules.across import MAX_EXAMPLES, Redirect, SiteFinding
from services.seo.domain.score import FORMULA_VERSION, Score, score_of
from services.seo.domain.visits import PageOutcome
from services.seo.errors import TargetDisallowed, TargetNotAllowed, TargetRedirectsAway, TargetUnreachable
from services.seo.models import AuditFinding, AuditPage, SiteAudit
from services.seo.queries import across, frontier
from services.seo.queries import audits as queries

COMPLETE = "complete"
_BATCH = 1000


async def finish(session: Session, audit_id: int, *, coverage: str) -> None:
    """Judge the crawled site and end the audit, as complete or (where no first page came) as failed.

    `coverage` is `complete` or says why the crawl is partial. Does nothing to an audit that has ended already.
    """
    audit = await queries.lock_audit(session, audit_id)
    if audit is None or audit.status != AuditStatus.RUNNING:
        return
    failure = failure_of(await frontier.start_pages(session, audit_id))
    if failure is not None:
        await _fail(session, audit, failure)
        return
    await _insert_findings(session, audit, await _site_findings(session, audit))
    score = await _score(session, audit_id)
    audit.status_codes = await queries.counts_of_statuses(session, audit_id)
    audit.score = score.value
    if audit.progress.get("is_full") and coverage == COMPLETE:
        coverage = f"partial: the limit of {audit.max_pages} pages left some addresses out"
    audit.summary = _summary(score, coverage)
    _end(audit, AuditStatus.SUCCESS)
    await session.flush()
    event = AuditComplete(
        project_id=audit.project_id,
        site_audit_id=audit.id,
        target_url=audit.target_url,
        score=score.value,
        status_codes=audit.status_codes,
    )
    await _tell(session, audit, event)


async def fail(session: Session, audit_id: int, problem: Problem) -> None:
    """End an audit that came to nothing. Does nothing to one that has ended already."""
    audit = await queries.lock_audit(session, audit_id)
    if audit is not None and audit.status in {AuditStatus.PENDING, AuditStatus.RUNNING}:
        await _fail(session, audit, problem)


def failure_of(starts: Sequence[AuditPage]) -> Problem | None:
    """Return why there is nothing to judge: the target, or what it redirects to, gave no answer; None where it did."""
    last = starts[-1] if starts else None
    if last is None or (last.status_code is not None and last.outcome != PageOutcome.REDIRECT):
        return None
    detail = str(last.facts.get("detail") or last.outcome)
    if last.outcome == PageOutcome.REDIRECT:
        return TargetRedirectsAway(
            f"{last.url} redirects to {last.final_url or 'nowhere'}, and no page ever comes."
        )
    if last.outcome == PageOutcome.ROBOTS_BLOCKED:
        return TargetDisallowed(f"{last.url} may not be fetched: {detail}.", outcome=last.outcome)
    if last.outcome == Outcome.BLOCKED_ADDRESS:
        return TargetNotAllowed(f"{last.url} was not fetched: {detail}.", outcome=last.outcome)
    return TargetUnreachable(f"{last.url} gave no answer: {detail}.", outcome=last.outcome)


async def _fail(session: Session, audit: SiteAudit, problem: Problem) -> None:
    audit.status_codes = await queries.counts_of_statuses(session, audit.id)
    audit.error = problem.body(instance=f"/api/audits/{audit.id}")
    _end(audit, AuditStatus.FAILED)
    await session.flush()
    event = AuditFailed(
        project_id=audit.project_id,
        site_audit_id=audit.id,
        target_url=audit.target_url,
        slug=problem.slug,
        detail=problem.detail,
    )
    await _tell(session, audit, event)


def _end(audit: SiteAudit, status: AuditStatus) -> None:
    audit.status = status
    audit.completed_at = utc_now()
    audit.progress = {**audit.progress, "phase": "finished"}


async def _tell(session: Session, audit: SiteAudit, event: AuditComplete | AuditFailed) -> None:
    grant = await require_project(session, audit.project_id, Permission.WRITE)
    await record(session, event, team_id=grant.team_id, project_id=audit.project_id)


async def _score(session: Session, audit_id: int) -> Score:
    n_indexable = await queries.count_indexable(session, audit_id)
    counts = await queries.counts_of_checks(session, audit_id)
    affected: dict[Check, int] = {
        CHECKS[row.code]: n_indexable if row.is_sitewide else row.n_indexable
        for row in counts
        if row.code in CHECKS
    }
    return score_of(affected, n_indexable=n_indexable, n_findings=sum(row.n_findings for row in counts))


def _summary(score: Score, coverage: str) -> dict[str, Any]:
    return {
        "formula_version": FORMULA_VERSION,
        "n_indexable": score.n_indexable,
        "categories": {category: round(value, 2) for category, value in score.categories.items()},
        "coverage": coverage,
    }


async def _site_findings(session: Session, audit: SiteAudit) -> list[SiteFinding]:
    """Return every finding that needs several pages."""
    n_pages, n_noindex = await across.noindex_counts(session, audit.id)
    redirects = {
        row.url: Redirect(row.page_id, row.url, row.target)
        for row in await across.redirects(session, audit.id)
    }
    # In a partial crawl the pages that link to one may simply not have been visited.
    orphans = [] if audit.progress.get("is_full") else await across.orphans(session, audit.id)
    return [
        *await _link_findings(session, audit.id),
        *await _duplicate_findings(session, audit.id),
        *await _canonical_findings(session, audit.id),
        *rules.redirect_findings(redirects),
        *(SiteFinding(rules.ORPHAN, row.page_id, row.url, {}) for row in orphans),
        *rules.mostly_noindex(n_pages=n_pages, n_noindex=n_noindex, url=audit.target_url),
    ]


async def _link_findings(session: Session, audit_id: int) -> list[SiteFinding]:
    broken = [
        SiteFinding(
            rules.BROKEN_LINK,
            row.page_id,
            row.url,
            {"target": row.target, "status": row.status, "outcome": row.outcome, "text": row.text},
        )
        for row in await across.links_to(session, audit_id, outcomes=across.BROKEN_OUTCOMES)
    ]
    redirecting = [
        SiteFinding(
            rules.LINK_TO_REDIRECT,
            row.page_id,
            row.url,
            {"target": row.target, "status": row.status, "redirects_to": row.redirects_to, "text": row.text},
        )
        for row in await across.links_to(session, audit_id, outcomes=(PageOutcome.REDIRECT,))
    ]
    return broken + redirecting


async def _duplicate_findings(session: Session, audit_id: int) -> list[SiteFinding]:
    found = []
    for what, check in _DUPLICATE_CHECKS.items():
        for row in await across.duplicates(session, audit_id, of=what):
            others = [url for url in row.urls if url != row.url][:MAX_EXAMPLES]
            evidence = {"value": row.value, "n_pages": row.n_pages, "others": others}
            found.append(SiteFinding(check, row.page_id, row.url, evidence))
    return found


async def _canonical_findings(session: Session, audit_id: int) -> list[SiteFinding]:
    return [
        SiteFinding(
            rules.CANONICAL_BROKEN,
            row.page_id,
            row.url,
            {"canonical": row.canonical, "status": row.status, "outcome": row.outcome},
        )
        for row in await across.broken_canonicals(session, audit_id)
    ]


_DUPLICATE_CHECKS = {
    "title": rules.TITLE_DUPLICATE,
    "description": rules.DESCRIPTION_DUPLICATE,
    "text": rules.CONTENT_DUPLICATE,
}


async def _insert_findings(session: Session, audit: SiteAudit, findings: Iterable[SiteFinding]) -> None:
    rows = [
        {
            "project_id": audit.project_id,
            "site_audit_id": audit.id,
            "audit_page_id": finding.page_id,
            "code": finding.check.code,
            "category": finding.check.category,
            "severity": finding.check.severity,
            "url": finding.url,
            "evidence": finding.evidence,
            "rule_version": finding.check.version,
        }
        for finding in findings
    ]
    for start in range(0, len(rows), _BATCH):
        await session.execute(insert(AuditFinding), rows[start : start + _BATCH])

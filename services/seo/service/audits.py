"""What people ask: start, cancel, delete an audit."""

from contracts.seo import AuditRequested, AuditStatus
from kernel.access import Permission, require_project
from kernel.clock import utc_now
from kernel.db import Session
from kernel.events import record
from kernel.outbound import OutboundPolicy, UnusableUrl, WebUrl, parse_web_url
from kernel.problems import Invalid, NotFound
from services.seo.errors import AuditFinished
from services.seo.models import SiteAudit
from services.seo.queries import audits as queries

UNFINISHED = frozenset({AuditStatus.PENDING, AuditStatus.RUNNING})


async def request_audit(
    session: Session,
    project_id: int,
    *,
    target_url: str,
    max_pages: int,
    max_depth: int,
    most_pages: int,
    policy: OutboundPolicy,
    created_by_id: int,
) -> SiteAudit:
    """Accept an audit, which the worker then crawls.

    Raises Invalid where the target is no address that this deployment may fetch, as far as that shows without asking
    DNS, or where more than `most_pages` are asked for; NotFound and Forbidden for the project.
    """
    grant = await require_project(session, project_id, Permission.WRITE)
    if max_pages > most_pages:
        raise Invalid.at("/max_pages", f"This deployment allows at most {most_pages} pages per audit.")
    target = _checked_target(target_url, policy)
    audit = SiteAudit(
        project_id=project_id,
        target_url=target.href,
        max_pages=max_pages,
        max_depth=max_depth,
        progress={"done": 0, "total": 0, "phase": "waiting"},
        created_by_id=created_by_id,
    )
    session.add(audit)
    await session.flush()  # the event names the new id
    event = AuditRequested(project_id=project_id, site_audit_id=audit.id, target_url=audit.target_url)
    await record(session, event, team_id=grant.team_id, project_id=project_id)
    return audit


def _checked_target(target_url: str, policy: OutboundPolicy) -> WebUrl:
    try:
        target = parse_web_url(target_url)
    except UnusableUrl as error:
        raise Invalid.at("/target_url", f"This cannot be audited: {error}.") from None
    if refusal := policy.refusal(target):
        way_out = (
            "Name a public website; an operator can allow private ones with SEO_ALLOW_PRIVATE_NETWORKS=1."
        )
        raise Invalid.at("/target_url", f"This cannot be audited: {refusal}. {way_out}")
    return target


async def cancel_audit(session: Session, audit_id: int) -> SiteAudit:
    """End an audit before its time; its pages and findings so far stay. Raises AuditFinished."""
    audit = await _writable(session, audit_id)
    if audit.status not in UNFINISHED:
        raise AuditFinished(f"Audit {audit_id} has ended with {audit.status} already.")
    audit.status = AuditStatus.CANCELLED
    audit.completed_at = utc_now()
    audit.progress = {**audit.progress, "phase": "finished"}
    await session.flush()
    return audit


async def delete_audit(session: Session, audit_id: int) -> None:
    """Remove an audit with its pages and findings; a crawl under way notices and stops."""
    await session.delete(await _writable(session, audit_id))


async def _writable(session: Session, audit_id: int) -> SiteAudit:
    """Return the locked audit; raises NotFound, and Forbidden where the caller may only read."""
    visible = await queries.find_audit(session, audit_id)
    if visible is None:
        raise NotFound.of("audit", audit_id)
    # Before the lock: a policy hides from FOR UPDATE what may not be written, which would look like a 404.
    await require_project(session, visible.project_id, Permission.WRITE)
    audit = await queries.lock_audit(session, audit_id)
    if audit is None:
        raise NotFound.of("audit", audit_id)
    await session.refresh(audit)
    return audit

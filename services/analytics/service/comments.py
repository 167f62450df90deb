"""Commands of comments: remark, answer, edit, resolve, reopen, delete."""

from typing import Any

from contracts.analytics import CommentAdded
from kernel.access import Permission, require_project
from kernel.clock import utc_now
from kernel.db import Session
from kernel.events import record
from kernel.problems import Forbidden, Invalid, NotFound
from services.analytics.domain.anchors import Anchor, anchor_fault
from services.analytics.domain.blocks import block_text
from services.analytics.models import Comment, Report
from services.analytics.queries import reports as queries
from services.analytics.schemas.reports import AnchorWrite, CommentCreate


async def add_comment(session: Session, report_id: int, body: CommentCreate, *, user_id: int) -> Comment:
    """Remark on a range of the draft, or answer a remark.

    Raises NotFound, Forbidden, and Invalid where the anchor's `exact` does not stand at start:end of the block.
    """
    report = await queries.find_report(session, report_id)
    if report is None:
        raise NotFound.of("report", report_id)
    grant = await require_project(session, report.project_id, Permission.WRITE)
    anchor = await _anchor(session, report, body)
    comment = await queries.add_comment(
        session,
        project_id=report.project_id,
        report_id=report.id,
        parent_id=body.parent_id,
        author_id=user_id,
        anchor=anchor,
        body=body.body,
    )
    event = CommentAdded(
        project_id=report.project_id, report_id=report.id, comment_id=comment.id, parent_id=body.parent_id
    )
    await record(session, event, team_id=grant.team_id, project_id=grant.project_id)
    return comment


async def _anchor(session: Session, report: Report, body: CommentCreate) -> dict[str, Any]:
    if body.parent_id is not None:
        parent = await queries.find_comment(session, body.parent_id)
        if parent is None or parent.report_id != report.id:
            raise Invalid.at("/parent_id", f"this report has no comment {body.parent_id}")
        if parent.parent_id is not None:
            raise Invalid.at("/parent_id", "answer the first remark of the thread, not another answer")
        return parent.anchor
    if body.anchor is None:
        raise Invalid.at("/anchor", "a remark needs the range it is about")
    return _checked(report, body.anchor)


def _checked(report: Report, written: AnchorWrite) -> dict[str, Any]:
    anchor = Anchor(**written.model_dump())
    text = block_text(report.blocks, anchor.block_id)
    if text is None:
        raise Invalid.at("/anchor/block_id", f"this report has no block '{anchor.block_id}'")
    fault = anchor_fault(anchor, text)
    if fault is not None:
        raise Invalid.at(f"/anchor{fault[0]}", fault[1])
    return written.model_dump()


async def edit_comment(session: Session, comment_id: int, *, body: str, user_id: int) -> Comment:
    """Reword one's own remark; raises NotFound and Forbidden."""
    comment = await _writable(session, comment_id)
    _require_author(comment, user_id)
    comment.body = body
    await session.flush()  # reads back updated_at for the answer
    return comment


async def resolve_comment(session: Session, comment_id: int, *, user_id: int) -> Comment:
    """Settle a thread; settling twice keeps the first; raises NotFound, Forbidden, Invalid for an answer."""
    comment = await _thread(session, comment_id)
    if comment.resolved_at is None:
        comment.resolved_at, comment.resolved_by_id = utc_now(), user_id
    await session.flush()  # reads back updated_at for the answer
    return comment


async def reopen_comment(session: Session, comment_id: int) -> Comment:
    """Open a settled thread again; raises NotFound, Forbidden, Invalid for an answer."""
    comment = await _thread(session, comment_id)
    comment.resolved_at = comment.resolved_by_id = None
    await session.flush()  # reads back updated_at for the answer
    return comment


async def delete_comment(session: Session, comment_id: int, *, user_id: int) -> None:
    """Delete one's own remark with its answers; raises NotFound and Forbidden."""
    _require_author(await _writable(session, comment_id), user_id)
    await queries.remove_comment(session, comment_id)


async def _thread(session: Session, comment_id: int) -> Comment:
    comment = await _writable(session, comment_id)
    if comment.parent_id is not None:
        raise Invalid.at(
            "/comment_id", f"comment {comment_id} is an answer; settle its thread {comment.parent_id}"
        )
    return comment


async def _writable(session: Session, comment_id: int) -> Comment:
    comment = await queries.find_comment(session, comment_id)
    if comment is None:
        raise NotFound.of("comment", comment_id)
    await require_project(session, comment.project_id, Permission.WRITE)
    return comment


def _require_author(comment: Comment, user_id: int) -> None:
    if comment.author_id != user_id:
        raise Forbidden("Only its author can change or delete a comment; anybody on the team can resolve it.")

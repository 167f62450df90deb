"""Reports and comments as rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, load_only

from kernel.db import Session
from services.analytics.models import Comment, Report

NEWEST_FIRST = (Report.created_at.desc(), Report.id.desc())
OLDEST_FIRST = (Comment.created_at, Comment.id)


async def find_report(session: AsyncSession, report_id: int, *, lock: bool = False) -> Report | None:
    """Return a report without its published content; with `lock`, for writing it in this transaction."""
    statement = select(Report).options(defer(Report.published_content)).where(Report.id == report_id)
    if lock:  # read afresh: the row may have changed since this session saw it unlocked
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(statement)


async def find_published(session: AsyncSession, report_uuid: UUID) -> Report | None:
    """Return what the public may read of a published report; None for drafts and unknown ones alike."""
    columns = load_only(
        Report.id, Report.uuid, Report.title, Report.status, Report.published_content, Report.published_at
    )
    statement = (
        select(Report).options(columns).where(Report.uuid == report_uuid, Report.status == "PUBLISHED")
    )
    return await session.scalar(statement)


def reports_of(project_id: int) -> Select[Any]:
    """Select a project's reports without their blocks."""
    heavy = (defer(Report.blocks), defer(Report.published_content))
    return select(Report).options(*heavy).where(Report.project_id == project_id)


async def add_report(session: Session, **values: Any) -> Report:
    """Insert a report and return it with what the database filled in."""
    report = Report(**values)
    session.add(report)
    await session.flush()  # the answer needs id and uuid
    return report


async def remove_report(session: Session, report_id: int) -> None:
    """Delete a report with its comments."""
    await session.execute(delete(Report).where(Report.id == report_id))


async def find_comment(session: AsyncSession, comment_id: int) -> Comment | None:
    """Return a comment."""
    return await session.scalar(select(Comment).where(Comment.id == comment_id))


def comments_of(report_id: int, *, is_open: bool | None) -> Select[Any]:
    """Select a report's comments, answers included; only open or only resolved ones where asked."""
    statement = select(Comment).where(Comment.report_id == report_id)
    if is_open is None:
        return statement
    return statement.where(Comment.resolved_at.is_(None) if is_open else Comment.resolved_at.is_not(None))


async def add_comment(session: Session, **values: Any) -> Comment:
    """Insert a comment and return it with what the database filled in."""
    comment = Comment(**values)
    session.add(comment)
    await session.flush()  # the event needs the id
    return comment


async def remove_comment(session: Session, comment_id: int) -> None:
    """Delete a comment with its answers."""
    await session.execute(delete(Comment).where(Comment.id == comment_id))

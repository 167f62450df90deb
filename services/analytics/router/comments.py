"""`/api/reports/{id}/comments` and `/api/comments`: remarks on ranges of a report."""

from typing import Annotated

from fastapi import Query, Response
from fastapi import status as http

from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import NotFound
from kernel.routing import Router
from services.analytics.domain.anchors import Anchor, relocated
from services.analytics.domain.blocks import block_text
from services.analytics.queries import reports as queries
from services.analytics.schemas.reports import CommentCreate, CommentRead, CommentUpdate, PositionRead
from services.analytics.service import comments as service

router = Router(tags=["comments"], responses=ACCESS_PROBLEMS)


@router.post("/api/reports/{report_id}/comments", status_code=http.HTTP_201_CREATED)
async def add_comment(
    report_id: int, body: CommentCreate, caller: Caller, session: Transaction, response: Response
) -> CommentRead:
    """Remark on a range of the draft, or answer a remark with `parent_id`."""
    comment = await service.add_comment(session, report_id, body, user_id=caller.user_id)
    response.headers["Location"] = f"/api/comments/{comment.id}"
    return await _read(session, comment.id)


@router.get("/api/reports/{report_id}/comments")
async def list_comments(
    report_id: int,
    session: ReadOnly,
    page: PageQuery,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only open (or only resolved) ones.")
    ] = None,
) -> Page[CommentRead]:
    """List a report's remarks and answers, oldest first, each with the place of its range now."""
    report = await queries.find_report(session, report_id)
    if report is None:
        raise NotFound.of("report", report_id)
    statement = queries.comments_of(report_id, is_open=is_open)
    rows, next_cursor = await paginate(session, statement, page, order_by=queries.OLDEST_FIRST)
    return Page(
        items=[_shown(CommentRead.model_validate(row), report.blocks) for row in rows],
        next_cursor=next_cursor,
    )


@router.get("/api/comments/{comment_id}")
async def read_comment(comment_id: int, session: ReadOnly) -> CommentRead:
    """Return one remark."""
    return await _read(session, comment_id)


@router.patch("/api/comments/{comment_id}")
async def edit_comment(
    comment_id: int, body: CommentUpdate, caller: Caller, session: Transaction
) -> CommentRead:
    """Reword one's own remark."""
    await service.edit_comment(session, comment_id, body=body.body, user_id=caller.user_id)
    return await _read(session, comment_id)


@router.delete("/api/comments/{comment_id}", status_code=http.HTTP_204_NO_CONTENT)
async def delete_comment(comment_id: int, caller: Caller, session: Transaction) -> Response:
    """Delete one's own remark with its answers."""
    await service.delete_comment(session, comment_id, user_id=caller.user_id)
    return Response(status_code=http.HTTP_204_NO_CONTENT)


@router.post("/api/comments/{comment_id}/resolve")
async def resolve_comment(comment_id: int, caller: Caller, session: Transaction) -> CommentRead:
    """Settle a thread."""
    await service.resolve_comment(session, comment_id, user_id=caller.user_id)
    return await _read(session, comment_id)


@router.post("/api/comments/{comment_id}/reopen")
async def reopen_comment(comment_id: int, session: Transaction) -> CommentRead:
    """Open a settled thread again."""
    await service.reopen_comment(session, comment_id)
    return await _read(session, comment_id)


async def _read(session: ReadOnly | Transaction, comment_id: int) -> CommentRead:
    comment = await queries.find_comment(session, comment_id)
    if comment is None:
        raise NotFound.of("comment", comment_id)
    report = await queries.find_report(session, comment.report_id)
    return _shown(CommentRead.model_validate(comment), report.blocks if report else [])


def _shown(comment: CommentRead, blocks: list[dict[str, object]]) -> CommentRead:
    """The comment with the place of its range in the present draft."""
    anchor = Anchor(**comment.anchor)
    place = relocated(anchor, block_text(blocks, anchor.block_id))
    position = PositionRead(start=place[0], end=place[1]) if place else None
    return comment.model_copy(update={"position": position})

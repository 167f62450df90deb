"""`/api/projects/{id}/insights` and `/api/insights`: findings."""

from fastapi import Response
from fastapi import status as http

from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Transaction
from kernel.etags import IfMatch, etag
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import NotFound, PreconditionFailed, problems_of
from kernel.routing import Router
from services.analytics.queries import insights as queries
from services.analytics.schemas.insights import InsightCreate, InsightRead, InsightUpdate
from services.analytics.service import insights as service

router = Router(tags=["insights"], responses=ACCESS_PROBLEMS)


@router.post("/api/projects/{project_id}/insights", status_code=http.HTTP_201_CREATED)
async def create_insight(
    project_id: int, body: InsightCreate, caller: Caller, session: Transaction, response: Response
) -> InsightRead:
    """Write down a finding, with the result it was drawn from."""
    insight = await service.create_insight(session, project_id, body, user_id=caller.user_id)
    response.headers["Location"] = f"/api/insights/{insight.id}"
    response.headers["ETag"] = etag(insight.revision)
    return InsightRead.model_validate(insight)


@router.get("/api/projects/{project_id}/insights")
async def list_insights(project_id: int, session: ReadOnly, page: PageQuery) -> Page[InsightRead]:
    """List a project's findings, newest first."""
    await require_project(session, project_id, Permission.READ)
    rows, next_cursor = await paginate(
        session, queries.insights_of(project_id), page, order_by=queries.NEWEST_FIRST
    )
    return Page(items=[InsightRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/api/insights/{insight_id}")
async def read_insight(insight_id: int, session: ReadOnly, response: Response) -> InsightRead:
    """Return one finding."""
    insight = await queries.find_insight(session, insight_id)
    if insight is None:
        raise NotFound.of("insight", insight_id)
    response.headers["ETag"] = etag(insight.revision)
    return InsightRead.model_validate(insight)


@router.patch("/api/insights/{insight_id}", responses=problems_of(PreconditionFailed))
async def edit_insight(
    insight_id: int, body: InsightUpdate, if_match: IfMatch, session: Transaction, response: Response
) -> InsightRead:
    """Change members of a finding."""
    insight = await service.edit_insight(session, insight_id, body, if_match=if_match)
    response.headers["ETag"] = etag(insight.revision)
    return InsightRead.model_validate(insight)


@router.delete("/api/insights/{insight_id}", status_code=http.HTTP_204_NO_CONTENT)
async def delete_insight(insight_id: int, session: Transaction) -> Response:
    """Delete a finding."""
    await service.delete_insight(session, insight_id)
    return Response(status_code=http.HTTP_204_NO_CONTENT)

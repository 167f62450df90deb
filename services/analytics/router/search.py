"""`/api/projects/{id}/search` and `/api/teams/{id}/search`: findings by their words."""

from typing import Annotated

from fastapi import APIRouter, Query

from kernel.access import Permission, require_project, require_team
from kernel.db import ReadOnly
from kernel.http import ACCESS_PROBLEMS
from services.analytics.queries import insights as queries
from services.analytics.schemas.insights import SearchHit, SearchRead

router = APIRouter(tags=["search"], responses=ACCESS_PROBLEMS)
Words = Annotated[
    str,
    Query(min_length=1, max_length=1000, description='Words; "quoted" ones together, -word without, or.'),
]
Limit = Annotated[int, Query(ge=1, le=200, description="At most so many.")]


@router.get("/api/projects/{project_id}/search")
async def search_project(project_id: int, session: ReadOnly, q: Words, limit: Limit = 20) -> SearchRead:
    """Find a project's insights by their words, best first."""
    await require_project(session, project_id, Permission.READ)
    return await _found(session, q, limit, project_id=project_id)


@router.get("/api/teams/{team_id}/search")
async def search_team(team_id: int, session: ReadOnly, q: Words, limit: Limit = 20) -> SearchRead:
    """Find insights in all projects of a team by their words, best first."""
    await require_team(session, team_id, Permission.READ)
    return await _found(session, q, limit, team_id=team_id)


async def _found(
    session: ReadOnly, words: str, limit: int, *, project_id: int | None = None, team_id: int | None = None
) -> SearchRead:
    rows = await queries.search_insights(
        session, words.replace("\x00", " "), project_id=project_id, team_id=team_id, limit=limit
    )
    return SearchRead(
        items=[
            SearchHit(
                kind="insight",
                id=row.id,
                project_id=row.project_id,
                title=row.title,
                snippet=row.snippet,
                score=row.score,
                why=f"title or text has the words of '{words[:100]}'",
            )
            for row in rows
        ]
    )

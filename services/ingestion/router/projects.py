"""HTTP of projects."""

from typing import Any

from fastapi import Response, status

from kernel.db import ReadOnly, Transaction
from kernel.etags import IfMatch, etag
from kernel.http import ACCESS_PROBLEMS
from kernel.ids import RowId
from kernel.limits import PlanLimitReached
from kernel.pagination import Page, PageQuery
from kernel.principals import Caller
from kernel.problems import Forbidden, PreconditionFailed, problems_of
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources
from services.ingestion.queries import projects as queries
from services.ingestion.schemas.projects import ProjectCreate, ProjectRead, ProjectUpdate
from services.ingestion.service import projects as service

router = Router(prefix="/api/projects", tags=["projects"], responses=ACCESS_PROBLEMS)


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems_of(Forbidden, PlanLimitReached))
async def create_project(
    body: ProjectCreate,
    session: Transaction,
    caller: Caller,
    resources: ProcessResources,
    response: Response,
) -> ProjectRead:
    """Create a project in a team in which you may write."""
    project = await service.create_project(
        session,
        resources.settings.plan_limits,
        body.team_id,
        name=body.name,
        description=body.description,
        created_by_id=caller.user_id,
    )
    response.headers["Location"] = f"/api/projects/{project.id}"
    return _shaped(project, response)


@router.get("")
async def list_projects(
    session: ReadOnly, page: PageQuery, team_id: RowId | None = None
) -> Page[ProjectRead]:
    """List your projects, newest first; of one team with `team_id`."""
    projects, cursor = await queries.list_projects(session, page, team_id=team_id)
    return Page(items=[ProjectRead.model_validate(p) for p in projects], next_cursor=cursor)


@router.get("/{project_id}")
async def read_project(project_id: int, session: ReadOnly, response: Response) -> ProjectRead:
    """Show one project; `ETag` is for `If-Match` on edits."""
    return _shaped(await queries.get_project(session, project_id), response)


@router.patch("/{project_id}", responses=problems_of(PreconditionFailed))
async def edit_project(
    project_id: int, body: ProjectUpdate, session: Transaction, if_match: IfMatch, response: Response
) -> ProjectRead:
    """Change name or description (JSON Merge Patch)."""
    changes = body.model_dump(exclude_unset=True)
    return _shaped(await service.edit_project(session, project_id, changes, if_match=if_match), response)


@router.delete("/{project_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_project(project_id: int, session: Transaction) -> None:
    """Delete a project with its files, surveys, results and reports. This cannot be undone."""
    await service.delete_project(session, project_id)


def _shaped(project: Any, response: Response) -> ProjectRead:
    response.headers["ETag"] = etag(project.revision)
    return ProjectRead.model_validate(project)

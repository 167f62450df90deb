"""Questions about projects."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from kernel.pagination import PageRequest, paginate
from kernel.problems import NotFound
from services.ingestion.models import Project


async def get_project(session: AsyncSession, project_id: int) -> Project:
    """Return a project that the caller can see; raises NotFound."""
    project = await session.get(Project, project_id)
    if project is None:
        raise NotFound.of("project", project_id)
    return project


async def lock_project(session: Session, project_id: int) -> Project:
    """Return a project that nobody else changes until the end of the transaction; raises NotFound."""
    statement = select(Project).where(Project.id == project_id).with_for_update()
    project = await session.scalar(statement.execution_options(populate_existing=True))
    if project is None:
        raise NotFound.of("project", project_id)
    return project


async def list_projects(
    session: AsyncSession, page: PageRequest, *, team_id: int | None
) -> tuple[list[Project], str | None]:
    """Return a page of the caller's projects, newest first, of one team or of all."""
    query = select(Project)
    if team_id is not None:
        query = query.where(Project.team_id == team_id)
    return await paginate(session, query, page, order_by=(Project.created_at.desc(), Project.id.desc()))

"""Commands of projects: create, edit, delete."""

from collections.abc import Mapping
from typing import Any

from contracts.ingestion import ProjectDeleted
from kernel.access import Permission, require_project, require_team
from kernel.db import Session
from kernel.etags import require_match
from kernel.events import record
from kernel.limits import Limit, PlanLimits, require_room
from kernel.problems import Invalid
from services.ingestion.models import Project
from services.ingestion.queries import projects as queries


def object_prefix(team_id: int, project_id: int) -> str:
    """Return the beginning of the keys of all objects of a project."""
    return f"teams/{team_id}/projects/{project_id}/"


async def create_project(
    session: Session, limits: PlanLimits, team_id: int, *, name: str, description: str, created_by_id: int
) -> Project:
    """Add a project to a team; raises NotFound for another's team, Forbidden for a VIEWER, PlanLimitReached."""
    await require_team(session, team_id, Permission.WRITE)
    await require_room(session, limits, team_id, Limit.PROJECTS, adding=1)
    project = Project(team_id=team_id, name=name, description=description, created_by_id=created_by_id)
    session.add(project)
    await session.flush()  # the answer carries the id
    return project


async def edit_project(
    session: Session, project_id: int, changes: Mapping[str, Any], *, if_match: str | None
) -> Project:
    """Change name or description; raises Invalid, NotFound, Forbidden, PreconditionFailed."""
    await require_project(session, project_id, Permission.WRITE)
    project = await queries.lock_project(session, project_id)
    require_match(if_match, project.revision)
    if changes.get("name", project.name) is None:
        raise Invalid.at("/name", "a project needs a name; leave the field out to keep it")
    project.name = changes.get("name", project.name)
    project.description = changes.get("description", project.description) or ""
    project.revision += 1
    await session.flush()  # the answer carries the new updated_at
    return project


async def delete_project(session: Session, project_id: int) -> None:
    """Remove a project and all rows below it; its objects are purged on the event. Raises NotFound, Forbidden."""
    grant = await require_project(session, project_id, Permission.WRITE)
    project = await queries.get_project(session, project_id)
    event = ProjectDeleted(project_id=project_id, object_prefix=object_prefix(grant.team_id, project_id))
    await record(session, event, team_id=grant.team_id, project_id=project_id)
    await session.delete(project)

"""What a caller may do in a team: roles, permissions, and the two checks every service uses.

The database checks again through its policies; this is where the caller gets a clear 403 or 404.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.problems import Forbidden, NotFound


class Role(StrEnum):
    """A member's role in one team; WORKER is a background job acting for the team."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    MEMBER = "MEMBER"
    VIEWER = "VIEWER"
    WORKER = "WORKER"


class Permission(StrEnum):
    """What can be allowed."""

    READ = "read"
    WRITE = "write"
    MANAGE_MEMBERS = "manage_members"
    DELETE_TEAM = "delete_team"
    TRANSFER_TEAM = "transfer_team"


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset({Permission.READ, Permission.WRITE, Permission.MANAGE_MEMBERS}),
    Role.MEMBER: frozenset({Permission.READ, Permission.WRITE}),
    Role.VIEWER: frozenset({Permission.READ}),
    Role.WORKER: frozenset({Permission.READ, Permission.WRITE}),
}


def permission_table() -> str:
    """Return the table of permissions as Markdown: a row per role of people, a column per permission."""
    people = [role for role in Role if role is not Role.WORKER]
    lines = [
        "| role | " + " | ".join(p.value for p in Permission) + " |",
        "| --- |" + " --- |" * len(Permission),
    ]
    for role in people:
        cells = ("yes" if permission in ROLE_PERMISSIONS[role] else "–" for permission in Permission)
        lines.append(f"| {role} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class TeamGrant:
    """The caller's standing in a team."""

    team_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class ProjectGrant:
    """The caller's standing in a project's team."""

    project_id: int
    team_id: int
    role: Role


_TEAM_GRANT = text("SELECT team_id, role FROM access.team_grant(:id)")
_PROJECT_GRANT = text("SELECT team_id, role FROM access.project_grant(:id)")


async def require_team(session: AsyncSession, team_id: int, permission: Permission) -> TeamGrant:
    """Return the caller's grant; raises NotFound for strangers and Forbidden when the role is too low."""
    row = (await session.execute(_TEAM_GRANT, {"id": team_id})).one_or_none()
    if row is None:
        raise NotFound.of("team", team_id)
    grant = TeamGrant(row.team_id, Role(row.role))
    _require(grant.team_id, grant.role, permission)
    return grant


async def require_project(session: AsyncSession, project_id: int, permission: Permission) -> ProjectGrant:
    """Return the caller's grant; raises NotFound for strangers and Forbidden when the role is too low."""
    row = (await session.execute(_PROJECT_GRANT, {"id": project_id})).one_or_none()
    if row is None:
        raise NotFound.of("project", project_id)
    grant = ProjectGrant(project_id, row.team_id, Role(row.role))
    _require(grant.team_id, grant.role, permission)
    return grant


def _require(team_id: int, role: Role, permission: Permission) -> None:
    if permission not in ROLE_PERMISSIONS[role]:
        allowed = " or ".join(r for r in Role if r is not Role.WORKER and permission in ROLE_PERMISSIONS[r])
        raise Forbidden(
            f"Your role in this team is {role}; this needs {allowed}. An owner or admin of the team can change it.",
            team_id=team_id,
            role=role,
            needed=permission,
        )

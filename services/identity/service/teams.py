"""Commands of teams: create, rename, delete."""

from contracts.identity import TeamCreated, TeamDeleted
from kernel.access import Permission, require_team
from kernel.clock import utc_now
from kernel.db import Session
from kernel.events import record
from kernel.problems import NotFound
from services.identity.models import Team
from services.identity.queries import teams as queries


async def create_team(session: Session, *, name: str, owner_id: int) -> Team:
    """Make a team whose owner is the caller."""
    team = await queries.add_team(session, name=name, owner_id=owner_id)
    await record(session, TeamCreated(team_id=team.id, name=name, owner_id=owner_id), team_id=team.id)
    return team


async def rename_team(session: Session, team_id: int, *, name: str) -> Team:
    """Give a team another name; raises NotFound and Forbidden."""
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    team = await _get_team(session, team_id)
    team.name = name
    return team


async def delete_team(session: Session, team_id: int) -> None:
    """Delete a team logically: nobody reaches its projects any more; raises NotFound and Forbidden."""
    await require_team(session, team_id, Permission.DELETE_TEAM)
    team = await _get_team(session, team_id)
    await record(session, TeamDeleted(team_id=team_id), team_id=team_id)
    team.deleted_at = utc_now()


async def _get_team(session: Session, team_id: int) -> Team:
    team = await queries.find_team(session, team_id)
    if team is None:
        raise NotFound.of("team", team_id)
    return team

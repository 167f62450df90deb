"""Commands of teams: create, rename, delete, restore."""

from contracts.identity import TeamCreated, TeamDeleted, TeamRestored
from kernel.access import Permission, require_team
from kernel.activity import log_activity
from kernel.clock import utc_now
from kernel.db import Session
from kernel.etags import require_match
from kernel.events import record
from kernel.principals import Principal
from kernel.problems import NotFound
from services.identity.models import Team
from services.identity.queries import teams as queries


async def create_team(session: Session, caller: Principal, *, name: str) -> Team:
    """Make a team whose owner is the caller."""
    team = await queries.add_team(session, name=name, owner_id=caller.user_id)
    await record(session, TeamCreated(team_id=team.id, name=name, owner_id=caller.user_id), team_id=team.id)
    await log_activity(session, "team.created", actor=caller, team_id=team.id, target=f"team:{team.id}")
    return team


async def rename_team(
    session: Session, caller: Principal, team_id: int, *, name: str, if_match: str | None
) -> Team:
    """Give a team another name; raises NotFound, Forbidden, PreconditionFailed."""
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    team = await _get_team(session, team_id)
    require_match(if_match, team.revision)
    team.name = name
    team.revision += 1
    await session.flush()  # the log's lock comes last
    await log_activity(session, "team.renamed", actor=caller, team_id=team_id, target=f"team:{team_id}")
    return team


async def delete_team(session: Session, caller: Principal, team_id: int) -> None:
    """Delete a team logically: nobody reaches its projects any more; raises NotFound and Forbidden."""
    await require_team(session, team_id, Permission.DELETE_TEAM)
    team = await _get_team(session, team_id)
    await record(session, TeamDeleted(team_id=team_id), team_id=team_id)
    team.deleted_at = utc_now()
    await session.flush()  # the log's lock comes last
    await log_activity(session, "team.deleted", actor=caller, team_id=team_id, target=f"team:{team_id}")


async def restore_team(session: Session, caller: Principal, team_id: int) -> Team:
    """Bring a deleted team of the caller's back, until it is purged; raises NotFound."""
    if not await queries.restore_team(session, team_id):
        raise NotFound(
            f"You own no deleted team {team_id}; GET /api/teams/deleted lists those that can come back."
        )
    await record(session, TeamRestored(team_id=team_id), team_id=team_id)
    await log_activity(session, "team.restored", actor=caller, team_id=team_id, target=f"team:{team_id}")
    return await _get_team(session, team_id)


async def _get_team(session: Session, team_id: int) -> Team:
    """Return the team, locked until the transaction ends."""
    team = await queries.lock_team(session, team_id)
    if team is None:
        raise NotFound.of("team", team_id)
    return team

"""Commands of one's own account: edit the profile, close the account."""

from kernel.activity import log_activity
from kernel.clock import utc_now
from kernel.db import Session, Tenancy
from kernel.principals import Principal
from services.identity.errors import OwnsTeams
from services.identity.models import User
from services.identity.queries import sessions
from services.identity.queries import teams as team_queries
from services.identity.service import teams
from services.identity.service.credentials import get_user, require_password
from services.identity.service.tools import Tools


async def edit_profile(session: Session, caller: Principal, changes: dict[str, str]) -> User:
    """Change what the caller sent (column → text), and nothing else."""
    user = await get_user(session, caller)
    for column, text in changes.items():
        setattr(user, column, text)
    return user


async def close_account(tools: Tools, caller: Principal, *, password: str) -> None:
    """Close the caller's account logically, end its sessions and delete the teams that have no other member.

    A job removes it for good after the grace time. Raises WrongPassword, TooManyAttempts, and OwnsTeams while the
    caller owns a team that others belong to.
    """
    await require_password(tools, caller, password, what_for="closing the account")
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        owned = await team_queries.list_owned_teams(session, caller.user_id)
        shared = [team.name for team in owned if team.n_members > 1]
        if shared:
            raise OwnsTeams(f"Hand these teams over first, or delete them: {', '.join(shared)}.")
        for team in owned:
            await teams.delete_team(session, caller, team.id)
        await sessions.end_sessions_of(session, caller.user_id)
        user = await get_user(session, caller)
        user.deleted_at = utc_now()
        await session.flush()
        await log_activity(session, "account.closed", actor=caller)

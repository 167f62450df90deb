"""Commands of one's own account: edit the profile, close the account."""

from kernel.clock import utc_now
from kernel.db import Database, Session, Snapshot, Tenancy
from kernel.principals import Principal
from kernel.problems import NotFound
from services.identity.errors import OwnsTeams, WrongPassword
from services.identity.models import User
from services.identity.queries import accounts as queries
from services.identity.queries import teams as team_queries
from services.identity.service import teams
from services.identity.service.passwords import Passwords


async def edit_profile(session: Session, caller: Principal, changes: dict[str, str]) -> User:
    """Change what the caller sent (column → text), and nothing else."""
    user = await _get_user(session, caller)
    for column, text in changes.items():
        setattr(user, column, text)
    return user


async def close_account(
    database: Database, passwords: Passwords, caller: Principal, *, password: str
) -> None:
    """Close the caller's account logically, end its sessions and delete the teams that have no other member.

    A job removes it for good after the grace time. The password is verified between two transactions. Raises
    WrongPassword, and OwnsTeams while the caller owns a team that others belong to.
    """
    tenancy = Tenancy.of_caller(caller)
    async with database.snapshot(tenancy) as snapshot:
        encoded = (await _get_user(snapshot, caller)).password
    if not await passwords.verify(encoded, password):
        raise WrongPassword("Send the account's present password to close it.")
    async with database.transaction(tenancy) as session:
        owned = await team_queries.list_owned_teams(session, caller.user_id)
        shared = [team.name for team in owned if team.n_members > 1]
        if shared:
            raise OwnsTeams(f"Hand these teams over first, or delete them: {', '.join(shared)}.")
        for team in owned:
            await teams.delete_team(session, team.id)
        await queries.end_sessions_of(session, caller.user_id)
        user = await _get_user(session, caller)
        user.deleted_at = utc_now()


async def _get_user(session: Session | Snapshot, caller: Principal) -> User:
    user = await queries.find_user(session, caller.user_id)
    if user is None:
        raise NotFound.of("account", caller.user_id)
    return user

"""Teams and memberships as rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, Select, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from services.identity.models import Team, TeamMembership, User

TEAM_ORDER = (Team.created_at, Team.id)


def teams() -> Select[Team]:
    """Select the teams that the caller can see and that are not deleted."""
    return select(Team).where(Team.deleted_at.is_(None))


async def find_team(session: AsyncSession, team_id: int) -> Team | None:
    """Return a team that is not deleted."""
    return await session.scalar(teams().where(Team.id == team_id))


async def lock_team(session: Session, team_id: int) -> Team | None:
    """Return a team that is not deleted and that nobody else changes until the end of the transaction."""
    statement = teams().where(Team.id == team_id).with_for_update()
    return await session.scalar(statement.execution_options(populate_existing=True))


async def restore_team(session: Session, team_id: int) -> bool:
    """Return whether a deleted team of the caller's is back; the database looks past its own policies for it."""
    return bool(await session.scalar(text("SELECT access.restore_team(:id)"), {"id": team_id}))


async def list_deleted_teams(session: AsyncSession) -> Sequence[Row[int, str, datetime, datetime]]:
    """Return (id, name, created_at, deleted_at) of the caller's deleted teams, the last deleted first."""
    statement = text("SELECT * FROM access.my_deleted_teams() ORDER BY deleted_at DESC, id DESC")
    return (await session.execute(statement)).all()


async def has_member_with_email(session: AsyncSession, team_id: int, email: str) -> bool:
    """Return whether somebody with this address belongs to a team."""
    statement = (
        select(TeamMembership.id)
        .join(User, User.id == TeamMembership.user_id)
        .where(TeamMembership.team_id == team_id, func.lower(User.email) == email)
    )
    return await session.scalar(statement) is not None


async def add_team(session: Session, *, name: str, owner_id: int) -> Team:
    """Add a team with its owner as first member."""
    team = Team(name=name, owner_id=owner_id)
    session.add(team)
    await session.flush()  # the membership needs the team's id
    session.add(TeamMembership(team_id=team.id, user_id=owner_id, role="OWNER"))
    await session.flush()  # team_grant reads the membership within this transaction
    return team


async def list_owned_teams(session: AsyncSession, user_id: int) -> Sequence[Row[int, str, int]]:
    """Return (id, name, n_members) of the teams that a user owns, by name."""
    statement = (
        select(Team.id, Team.name, func.count(TeamMembership.id).label("n_members"))
        .join(TeamMembership, TeamMembership.team_id == Team.id)
        .where(Team.owner_id == user_id, Team.deleted_at.is_(None))
        .group_by(Team.id, Team.name)
        .order_by(Team.name, Team.id)
    )
    return (await session.execute(statement)).all()


async def find_membership(session: Session, team_id: int, user_id: int) -> TeamMembership | None:
    """Return a member's row, locked until the transaction ends."""
    statement = select(TeamMembership).where(
        TeamMembership.team_id == team_id, TeamMembership.user_id == user_id
    )
    return await session.scalar(statement.with_for_update().execution_options(populate_existing=True))


async def delete_membership_unless_owner(session: Session, team_id: int, user_id: int) -> bool:
    """Delete a member's row in one statement, so that a transfer at the same moment leaves no team without owner."""
    statement = (
        delete(TeamMembership)
        .where(
            TeamMembership.team_id == team_id,
            TeamMembership.user_id == user_id,
            TeamMembership.role != "OWNER",
        )
        .returning(TeamMembership.id)
    )
    return await session.scalar(statement) is not None


async def is_member(session: AsyncSession, team_id: int, user_id: int) -> bool:
    """Return whether a user belongs to a team."""
    statement = select(TeamMembership.id).where(
        TeamMembership.team_id == team_id, TeamMembership.user_id == user_id
    )
    return await session.scalar(statement) is not None


async def list_members(
    session: AsyncSession, team_id: int
) -> Sequence[Row[int, str, str, str, str, datetime]]:
    """Return (user id, email, first name, last name, role, since) of a team's members, oldest first."""
    statement = (
        select(
            User.id,
            User.email,
            User.first_name,
            User.last_name,
            TeamMembership.role,
            TeamMembership.created_at,
        )
        .join(User, User.id == TeamMembership.user_id)
        .where(TeamMembership.team_id == team_id)
        .order_by(TeamMembership.created_at, User.id)
    )
    return (await session.execute(statement)).all()

"""Users as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import utc_now
from kernel.db import Executor, Session
from services.identity.models import Session as LoginSession
from services.identity.models import Team, TeamMembership, User


async def find_user_by_email(session: AsyncSession, email: str) -> User | None:
    """Return the user with this normalized address, closed accounts included."""
    return await session.scalar(select(User).where(func.lower(User.email) == email))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Whom somebody who logs in says they are."""

    user_id: int
    encoded: str
    is_open: bool
    has_second_factor: bool
    is_known_address: bool


_CANDIDATE = (
    select(
        User.id,
        User.password,
        and_(User.is_active, User.deleted_at.is_(None), User.email_verified_at.is_not(None)),
        User.is_2fa_enabled,
        select(LoginSession.id)
        .where(LoginSession.user_id == User.id, LoginSession.ip_address == bindparam("ip_address"))
        .exists(),
    )
    .where(func.lower(User.email) == bindparam("email"))
    .limit(1)
)


async def find_candidate(session: Executor, email: str, *, ip_address: str) -> Candidate | None:
    """Return the account with this normalized address, and whether it has logged in from the IP address before."""
    rows = await session.rows(_CANDIDATE, {"email": email, "ip_address": ip_address})
    return Candidate(*rows[0]) if rows else None


async def is_known_address(session: AsyncSession, user_id: int, ip_address: str) -> bool:
    """Return whether a user has logged in from this IP address before."""
    statement = select(LoginSession.id).where(
        LoginSession.user_id == user_id, LoginSession.ip_address == ip_address
    )
    return await session.scalar(statement.limit(1)) is not None


async def find_user(session: AsyncSession, user_id: int) -> User | None:
    """Return an open account."""
    return await session.scalar(select(User).where(User.id == user_id, User.deleted_at.is_(None)))


async def add_user_unless_known(session: Session, **columns: Any) -> int | None:
    """Return the new user's id, or None when the address has an account already."""
    statement = insert(User).values(**columns).on_conflict_do_nothing().returning(User.id)
    return await session.scalar(statement)


async def replace_password(session: Session, user_id: int, *, old: str, new: str) -> bool:
    """Set a new password hash if the old one is still there: of two at once, one wins. It also verifies the address."""
    statement = (
        update(User)
        .where(User.id == user_id, User.password == old, User.deleted_at.is_(None))
        .values(password=new, email_verified_at=func.coalesce(User.email_verified_at, utc_now()))
        .returning(User.id)
    )
    return await session.scalar(statement) is not None


async def replace_email(session: Session, user_id: int, *, old: str, new: str) -> bool:
    """Give an open account another, verified address if the old one is still its own."""
    statement = (
        update(User)
        .where(User.id == user_id, User.email == old, User.deleted_at.is_(None))
        .values(email=new, email_verified_at=utc_now())
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def mark_email_verified(session: Session, user_id: int, email: str) -> bool:
    """Return whether this call verified the address; it must still be the account's."""
    statement = (
        update(User)
        .where(User.id == user_id, func.lower(User.email) == email, User.email_verified_at.is_(None))
        .values(email_verified_at=utc_now())
        .returning(User.id)
    )
    return await session.scalar(statement) is not None


async def list_teams_of(session: AsyncSession, user_id: int) -> Sequence[Row[int, str, str]]:
    """Return (team id, name, role) of a user's teams, by name."""
    statement = (
        select(Team.id, Team.name, TeamMembership.role)
        .join(TeamMembership, TeamMembership.team_id == Team.id)
        .where(TeamMembership.user_id == user_id, Team.deleted_at.is_(None))
        .order_by(Team.name, Team.id)
    )
    return (await session.execute(statement)).all()

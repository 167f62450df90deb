"""Users, their sessions and refresh tokens as rows."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import utc_now
from kernel.db import Session
from services.identity.models import RefreshToken, Team, TeamMembership, User
from services.identity.models import Session as LoginSession

SESSION_ORDER = (LoginSession.last_used_at.desc(), LoginSession.id.desc())


async def find_user_by_email(session: AsyncSession, email: str) -> User | None:
    """Return the user with this normalized address, closed accounts included."""
    return await session.scalar(select(User).where(func.lower(User.email) == email))


async def find_user(session: AsyncSession, user_id: int) -> User | None:
    """Return an open account."""
    return await session.scalar(select(User).where(User.id == user_id, User.deleted_at.is_(None)))


async def add_user_unless_known(session: Session, **columns: Any) -> int | None:
    """Return the new user's id, or None when the address has an account already."""
    statement = insert(User).values(**columns).on_conflict_do_nothing().returning(User.id)
    return await session.scalar(statement)


async def set_password_hash(session: Session, user_id: int, encoded: str) -> None:
    """Replace a user's password hash."""
    await session.execute(update(User).where(User.id == user_id).values(password=encoded))


async def replace_password(session: Session, user_id: int, *, old: str, new: str) -> bool:
    """Set a new password hash if the old one is still there: of two at once, one wins. It also verifies the address."""
    statement = (
        update(User)
        .where(User.id == user_id, User.password == old, User.deleted_at.is_(None))
        .values(password=new, email_verified_at=func.coalesce(User.email_verified_at, utc_now()))
        .returning(User.id)
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


async def add_session(session: Session, row: LoginSession, token: RefreshToken) -> None:
    """Add a log-in session with its first refresh token."""
    session.add(row)
    await (
        session.flush()
    )  # no relationship() orders the inserts, and the token's foreign key is checked at once
    session.add(token)


async def rotate_token(
    session: Session, token_hash: str, *, successor: str, now: datetime
) -> uuid.UUID | None:
    """Mark an unused refresh token as used, in one conditional UPDATE; returns its session, or None when it lost."""
    statement = (
        update(RefreshToken)
        .where(RefreshToken.token_hash == token_hash, RefreshToken.rotated_at.is_(None))
        .values(rotated_at=now, successor=successor)
        .returning(RefreshToken.session_id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement)


async def find_token(session: AsyncSession, token_hash: str) -> RefreshToken | None:
    """Return a refresh token's row, used or not."""
    return await session.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash))


async def touch_live_session(
    session: Session, session_id: uuid.UUID, *, now: datetime
) -> LoginSession | None:
    """Note the use of a session that has neither ended nor expired, and return it."""
    statement = (
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.ended_at.is_(None), LoginSession.expires_at > now)
        .values(last_used_at=now)
        .returning(LoginSession)
    )
    return await session.scalar(statement)


async def end_session(session: Session, session_id: uuid.UUID) -> None:
    """End a session for good."""
    await session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.ended_at.is_(None))
        .values(ended_at=utc_now())
        .execution_options(synchronize_session=False)
    )


async def end_sessions_of(session: Session, user_id: int, *, but: uuid.UUID | None = None) -> int:
    """End all live sessions of a user, except one where named; returns how many."""
    statement = (
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .values(ended_at=utc_now())
        .returning(LoginSession.id)
        .execution_options(synchronize_session=False)
    )
    if but is not None:
        statement = statement.where(LoginSession.id != but)
    return len((await session.scalars(statement)).all())


def live_sessions_of(user_id: int) -> Select[LoginSession]:
    """Select a user's sessions that have neither ended nor expired."""
    return select(LoginSession).where(
        LoginSession.user_id == user_id, LoginSession.ended_at.is_(None), LoginSession.expires_at > utc_now()
    )


async def end_live_session_of(session: Session, user_id: int, session_id: uuid.UUID) -> bool:
    """End one session if it is the user's and live; returns whether it was."""
    statement = (
        update(LoginSession)
        .where(
            LoginSession.id == session_id, LoginSession.user_id == user_id, LoginSession.ended_at.is_(None)
        )
        .values(ended_at=utc_now())
        .returning(LoginSession.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None

"""Log-in sessions and their refresh tokens as rows."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import utc_now
from kernel.db import Session
from services.identity.models import RefreshToken
from services.identity.models import Session as LoginSession

SESSION_ORDER = (LoginSession.last_used_at.desc(), LoginSession.id.desc())
# One statement: whoever finds the token unused gets its successor in, if the session is still live.
_ROTATE = text("""
    WITH rotated AS (
        UPDATE accounts_refreshtoken SET rotated_at = :now, successor = :sealed
        WHERE token_hash = :token_hash AND rotated_at IS NULL RETURNING session_id
    ), live AS (
        UPDATE accounts_session SET last_used_at = :now FROM rotated
        WHERE id = rotated.session_id AND ended_at IS NULL AND expires_at > :now RETURNING accounts_session.*
    ), added AS (
        INSERT INTO accounts_refreshtoken (session_id, token_hash) SELECT id, :successor_hash FROM live
    )
    SELECT * FROM live
""")


async def add_session(session: Session, row: LoginSession, token: RefreshToken) -> None:
    """Add a log-in session with its first refresh token."""
    session.add(row)
    await (
        session.flush()
    )  # no relationship() orders the inserts, and the token's foreign key is checked at once
    session.add(token)


async def rotate_token(
    session: Session, token_hash: str, *, sealed: str, successor_hash: str, now: datetime
) -> LoginSession | None:
    """Exchange an unused refresh token of a live session for its successor; returns the session, None when it lost."""
    values = {"token_hash": token_hash, "sealed": sealed, "successor_hash": successor_hash, "now": now}
    live: LoginSession | None = await session.scalar(select(LoginSession).from_statement(_ROTATE), values)
    return live


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


async def end_session(session: Session, session_id: uuid.UUID) -> int | None:
    """End a live session for good; returns whose it was, None when it was over already."""
    statement = (
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.ended_at.is_(None))
        .values(ended_at=utc_now())
        .returning(LoginSession.user_id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement)


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


async def list_sessions_of(session: AsyncSession, user_id: int) -> Sequence[LoginSession]:
    """Return all sessions of a user that were not purged, oldest first."""
    statement = select(LoginSession).where(LoginSession.user_id == user_id).order_by(LoginSession.created_at)
    return (await session.scalars(statement)).all()


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


async def purge_sessions(session: AsyncSession, *, before: datetime) -> int:
    """Remove sessions that were over before then, with their refresh tokens; returns how many."""
    statement = (
        delete(LoginSession)
        .where(or_(LoginSession.ended_at < before, LoginSession.expires_at < before))
        .returning(LoginSession.id)
        .execution_options(synchronize_session=False)
    )
    return len((await session.scalars(statement)).all())

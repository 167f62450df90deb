"""Log-in sessions and their refresh tokens as rows."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.activity import APPEND
from kernel.clock import utc_now
from kernel.db import Executor, Session
from services.identity.models import RefreshToken
from services.identity.models import Session as LoginSession
from services.identity.queries.throttles import SETTLED

SESSION_ORDER = (LoginSession.last_used_at.desc(), LoginSession.id.desc())
_LIVE = (LoginSession.id, LoginSession.user_id, LoginSession.expires_at, LoginSession.methods)
# One statement: whoever finds the token unused gets its successor in, if the session is still live.
_ROTATE = text("""
    WITH rotated AS (
        UPDATE accounts_refreshtoken SET rotated_at = :now, successor = :sealed
        WHERE token_hash = :token_hash AND rotated_at IS NULL RETURNING session_id
    ), live AS (
        UPDATE accounts_session SET last_used_at = :now FROM rotated
        WHERE id = rotated.session_id AND ended_at IS NULL AND expires_at > :now AND last_used_at > :idle_since
        RETURNING accounts_session.*
    ), added AS (
        INSERT INTO accounts_refreshtoken (session_id, token_hash) SELECT id, :successor_hash FROM live
    )
    SELECT id, user_id, expires_at, methods FROM live
""").columns(methods=JSONB)
_ADD = text(f"""
    WITH {SETTLED}, account AS (
        SELECT id FROM accounts_user
        WHERE id = :user_id AND password = :encoded AND is_active AND deleted_at IS NULL FOR SHARE
    ), login AS (
        INSERT INTO accounts_session (id, user_id, expires_at, last_used_at, user_agent, ip_address, methods)
        SELECT CAST(:session_id AS uuid), id, CAST(:expires_at AS timestamptz), now(), :user_agent, :ip_address,
            CAST(:methods AS jsonb)
        FROM account RETURNING id
    ), token AS (
        INSERT INTO accounts_refreshtoken (session_id, token_hash) SELECT id, :token_hash FROM login
    )
    SELECT {APPEND} FROM login, (SELECT count(*) FROM held) AS before_the_chain_is_locked
""").bindparams(bindparam("methods", type_=JSONB))


@dataclass(frozen=True, slots=True)
class LiveSession:
    """What tokens say of a session."""

    id: uuid.UUID
    user_id: int
    expires_at: datetime
    methods: list[str]


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that is about to begin, with the hash of its first refresh token."""

    live: LiveSession
    token_hash: str
    user_agent: str
    ip_address: str


async def add_session(
    session: Executor,
    new: NewSession,
    *,
    encoded: str,
    settled: Mapping[str, Any],
    noted: Mapping[str, Any],
) -> bool:
    """Add a session with its first refresh token, settle what its log-in was counted under, and note it: one statement.

    Returns False, and adds nothing, when `encoded` is no longer the password hash of an open account.
    """
    values = {
        "session_id": new.live.id,
        "user_id": new.live.user_id,
        "expires_at": new.live.expires_at,
        "methods": new.live.methods,
        "token_hash": new.token_hash,
    }
    return bool(await session.rows(_ADD, {**values, "encoded": encoded, **settled, **noted}))


async def rotate_token(
    session: Executor,
    token_hash: str,
    *,
    sealed: str,
    successor_hash: str,
    now: datetime,
    idle_since: datetime,
) -> LiveSession | None:
    """Exchange an unused refresh token of a live session for its successor; returns the session, None when it lost.

    A session that was last used before `idle_since` is live no more.
    """
    values = {
        "token_hash": token_hash,
        "sealed": sealed,
        "successor_hash": successor_hash,
        "now": now,
        "idle_since": idle_since,
    }
    rows = await session.rows(_ROTATE, values)
    return LiveSession(*rows[0]) if rows else None


async def find_token(session: AsyncSession, token_hash: str) -> RefreshToken | None:
    """Return a refresh token's row, used or not."""
    return await session.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash))


async def touch_live_session(
    session: Session, session_id: uuid.UUID, *, now: datetime, idle_since: datetime
) -> LiveSession | None:
    """Note the use of a session that has neither ended nor expired, and was used since, and return it."""
    statement = (
        update(LoginSession)
        .where(
            LoginSession.id == session_id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_used_at > idle_since,
        )
        .values(last_used_at=now)
        .returning(*_LIVE)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else LiveSession(*row)


async def end_sessions_of_everybody(session: Session) -> list[int]:
    """End all live sessions; returns whose, each once."""
    statement = (
        update(LoginSession)
        .where(LoginSession.ended_at.is_(None), LoginSession.expires_at > utc_now())
        .values(ended_at=utc_now())
        .returning(LoginSession.user_id)
        .execution_options(synchronize_session=False)
    )
    return sorted(set(await session.scalars(statement)))


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


def live_sessions_of(user_id: int, *, idle_since: datetime) -> Select[LoginSession]:
    """Select a user's sessions that have neither ended nor expired, and were used since."""
    return select(LoginSession).where(
        LoginSession.user_id == user_id,
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > utc_now(),
        LoginSession.last_used_at > idle_since,
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

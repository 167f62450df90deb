"""API keys as rows."""

from collections.abc import Sequence

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import utc_now
from kernel.db import Session
from services.identity.models import ApiKey

KEY_ORDER = (ApiKey.created_at.desc(), ApiKey.id.desc())


def live_keys_of(team_id: int, *, user_id: int | None = None) -> Select[ApiKey]:
    """Select a team's keys that were not revoked, of one maker where named; expired ones included."""
    statement = select(ApiKey).where(ApiKey.team_id == team_id, ApiKey.revoked_at.is_(None))
    return statement if user_id is None else statement.where(ApiKey.user_id == user_id)


async def list_keys_of(session: AsyncSession, user_id: int) -> Sequence[ApiKey]:
    """Return all keys of a maker, revoked ones included, oldest first."""
    statement = select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.created_at, ApiKey.id)
    return (await session.scalars(statement)).all()


async def count_working(session: AsyncSession, team_id: int, user_id: int) -> int:
    """Return how many keys of a maker in a team work now."""
    statement = select(func.count()).where(
        ApiKey.team_id == team_id,
        ApiKey.user_id == user_id,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > utc_now()),
    )
    return await session.scalar(statement) or 0


async def revoke(session: Session, team_id: int, key_id: int, *, user_id: int | None) -> str | None:
    """Revoke a live key, of one maker where named; returns its prefix, or None when there is no such key."""
    statement = (
        update(ApiKey)
        .where(ApiKey.team_id == team_id, ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=utc_now())
        .returning(ApiKey.prefix)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement if user_id is None else statement.where(ApiKey.user_id == user_id))

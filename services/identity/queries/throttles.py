"""Counts of failed attempts as rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, delete, func, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from services.identity.models import LoginThrottle

# A day without an attempt begins anew. Rows are taken in the order of their keys, so attempts cannot deadlock.
_COUNT = text("""
    INSERT INTO accounts_loginthrottle AS t (key, n_failures, blocked_until, updated_at)
    SELECT key, 1, 'epoch', now() FROM unnest(CAST(:keys AS text[])) AS key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        n_failures = CASE WHEN t.updated_at < now() - interval '1 day' THEN 1 ELSE t.n_failures + 1 END,
        updated_at = now()
    RETURNING key, n_failures, extract(epoch FROM old.blocked_until - clock_timestamp()) AS wait_s
""")
_SETTLE = text("""
    WITH held AS (
        SELECT key FROM accounts_loginthrottle WHERE key = ANY (:all) ORDER BY key FOR UPDATE
    ), forgotten AS (
        DELETE FROM accounts_loginthrottle WHERE key IN (SELECT key FROM held) AND key = ANY (:forget)
    )
    UPDATE accounts_loginthrottle SET n_failures = greatest(n_failures - 1, 0), blocked_until = 'epoch'
    WHERE key IN (SELECT key FROM held) AND key <> ALL (:forget)
""")


async def count_attempts(session: Session, keys: Sequence[str]) -> Sequence[Row[str, int, float | None]]:
    """Count an attempt under each key; returns (key, attempts since the last success, seconds it must still wait)."""
    return (await session.execute(_COUNT, {"keys": list(keys)})).all()


async def block(session: Session, key: str, *, until: datetime) -> None:
    """Refuse attempts under this key until then."""
    await session.execute(update(LoginThrottle).where(LoginThrottle.key == key).values(blocked_until=until))


async def settle(session: Session, *, forget: Sequence[str], discount: Sequence[str]) -> None:
    """Forget the counts under some keys, and take the last attempt back under others, in the order of all keys."""
    await session.execute(_SETTLE, {"all": sorted({*forget, *discount}), "forget": list(forget)})


async def purge_throttles(session: AsyncSession, *, before: datetime) -> int:
    """Remove counts that were not touched since; returns how many."""
    rows = await session.scalars(
        delete(LoginThrottle)
        .where(LoginThrottle.updated_at < before)
        .returning(func.length(LoginThrottle.key))
    )
    return len(rows.all())

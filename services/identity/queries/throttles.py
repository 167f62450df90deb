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
    SELECT key, 1, now(), now() FROM unnest(CAST(:keys AS text[])) AS key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        n_failures = CASE WHEN t.updated_at < now() - interval '1 day' THEN 1 ELSE t.n_failures + 1 END,
        updated_at = now()
    RETURNING key, n_failures, extract(epoch FROM old.blocked_until - now()) AS wait_s
""")


async def count_attempts(session: Session, keys: Sequence[str]) -> Sequence[Row[str, int, float | None]]:
    """Count an attempt under each key; returns (key, attempts since the last success, seconds it must still wait)."""
    return (await session.execute(_COUNT, {"keys": list(keys)})).all()


async def block(session: Session, key: str, *, until: datetime) -> None:
    """Refuse attempts under this key until then."""
    await session.execute(update(LoginThrottle).where(LoginThrottle.key == key).values(blocked_until=until))


async def forget(session: Session, key: str) -> None:
    """Forget what was counted under this key."""
    await session.execute(delete(LoginThrottle).where(LoginThrottle.key == key))


async def discount(session: Session, keys: Sequence[str]) -> None:
    """Take the last attempt back under each key: it was right, others are still counted."""
    await session.execute(
        text(
            "UPDATE accounts_loginthrottle SET n_failures = greatest(n_failures - 1, 0), blocked_until = now() "
            "WHERE key IN (SELECT key FROM accounts_loginthrottle WHERE key = ANY (:keys) ORDER BY key FOR UPDATE)"
        ),
        {"keys": list(keys)},
    )


async def purge_throttles(session: AsyncSession, *, before: datetime) -> int:
    """Remove counts that were not touched since; returns how many."""
    rows = await session.scalars(
        delete(LoginThrottle)
        .where(LoginThrottle.updated_at < before)
        .returning(func.length(LoginThrottle.key))
    )
    return len(rows.all())

"""Counts of failed attempts as rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Executor
from services.identity.domain.throttling import Count
from services.identity.models import LoginThrottle

# A count that has to wait stays as it is. One that goes beyond what is free blocks its key for 1, 2, 4 … seconds, up to
# the longest. A day without an attempt begins anew. Rows are taken in the order of their keys: attempts cannot deadlock.
_COUNT = text("""
    WITH asked AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:n_free AS int[]), CAST(:longest_s AS int[]))
            AS asked (key, n_free, longest_s)
    )
    INSERT INTO accounts_loginthrottle AS t (key, n_failures, blocked_until, updated_at)
    SELECT key, 1, 'epoch', now() FROM asked ORDER BY key
    ON CONFLICT (key) DO UPDATE SET (n_failures, blocked_until, updated_at) = (
        SELECT counted.n, CASE WHEN counted.n > t.n_failures AND counted.n > asked.n_free
            THEN clock_timestamp()
                + least(2 ^ least(counted.n - asked.n_free - 1, 30), asked.longest_s) * interval '1 second'
            ELSE t.blocked_until END, now()
        FROM asked, LATERAL (SELECT CASE
            WHEN t.blocked_until > clock_timestamp() THEN t.n_failures
            WHEN t.updated_at < now() - interval '1 day' THEN 1
            ELSE t.n_failures + 1 END AS n) AS counted
        WHERE asked.key = t.key
    )
    RETURNING key, extract(epoch FROM old.blocked_until - clock_timestamp()) AS wait_s
""")
SETTLED = """
    held AS (
        SELECT key FROM accounts_loginthrottle WHERE key = ANY (:all_keys) ORDER BY key FOR UPDATE
    ), forgotten AS (
        DELETE FROM accounts_loginthrottle WHERE key IN (SELECT key FROM held) AND key = ANY (:forget)
    ), discounted AS (
        UPDATE accounts_loginthrottle SET n_failures = greatest(n_failures - 1, 0), blocked_until = 'epoch'
        WHERE key IN (SELECT key FROM held) AND key <> ALL (:forget)
    )
"""
"""Common table expressions that forget and discount counts; their values are `settle_values`."""
_SETTLE = text(f"WITH {SETTLED} SELECT count(*) FROM held")


async def count_attempts(session: Executor, counts: Sequence[Count]) -> dict[str, float]:
    """Count an attempt under each key that has not to wait; returns by key the seconds it must still wait, at least 0."""
    values = {
        "keys": [count.key for count in counts],
        "n_free": [count.rule.n_free for count in counts],
        "longest_s": [count.rule.longest_s for count in counts],
    }
    rows = await session.rows(_COUNT, values)
    return {row.key: max(float(row.wait_s or 0), 0.0) for row in rows}


async def settle(session: Executor, *, forget: Sequence[str], discount: Sequence[str]) -> None:
    """Forget the counts under some keys, and take the last attempt back under others, in the order of all keys."""
    await session.rows(_SETTLE, settle_values(forget=forget, discount=discount))


def settle_values(*, forget: Sequence[str], discount: Sequence[str]) -> dict[str, list[str]]:
    """Return the values that `SETTLED` takes, by name."""
    return {"all_keys": sorted({*forget, *discount}), "forget": list(forget)}


async def purge_throttles(session: AsyncSession, *, before: datetime) -> int:
    """Remove counts that were not touched since; returns how many."""
    rows = await session.scalars(
        delete(LoginThrottle)
        .where(LoginThrottle.updated_at < before)
        .returning(func.length(LoginThrottle.key))
    )
    return len(rows.all())

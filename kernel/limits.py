"""How much a team may have: by the tier of its owner, from `PLUGZERO_PLAN_LIMITS`.

Counting and adding are one act: the count is taken under a lock of the team and the limit, which the transaction of the
addition holds to its end, so that two requests at once cannot both take the last place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.problems import Forbidden


class Limit(StrEnum):
    """What is limited; the names are columns of `access.team_usage`."""

    PROJECTS = "projects"
    STORAGE_BYTES = "storage_bytes"
    RESPONSES = "responses"
    ROWS = "rows"


PlanLimits = Mapping[str, Mapping[Limit, int]]
"""Tier → limit → most; what is not named has no limit."""


class PlanLimitReached(Forbidden):
    """The team has as much as the plan of its owner allows. `limit`, `maximum` and `used` say of what and how much.

    Delete what is not needed, or ask the operator of this installation for a larger plan.
    """

    slug = "plan-limit-reached"
    title = "The plan allows no more"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a team has, and under which tier."""

    segment: str
    used: Mapping[Limit, int]


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_USAGE = text("SELECT * FROM access.team_usage(:team)")


async def usage_of(session: AsyncSession, team_id: int) -> Usage | None:
    """Return what a team of the caller's has, None for another's; complexity O(files + interviews)."""
    row = (await session.execute(_USAGE, {"team": team_id})).one_or_none()
    return None if row is None else Usage(row.segment, {limit: getattr(row, limit) for limit in Limit})


async def require_room(
    session: AsyncSession, limits: PlanLimits, team_id: int, limit: Limit, *, adding: int
) -> None:
    """Raise PlanLimitReached when the team would have more than its plan allows after adding so much."""
    if not any(limit in plan for plan in limits.values()):
        return
    await session.execute(_LOCK, {"name": f"plugzero.limit.{team_id}.{limit}"})
    usage = await usage_of(session, team_id)
    if usage is not None:
        refuse_beyond(limits, usage.segment, limit, used=usage.used[limit], adding=adding, team_id=team_id)


def refuse_beyond(
    limits: PlanLimits, segment: str, limit: Limit, *, used: int, adding: int, team_id: int | None = None
) -> None:
    """Raise PlanLimitReached when `used` and `adding` together are beyond the tier's limit."""
    maximum = limits.get(segment, {}).get(limit)
    if maximum is None or used + adding <= maximum:
        return
    what = limit.replace("_", " ")
    raise PlanLimitReached(
        f"The plan {segment} of the team's owner allows {maximum} {what}; {used} are used, and this adds {adding}.",
        team_id=team_id,
        limit=limit.value,
        maximum=maximum,
        used=used,
    )

"""The activity log as rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.models import ActivityLog

ACTIVITY_ORDER = (ActivityLog.created_at.desc(), ActivityLog.id.desc())


def activity_of_team(team_id: int) -> Select[ActivityLog]:
    """Select what was done in a team."""
    return select(ActivityLog).where(ActivityLog.team_id == team_id)


def activity_of_user(user_id: int) -> Select[ActivityLog]:
    """Select what a user did, or somebody tried in their name."""
    return select(ActivityLog).where(ActivityLog.actor_id == user_id)


def filtered(
    statement: Select[ActivityLog],
    *,
    action: str | None = None,
    outcome: str | None = None,
    actor_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Select[ActivityLog]:
    """Narrow a selection; `action` with a final dot is a beginning, such as `member.`; `until` itself is out."""
    if action is not None:
        is_prefix = action.endswith(".")
        column = ActivityLog.action
        statement = statement.where(
            column.startswith(action, autoescape=True) if is_prefix else column == action
        )
    if outcome is not None:
        statement = statement.where(ActivityLog.outcome == outcome)
    if actor_id is not None:
        statement = statement.where(ActivityLog.actor_id == actor_id)
    if since is not None:
        statement = statement.where(ActivityLog.created_at >= since)
    if until is not None:
        statement = statement.where(ActivityLog.created_at < until)
    return statement


async def list_activity_of(session: AsyncSession, user_id: int) -> Sequence[ActivityLog]:
    """Return everything that a user did, oldest first."""
    statement = activity_of_user(user_id).order_by(ActivityLog.created_at, ActivityLog.id)
    return (await session.scalars(statement)).all()


async def verify_chain(session: AsyncSession, team_id: int) -> Row[int, int | None, int, str, int | None]:
    """Return (n_rows, first_position, last_position, head_hash, broken_at) of a team's chain; complexity O(rows)."""
    return (
        await session.execute(text("SELECT * FROM access.verify_activity(:team)"), {"team": team_id})
    ).one()

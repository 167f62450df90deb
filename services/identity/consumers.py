"""What identity's worker does: no event concerns it yet; its jobs tidy up."""

from sqlalchemy import text

from kernel.db import Tenancy
from kernel.idempotency import purge_expired
from kernel.resources import Resources
from kernel.scheduler import Jobs
from kernel.subscriptions import Consumers
from services.identity.settings import settings

HOUR_S, DAY_S = 3600, 86_400
consumers = Consumers("identity")
jobs = Jobs("identity")


@jobs.every(HOUR_S, name="purge-idempotency-keys")
async def purge_idempotency_keys(resources: Resources) -> None:
    """Remove keys, of all services, whose day is over."""
    async with resources.database.transaction(Tenancy.none()) as session:
        await purge_expired(session)


@jobs.every(DAY_S, name="purge-deleted")
async def purge_deleted(resources: Resources) -> None:
    """Remove teams and accounts that were deleted logically and whose grace time is over, with all that was theirs."""
    grace = {"days": settings().purge_after_days}
    async with resources.database.transaction(Tenancy.none()) as session:
        await session.execute(
            text("SELECT * FROM maintenance.purge_deleted(make_interval(days => :days))"), grace
        )

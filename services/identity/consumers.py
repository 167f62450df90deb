"""What identity's worker does: no event concerns it yet; its jobs tidy up."""

from kernel.db import Tenancy
from kernel.idempotency import purge_expired
from kernel.resources import Resources
from kernel.scheduler import Jobs
from kernel.subscriptions import Consumers

HOUR_S = 3600
consumers = Consumers("identity")
jobs = Jobs("identity")


@jobs.every(HOUR_S, name="purge-idempotency-keys")
async def purge_idempotency_keys(resources: Resources) -> None:
    """Remove keys, of all services, whose day is over."""
    async with resources.database.transaction(Tenancy.none()) as session:
        await purge_expired(session)

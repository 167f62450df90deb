"""Ingestion's recurring jobs."""

from sqlalchemy import text

from kernel.db import Tenancy
from kernel.resources import Resources
from kernel.scheduler import Jobs

DAY_S = 86_400
jobs = Jobs("ingestion")


@jobs.every(DAY_S, name="make-event-partitions")
async def make_event_partitions(resources: Resources) -> None:
    """Make the partitions of experience events for this month and the next three."""
    async with resources.database.transaction(Tenancy.none()) as session:
        await session.execute(text("SELECT maintenance.make_event_partitions(3)"))

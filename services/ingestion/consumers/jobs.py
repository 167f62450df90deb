"""Ingestion's recurring jobs."""

from datetime import timedelta

from sqlalchemy import text

from kernel.db import Tenancy
from kernel.resources import Resources
from kernel.scheduler import MAX_RUN_S, Jobs
from services.ingestion.service import sweeps

HOUR_S, DAY_S = 3600, 86_400
GRACE = timedelta(days=1)
"""Longer than any request may take between storing bytes and committing the row that refers to them."""
jobs = Jobs("ingestion")


@jobs.every(DAY_S, name="make-event-partitions")
async def make_event_partitions(resources: Resources) -> None:
    """Make the partitions of experience events for this month and the next three."""
    async with resources.database.transaction(Tenancy.none()) as session:
        await session.execute(text("SELECT maintenance.make_event_partitions(3)"))


@jobs.every(HOUR_S, name="purge-exports")
async def purge_exports(resources: Resources) -> None:
    """Remove exports that were asked for a day ago, files first: killed in between, the rows are still there to try again."""
    async with resources.database.transaction(Tenancy.none()) as session:
        keys = await session.scalars(text("SELECT maintenance.purge_exports(interval '1 day')"))
        for key in keys:
            if key:
                await resources.objects.delete(key)


@jobs.every(HOUR_S, name="purge-uploads")
async def purge_uploads(resources: Resources) -> None:
    """Throw away uploads in parts that expired an hour ago, and multipart uploads that no row knows."""
    await sweeps.abort_lapsed_uploads(resources, keep=timedelta(hours=1))
    await sweeps.abort_stray_uploads(resources, grace=GRACE)


@jobs.every(HOUR_S, name="purge-abandoned-files")
async def purge_abandoned_files(resources: Resources) -> None:
    """Forget the files of interviews that nobody went on with for a month, which is how long a page can be come back to."""
    await sweeps.purge_abandoned_files(resources, keep=timedelta(days=30))


@jobs.every(HOUR_S, name="purge-orphans")
async def purge_orphans(resources: Resources) -> None:
    """Remove objects that belong to no file or to no project."""
    await sweeps.remove_orphans(resources, grace=GRACE, most_s=MAX_RUN_S / 2)


@jobs.every(HOUR_S, name="tell-again")
async def tell_again(resources: Resources) -> None:
    """Record anew the events of files that have been waiting for half a day without a sign of life."""
    await sweeps.tell_again(resources, quiet=timedelta(hours=12), give_up=timedelta(days=3))

"""Stored filters as rows."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.problems import NotFound
from services.ingestion.models import DatasetFilter


async def get_filter(session: AsyncSession, filter_id: int) -> DatasetFilter:
    """Return a filter; raises NotFound."""
    found = await session.get(DatasetFilter, filter_id)
    if found is None:
        raise NotFound.of("filter", filter_id)
    return found


async def filters_of(session: AsyncSession, dataset_id: int) -> Sequence[DatasetFilter]:
    """Return all filters of a dataset by name."""
    query = select(DatasetFilter).where(DatasetFilter.dataset_id == dataset_id).order_by(DatasetFilter.name)
    return (await session.scalars(query)).all()

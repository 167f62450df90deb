"""Questions about datasets and their current versions."""

from collections.abc import Iterable

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.pagination import PageRequest, paginate
from kernel.problems import NotFound
from services.ingestion.models import Dataset, DatasetVersion


async def get_dataset(session: AsyncSession, dataset_id: int) -> Dataset:
    """Return a dataset; raises NotFound."""
    dataset = await session.get(Dataset, dataset_id)
    if dataset is None:
        raise NotFound.of("dataset", dataset_id)
    return dataset


async def find_current_version(session: AsyncSession, dataset: Dataset) -> DatasetVersion | None:
    """Return a dataset's current version, None before the first."""
    return await session.scalar(
        select(DatasetVersion).where(
            DatasetVersion.dataset_id == dataset.id, DatasetVersion.number == dataset.version
        )
    )


async def list_datasets(
    session: AsyncSession, page: PageRequest, project_id: int
) -> tuple[list[Dataset], str | None]:
    """Return a page of a project's datasets, newest first."""
    query = select(Dataset).where(Dataset.project_id == project_id)
    return await paginate(session, query, page, order_by=(Dataset.created_at.desc(), Dataset.id.desc()))


async def row_counts(session: AsyncSession, dataset_ids: Iterable[int]) -> dict[int, int]:
    """Return the number of rows in the current version of each dataset that has one."""
    query = (
        select(DatasetVersion.dataset_id, DatasetVersion.n_rows)
        .join(
            Dataset, and_(Dataset.id == DatasetVersion.dataset_id, Dataset.version == DatasetVersion.number)
        )
        .where(Dataset.id.in_(list(dataset_ids)))
    )
    return {row.dataset_id: row.n_rows for row in await session.execute(query)}

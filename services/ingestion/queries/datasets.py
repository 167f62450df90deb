"""Questions about datasets and their current versions."""

from collections.abc import Iterable

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from kernel.pagination import PageRequest, paginate
from kernel.problems import NotFound
from services.ingestion.models import Dataset, DatasetVersion


async def get_dataset(session: AsyncSession, dataset_id: int) -> Dataset:
    """Return a dataset; raises NotFound."""
    dataset = await find_dataset(session, dataset_id)
    if dataset is None:
        raise NotFound.of("dataset", dataset_id)
    return dataset


async def find_dataset(session: AsyncSession, dataset_id: int) -> Dataset | None:
    """Return a dataset, None when there is none that the caller can see."""
    return await session.get(Dataset, dataset_id)


async def find_test_dataset(session: AsyncSession, survey_id: int) -> Dataset | None:
    """Return the dataset of a survey's simulated interviews, None when there is none."""
    return await session.scalar(select(Dataset).where(Dataset.simulated_survey_id == survey_id))


async def lock_dataset(session: Session, dataset_id: int) -> Dataset | None:
    """Return a dataset whose version nobody else raises until the end of the transaction, None when it is gone."""
    statement = select(Dataset).where(Dataset.id == dataset_id).with_for_update()
    return await session.scalar(statement.execution_options(populate_existing=True))


async def find_current_version(session: AsyncSession, dataset: Dataset) -> DatasetVersion | None:
    """Return a dataset's current version, None before the first."""
    return await find_version(session, dataset.id, dataset.version)


async def find_version(session: AsyncSession, dataset_id: int, number: int) -> DatasetVersion | None:
    """Return one version of a dataset."""
    return await session.scalar(
        select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id, DatasetVersion.number == number)
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

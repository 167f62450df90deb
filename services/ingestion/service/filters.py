"""Commands of stored filters: keep, change, remove; always a tree that fits the dataset when it is written."""

from collections.abc import Mapping
from typing import Any

from contracts.datasets.codebook import read_codebook
from contracts.datasets.filters import FilterError, read_filter
from contracts.datasets.stored_filters import inlined
from kernel.access import Permission, require_project
from kernel.db import Session
from kernel.problems import Invalid
from services.ingestion.errors import DatasetWithoutRows
from services.ingestion.models import DatasetFilter
from services.ingestion.queries import datasets
from services.ingestion.queries import filters as queries

MOST_FILTERS = 500


async def add_filter(
    session: Session, dataset_id: int, name: str, expression: Mapping[str, Any], *, user_id: int
) -> DatasetFilter:
    """Keep a filter; raises NotFound, Forbidden for viewers, DatasetWithoutRows, Invalid with every fault of the tree."""
    dataset = await datasets.get_dataset(session, dataset_id)
    await require_project(session, dataset.project_id, Permission.WRITE)
    kept = await queries.filters_of(session, dataset_id)
    if len(kept) >= MOST_FILTERS:
        raise Invalid.at("", f"a dataset keeps at most {MOST_FILTERS} filters; remove one first")
    tree = await _fitting(session, dataset_id, expression)
    added = DatasetFilter(
        project_id=dataset.project_id,
        dataset_id=dataset_id,
        name=name,
        expression=tree,
        created_by_id=user_id,
    )
    session.add(added)
    await session.flush()  # the answer carries the id; a name that is taken is refused here
    return added


async def change_filter(
    session: Session, filter_id: int, name: str, expression: Mapping[str, Any]
) -> DatasetFilter:
    """Give a filter another name and tree; analyses that were made with the old one keep it. Raises as add_filter."""
    kept = await queries.get_filter(session, filter_id)
    await require_project(session, kept.project_id, Permission.WRITE)
    kept.expression = await _fitting(session, kept.dataset_id, expression)
    kept.name = name
    await session.flush()  # the answer carries the new updated_at
    return kept


async def remove_filter(session: Session, filter_id: int) -> None:
    """Forget a filter; raises NotFound, Forbidden."""
    kept = await queries.get_filter(session, filter_id)
    await require_project(session, kept.project_id, Permission.WRITE)
    await session.delete(kept)


async def _fitting(session: Session, dataset_id: int, expression: Mapping[str, Any]) -> dict[str, Any]:
    dataset = await datasets.get_dataset(session, dataset_id)
    version = await datasets.find_current_version(session, dataset)
    if version is None:
        raise DatasetWithoutRows(f"Dataset {dataset_id} has no version yet.")
    stored = {kept.name: kept.expression for kept in await queries.filters_of(session, dataset_id)}
    try:
        tree: dict[str, Any] = inlined(dict(expression), stored, pointer="/expression")
        read_filter(tree, read_codebook(version.codebook), pointer="/expression")
    except FilterError as error:
        raise Invalid(error.errors) from error
    return tree

"""HTTP of datasets."""

from typing import Any

from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery
from kernel.routing import Router
from services.ingestion.queries import datasets as queries
from services.ingestion.schemas.datasets import DatasetRead, DatasetSummary, DatasetUpdate
from services.ingestion.service import datasets as service

router = Router(prefix="/api", tags=["datasets"], responses=ACCESS_PROBLEMS)


@router.get("/projects/{project_id}/datasets")
async def list_datasets(project_id: int, session: ReadOnly, page: PageQuery) -> Page[DatasetSummary]:
    """List a project's datasets, from files and from surveys, test data (`is_test`) among them, newest first."""
    await require_project(session, project_id, Permission.READ)
    datasets, cursor = await queries.list_datasets(session, page, project_id)
    n_rows = await queries.row_counts(session, [dataset.id for dataset in datasets])
    items = [DatasetSummary.model_validate(_summary(d, n_rows.get(d.id, 0))) for d in datasets]
    return Page(items=items, next_cursor=cursor)


@router.get("/datasets/{dataset_id}")
async def read_dataset(dataset_id: int, session: ReadOnly) -> DatasetRead:
    """Show a dataset with the codebook of its current version."""
    dataset = await queries.get_dataset(session, dataset_id)
    return await _read(session, dataset)


@router.patch("/datasets/{dataset_id}")
async def rename_dataset(dataset_id: int, body: DatasetUpdate, session: Transaction) -> DatasetRead:
    """Rename a dataset (JSON Merge Patch)."""
    dataset = await service.rename_dataset(session, dataset_id, body.name)
    return await _read(session, dataset)


def _summary(dataset: Any, n_rows: int) -> dict[str, Any]:
    names = (
        "id",
        "project_id",
        "name",
        "survey_id",
        "simulated_survey_id",
        "version",
        "created_at",
        "updated_at",
    )
    return {
        **{name: getattr(dataset, name) for name in names},
        "is_test": dataset.simulated_survey_id is not None,
        "file_id": dataset.raw_data_file_id,
        "n_rows": n_rows,
    }


async def _read(session: Any, dataset: Any) -> DatasetRead:
    version = await queries.find_current_version(session, dataset)
    codebook = version.codebook if version else {}
    return DatasetRead.model_validate(
        {
            **_summary(dataset, version.n_rows if version else 0),
            "variables": codebook.get("variables", []),
            "codebook": codebook,
        }
    )

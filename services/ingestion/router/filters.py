"""HTTP of stored filters."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response, status

from contracts.datasets.codebook import Codebook, read_codebook
from contracts.datasets.filters import FilterError, read_filter
from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.principals import Caller
from kernel.problems import problems_of
from kernel.routing import Router
from services.ingestion.errors import DatasetWithoutRows, FilterNameTaken
from services.ingestion.queries import datasets
from services.ingestion.queries import filters as queries
from services.ingestion.schemas.derived import FilterRead, FilterWrite
from services.ingestion.service import filters as service

router = Router(prefix="/api", tags=["datasets"], responses=ACCESS_PROBLEMS)
WRITE_PROBLEMS = problems_of(DatasetWithoutRows, FilterNameTaken)


@router.get("/datasets/{dataset_id}/filters")
async def list_filters(dataset_id: int, session: ReadOnly) -> list[FilterRead]:
    """List a dataset's filters by name, and whether each fits its present version."""
    dataset = await datasets.get_dataset(session, dataset_id)
    await require_project(session, dataset.project_id, Permission.READ)
    codebook = await _codebook(session, dataset_id)
    return [_shaped(kept, codebook) for kept in await queries.filters_of(session, dataset_id)]


@router.post("/datasets/{dataset_id}/filters", status_code=status.HTTP_201_CREATED, responses=WRITE_PROBLEMS)
async def keep_filter(
    dataset_id: int, body: FilterWrite, caller: Caller, session: Transaction, response: Response
) -> FilterRead:
    """Keep a filter under a name; analyses and rows use it as `{"op": "stored", "name": …}`."""
    kept = await service.add_filter(session, dataset_id, body.name, body.expression, user_id=caller.user_id)
    response.headers["Location"] = f"/api/filters/{kept.id}"
    return _shaped(kept, await _codebook(session, dataset_id))


@router.get("/filters/{filter_id}")
async def read_kept_filter(filter_id: int, session: ReadOnly) -> FilterRead:
    """Show one filter."""
    kept = await queries.get_filter(session, filter_id)
    return _shaped(kept, await _codebook(session, kept.dataset_id))


@router.put("/filters/{filter_id}", responses=WRITE_PROBLEMS)
async def change_filter(filter_id: int, body: FilterWrite, session: Transaction) -> FilterRead:
    """Give a filter another name and expression; analyses that were made with the old one keep it."""
    kept = await service.change_filter(session, filter_id, body.name, body.expression)
    return _shaped(kept, await _codebook(session, kept.dataset_id))


@router.delete("/filters/{filter_id}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_filter(filter_id: int, session: Transaction) -> None:
    """Forget a filter."""
    await service.remove_filter(session, filter_id)


async def _codebook(session: Any, dataset_id: int) -> Codebook:
    dataset = await datasets.get_dataset(session, dataset_id)
    version = await datasets.find_current_version(session, dataset)
    return read_codebook(version.codebook if version else {})


def _shaped(kept: Any, codebook: Codebook) -> FilterRead:
    names = FilterRead.model_fields.keys() - {"fits", "faults"}
    faults = _faults(kept.expression, codebook)
    values = {name: getattr(kept, name) for name in names}
    return FilterRead.model_validate({**values, "fits": not faults, "faults": faults})


def _faults(expression: Mapping[str, Any], codebook: Codebook) -> list[dict[str, str]]:
    try:
        read_filter(expression, codebook, pointer="/expression")
    except FilterError as error:
        return [{"pointer": pointer, "detail": detail} for pointer, detail in error.errors]
    return []

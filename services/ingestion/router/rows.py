"""HTTP of the rows of datasets."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Query

from kernel.access import Permission, require_project
from kernel.db import Tenancy
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import PageQuery
from kernel.principals import Caller
from kernel.problems import Invalid, Unavailable, problems_of
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources, ProcessRows
from services.ingestion.errors import DatasetWithoutRows
from services.ingestion.queries import datasets
from services.ingestion.schemas.derived import RowsPage
from services.ingestion.service import rows as service

router = Router(prefix="/api", tags=["datasets"], responses=ACCESS_PROBLEMS)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows and variables are asked for."""

    tree: Any
    variables: list[str] | None
    answers: str


async def selection(
    filter_text: Annotated[
        str | None,
        Query(
            alias="filter",
            max_length=8000,
            description='A filter expression as JSON, such as {"op":"eq","variable":"sex","value":"f"}.',
        ),
    ] = None,
    variables: Annotated[
        list[str] | None, Query(max_length=5000, description="Aliases, repeated; all, if left out.")
    ] = None,
    answers: Annotated[
        Literal["codes", "labels"], Query(description="Answers as codes or as labels.")
    ] = "codes",
) -> Selection:
    """Read what a request selects; raises Invalid for a filter that is no JSON."""
    try:
        return Selection(orjson.loads(filter_text) if filter_text else None, variables, answers)
    except orjson.JSONDecodeError as error:
        raise Invalid.at("/filter", f"the filter is no JSON: {error}") from None


@router.get("/datasets/{dataset_id}/rows", responses=problems_of(DatasetWithoutRows, Unavailable))
async def list_rows(  # noqa: PLR0917 - FastAPI's parameters
    dataset_id: int,
    caller: Caller,
    resources: ProcessResources,
    rows: ProcessRows,
    page: PageQuery,
    selected: Annotated[Selection, Depends(selection)],
) -> RowsPage:
    """List a dataset's rows in the order of the file, those that a filter selects.

    All pages show the version that the first one showed, whatever is changed meanwhile.
    """
    version, after = (page.after[0], page.after[1]) if page.after else (None, 0)
    # The transaction ends before rows are read, so that a slow page holds no connection.
    async with resources.database.snapshot(Tenancy.of_caller(caller)) as session:
        dataset = await datasets.get_dataset(session, dataset_id)
        await require_project(session, dataset.project_id, Permission.READ)
        request = await service.checked_request(
            session,
            dataset,
            version=version,
            variables=selected.variables,
            tree=selected.tree,
            answers=selected.answers,
            after=after,
            limit=page.limit,
        )
    found = await rows.read(resources.objects, request)
    kinds = {entry["alias"]: entry["kind"] for entry in request.version.codebook["variables"]}
    last = found["positions"][-1] if len(found["positions"]) == page.limit else None
    return RowsPage(
        version=request.version.number,
        columns=[{"alias": alias, "kind": kinds[alias]} for alias in request.variables],
        rows=found["rows"],
        positions=found["positions"],
        n_rows=found["n_rows"],
        next_cursor=page.cursor([request.version.number, last]) if last is not None else None,
    )

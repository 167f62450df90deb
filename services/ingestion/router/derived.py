"""HTTP of what people make of datasets: derived variables, merged datasets, and the changes that make them."""

from typing import Any

from fastapi import Response, status

from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Session, Transaction
from kernel.etags import IfMatch, etag
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import PreconditionFailed, problems_of
from kernel.routing import Router
from services.ingestion.domain.derivations.deriving import Derivation
from services.ingestion.errors import (
    DatasetNotMerged,
    DatasetWithoutFile,
    DatasetWithoutRows,
    FileNotReady,
    VariableInUse,
    VariableNotDerived,
)
from services.ingestion.queries import changes as queries
from services.ingestion.queries import datasets
from services.ingestion.router.change_requests import ACCEPTED, ChangeRequest, shaped_change
from services.ingestion.schemas.derived import (
    ChangeRead,
    MergeCreate,
    ReadingCreate,
    ReadingUpdate,
    VariableCreate,
    VariablesUpdate,
    VariableUpdate,
)
from services.ingestion.service import corrections, derivations, merges, readings

router = Router(prefix="/api", tags=["datasets"], responses=ACCESS_PROBLEMS)


@router.post("/datasets/{dataset_id}/variables", responses={**ACCEPTED, **problems_of(DatasetWithoutRows)})
async def derive_variable(dataset_id: int, body: VariableCreate, change: ChangeRequest) -> ChangeRead:
    """Derive a variable from others; it is in the dataset's next version.

    200 when that version is made or was within `Prefer: wait=N`; else 202.
    """
    wanted = Derivation(body.alias, body.label or body.alias, body.definition, is_new=True)

    async def ask(session: Session) -> Any:
        return await derivations.request_derivation(
            session, dataset_id, wanted, replaces=False, user_id=change.user_id
        )

    return await change.hand_over(ask)


@router.get("/datasets/{dataset_id}/variables")
async def list_variables(dataset_id: int, session: ReadOnly, response: Response) -> list[dict[str, Any]]:
    """List the variables of a dataset's present version; `ETag` is for `If-Match` on corrections."""
    dataset = await datasets.get_dataset(session, dataset_id)
    version = await datasets.find_current_version(session, dataset)
    response.headers["ETag"] = etag(dataset.version)
    return list(version.codebook.get("variables", ())) if version else []


@router.patch(
    "/datasets/{dataset_id}/variables",
    responses={**ACCEPTED, **problems_of(DatasetWithoutRows, PreconditionFailed)},
)
async def correct_variables(  # noqa: PLR0917 - FastAPI's parameters
    dataset_id: int,
    body: VariablesUpdate,
    caller: Caller,
    session: Transaction,
    match: IfMatch,
    response: Response,
) -> ChangeRead:
    """Correct what variables are called and taken for; later versions keep it.

    200 and the next version at once; 202 where texts of a file must be read anew for another kind: follow `Location`.

    By alias: `label`, `unit`, `role`, `kind`, and `codes` in the order in which they stand, each with label and value.
    """
    change = await corrections.correct_variables(
        session, dataset_id, body.variables, if_match=match, user_id=caller.user_id
    )
    response.headers["Location"] = f"/api/dataset-changes/{change.id}"
    if change.version is not None:
        response.headers["ETag"] = etag(change.version)
    else:
        response.status_code = status.HTTP_202_ACCEPTED
    return shaped_change(change)


@router.post(
    "/datasets/{dataset_id}/read",
    responses={**ACCEPTED, **problems_of(DatasetWithoutRows, DatasetWithoutFile)},
)
async def read_otherwise(dataset_id: int, body: ReadingUpdate, change: ChangeRequest) -> ChangeRead:
    """Read the dataset's file again with other options: encoding, delimiter, header, sheets, kinds of columns.

    Nothing is uploaded again; options told before hold where nothing else is said, null takes one back. Corrections and derived
    variables stay. Where it cannot be read like that the dataset keeps the version that it has.
    """

    async def ask(session: Session) -> Any:
        return await readings.request_reading(
            session, dataset_id, body.options, corrections={}, user_id=change.user_id
        )

    return await change.hand_over(ask)


@router.post("/files/{file_id}/datasets", responses={**ACCEPTED, **problems_of(FileNotReady)})
async def read_another_dataset(file_id: int, body: ReadingCreate, change: ChangeRequest) -> ChangeRead:
    """Read one more dataset from a file, with options of its own, such as another sheet of a workbook."""

    async def ask(session: Session) -> Any:
        return await readings.request_another(
            session, file_id, body.name, body.options, user_id=change.user_id
        )

    return await change.hand_over(ask)


@router.put(
    "/datasets/{dataset_id}/variables/{alias}",
    responses={**ACCEPTED, **problems_of(DatasetWithoutRows, VariableNotDerived)},
)
async def redefine_variable(
    dataset_id: int, alias: str, body: VariableUpdate, change: ChangeRequest
) -> ChangeRead:
    """Give a derived variable another definition; what is derived from it is computed anew."""
    wanted = Derivation(alias, body.label or alias, body.definition, is_new=True)

    async def ask(session: Session) -> Any:
        return await derivations.request_derivation(
            session, dataset_id, wanted, replaces=True, user_id=change.user_id
        )

    return await change.hand_over(ask)


@router.delete(
    "/datasets/{dataset_id}/variables/{alias}",
    responses={**ACCEPTED, **problems_of(DatasetWithoutRows, VariableNotDerived, VariableInUse)},
)
async def remove_variable(dataset_id: int, alias: str, change: ChangeRequest) -> ChangeRead:
    """Remove a derived variable; older versions keep it."""

    async def ask(session: Session) -> Any:
        return await derivations.request_removal(session, dataset_id, alias, user_id=change.user_id)

    return await change.hand_over(ask)


@router.post("/projects/{project_id}/datasets", responses=ACCEPTED)
async def merge_datasets(project_id: int, body: MergeCreate, change: ChangeRequest) -> ChangeRead:
    """Make a dataset of others: waves below each other (`append`), or two side by side by a key (`join`).

    The answer's `dataset_id` is the new dataset, which has no rows (version 0) until the change is carried out; `report` then
    says what matched.
    """

    async def ask(session: Session) -> Any:
        request = merges.merge_request(body.append, body.join, await _names(session, body.datasets))
        return await merges.request_merge(
            session, project_id, body.name, body.datasets, request, change.user_id
        )

    return await change.hand_over(ask)


async def _names(session: Session, dataset_ids: list[int]) -> list[str]:
    return [(await datasets.get_dataset(session, one)).name for one in dataset_ids]


@router.post("/datasets/{dataset_id}/refresh", responses={**ACCEPTED, **problems_of(DatasetNotMerged)})
async def refresh_dataset(dataset_id: int, change: ChangeRequest) -> ChangeRead:
    """Merge the present versions of the same datasets again."""

    async def ask(session: Session) -> Any:
        return await merges.request_refresh(session, dataset_id, user_id=change.user_id)

    return await change.hand_over(ask)


@router.delete(
    "/datasets/{dataset_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problems_of(DatasetNotMerged)
)
async def delete_dataset(dataset_id: int, session: Transaction) -> None:
    """Delete a merged dataset or test data, and what was computed from it; others go with their file or survey."""
    await merges.delete_dataset(session, dataset_id)


@router.get("/datasets/{dataset_id}/changes")
async def list_changes(dataset_id: int, session: ReadOnly, page: PageQuery) -> Page[ChangeRead]:
    """List the changes of a dataset, newest first."""
    dataset = await datasets.get_dataset(session, dataset_id)
    await require_project(session, dataset.project_id, Permission.READ)
    rows, cursor = await paginate(
        session, queries.changes_of(dataset_id), page, order_by=queries.NEWEST_FIRST
    )
    return Page(items=[shaped_change(row) for row in rows], next_cursor=cursor)


@router.get("/dataset-changes/{change_id}")
async def read_change(change_id: int, session: ReadOnly) -> ChangeRead:
    """Show one change: whether it was carried out, and what a person should know about it."""
    return shaped_change(await queries.get_change(session, change_id))

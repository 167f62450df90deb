"""HTTP of exports: a dataset as a file for another program."""

from typing import Annotated, Any

from fastapi import Depends, Query, Response, status
from fastapi.responses import JSONResponse, RedirectResponse

from contracts.datasets.values import ExportFormat
from contracts.ingestion import ExportStatus
from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Tenancy
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.prefer import PreferWait, wait_until
from kernel.principals import Caller, Principal
from kernel.problems import problems_of
from kernel.resources import Resources
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources
from services.ingestion.domain.exports.request import Answers, Layout
from services.ingestion.errors import DatasetWithoutRows, ExportRefused
from services.ingestion.queries import datasets, responses, surveys
from services.ingestion.queries import exports as queries
from services.ingestion.schemas.exports import ExportCreate, ExportRead
from services.ingestion.service import exports as service

router = Router(prefix="/api", tags=["datasets"], responses=ACCESS_PROBLEMS)
LINK_LIFE_S = 300
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"model": ExportRead, "description": "Accepted; poll `Location` until `status` is not PENDING."}
}
ASK_PROBLEMS = problems_of(DatasetWithoutRows, ExportRefused)
FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    303: {"description": "The file is at `Location`, for five minutes."},
    **ACCEPTED,
    **ASK_PROBLEMS,
}
WAIT_FOR_FILE_S = 25.0


async def wanted_file(
    file_format: Annotated[ExportFormat, Query(alias="format")],
    answers: Answers = Answers.LABELS,
    layout: Layout = Layout.WIDE,
) -> ExportCreate:
    """Return which file the address asks for: all variables."""
    return ExportCreate(format=file_format, variables=None, answers=answers, layout=layout)


WantedFile = Annotated[ExportCreate, Depends(wanted_file)]


@router.post("/datasets/{dataset_id}/exports", responses={**ACCEPTED, **ASK_PROBLEMS})
async def request_export(  # noqa: PLR0917 - FastAPI's parameters
    dataset_id: int,
    body: ExportCreate,
    caller: Caller,
    resources: ProcessResources,
    wait_s: PreferWait,
    response: Response,
) -> ExportRead:
    """Write the dataset's present version as a file; the same request again gives the same export.

    200 with a link when it is written or was within `Prefer: wait=N`; else 202.
    """
    export = await _ask(resources, caller, dataset_id, body, wait_s=wait_s)
    response.headers["Location"] = f"/api/exports/{export.id}"
    response.status_code = _status_of(export)
    return export


@router.get("/datasets/{dataset_id}/exports", responses=ACCESS_PROBLEMS)
async def list_exports(dataset_id: int, session: ReadOnly, page: PageQuery) -> Page[ExportRead]:
    """List a dataset's exports that are kept, newest first, without links."""
    dataset = await datasets.get_dataset(session, dataset_id)
    await require_project(session, dataset.project_id, Permission.READ)
    rows, cursor = await paginate(
        session, queries.exports_of(dataset_id), page, order_by=queries.NEWEST_FIRST
    )
    return Page(items=[_shaped(row, None) for row in rows], next_cursor=cursor)


@router.get("/datasets/{dataset_id}/export", response_class=Response, responses=FILE_ANSWERS)
async def download_export(
    dataset_id: int,
    caller: Caller,
    resources: ProcessResources,
    wanted: WantedFile,
) -> Response:
    """Lead to the dataset as a file: 303 to the file once it is written, 202 where that takes longer than 25 seconds.

    A file that cannot be written is 422 with the reason.
    """
    return await _led_to(resources, caller, dataset_id, wanted)


@router.get("/surveys/{survey_id}/export", response_class=Response, responses=FILE_ANSWERS)
async def download_responses(
    survey_id: int,
    caller: Caller,
    resources: ProcessResources,
    wanted: WantedFile,
) -> Response:
    """Lead to the survey's responses as a file: the export of its dataset."""
    async with resources.database.snapshot(Tenancy.of_caller(caller)) as session:
        await surveys.get_survey(session, survey_id)
        dataset = await responses.find_dataset(session, survey_id)
    if dataset is None:
        raise DatasetWithoutRows(f"Survey {survey_id} was not published yet; it has no responses.")
    return await _led_to(resources, caller, dataset.id, wanted)


async def _led_to(resources: Resources, caller: Principal, dataset_id: int, body: ExportCreate) -> Response:
    """The way to a file: it is written, it is being written, or why it cannot be."""
    export = await _ask(resources, caller, dataset_id, body, wait_s=WAIT_FOR_FILE_S)
    if export.error is not None:
        raise ExportRefused(f"{export.error['detail']} {export.error['hint']}")
    if export.url is None:
        location = {"Location": f"/api/exports/{export.id}"}
        return JSONResponse(export.model_dump(mode="json"), status.HTTP_202_ACCEPTED, location)
    return RedirectResponse(export.url, status.HTTP_303_SEE_OTHER)


@router.get("/exports/{export_id}", responses=ACCESS_PROBLEMS)
async def read_export(export_id: int, session: ReadOnly, resources: ProcessResources) -> ExportRead:
    """Show one export; with a link to the file once it is written."""
    export = await queries.get_export(session, export_id)
    return _shaped(export, await _link(resources, session, export))


async def _ask(
    resources: Resources, caller: Principal, dataset_id: int, body: ExportCreate, *, wait_s: float
) -> ExportRead:
    """Ask in a transaction of its own, so that the worker sees it, then wait as long as the caller prefers."""
    tenancy = Tenancy.of_caller(caller)
    async with resources.database.transaction(tenancy) as session:
        export = await service.request_export(
            session,
            dataset_id,
            body.wish,
            user_id=caller.user_id,
        )
        asked = _shaped(export, None)

    async def is_over() -> bool:
        async with resources.database.snapshot(tenancy) as snapshot:
            found = await queries.find_export(snapshot, asked.id)
        return found is None or found.status != ExportStatus.PENDING

    if asked.status is ExportStatus.PENDING and wait_s:
        await wait_until(is_over, seconds=wait_s)
    async with resources.database.snapshot(tenancy) as snapshot:
        export = await queries.get_export(snapshot, asked.id)
        return _shaped(export, await _link(resources, snapshot, export))


async def _link(resources: Resources, session: Any, export: Any) -> str | None:
    if export.status != ExportStatus.SUCCESS:
        return None
    dataset = await datasets.get_dataset(session, export.dataset_id)
    name = f"{dataset.name}.{ExportFormat(export.format).extension}"
    return await resources.objects.presign_get(export.object_key, filename=name, expires_s=LINK_LIFE_S)


def _shaped(export: Any, url: str | None) -> ExportRead:
    names = ExportRead.model_fields.keys() - {"url"}
    return ExportRead.model_validate({**{name: getattr(export, name) for name in names}, "url": url})


def _status_of(export: ExportRead) -> int:
    return status.HTTP_202_ACCEPTED if export.status is ExportStatus.PENDING else status.HTTP_200_OK

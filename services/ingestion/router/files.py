"""HTTP of uploaded files."""

import orjson
from fastapi import Request, Response, status
from fastapi.responses import JSONResponse

from contracts.ingestion import UploadStatus
from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Tenancy, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.idempotency import Claim, claim
from kernel.limits import PlanLimitReached
from kernel.pagination import Page, PageQuery
from kernel.principals import Caller
from kernel.problems import BadRequest, Forbidden, TooLarge, UnsupportedMedia, problems_of
from kernel.resources import Resources
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources
from services.ingestion.errors import FileNotReady
from services.ingestion.queries import files as queries
from services.ingestion.router.multipart import incoming_file
from services.ingestion.schemas.files import (
    FileDownload,
    FilePreview,
    FileRead,
    FileSummary,
    FileUpdate,
    ImportReport,
)
from services.ingestion.service import files as service
from services.ingestion.settings import IngestionSettings

router = Router(prefix="/api", tags=["files"], responses=ACCESS_PROBLEMS)
LINK_LIFE_S = 300
_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post(
    "/projects/{project_id}/files",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=FileRead,
    responses=problems_of(BadRequest, Forbidden, PlanLimitReached, TooLarge, UnsupportedMedia),
    openapi_extra=_UPLOAD_BODY,
)
async def upload_file(
    project_id: int, request: Request, caller: Caller, resources: ProcessResources
) -> Response:
    """Upload a file as multipart/form-data, part `file`; it is read in the background. Follow `Location`.

    The bytes go to the object store as they arrive. The transaction is opened afterwards, so that a slow upload
    holds no database connection; a repeat under the same `Idempotency-Key` ends there with the first answer.
    """
    tenancy = Tenancy.of_caller(caller)
    grant = await service.require_upload_access(resources, tenancy, project_id)
    incoming = await incoming_file(request, limit_bytes=_limit_bytes(resources))
    async with (
        service.stored_upload(resources, grant, incoming) as upload,
        resources.database.transaction(tenancy) as session,
    ):
        await claim(session, request, caller=caller.subject)
        file = await service.add_file(session, resources.settings.plan_limits, upload, user_id=caller.user_id)
        answer = _accepted(_read(file, []))
        await _keep_for_repeats(request, answer)
    return answer


def _limit_bytes(resources: Resources) -> int:
    if not isinstance(resources.settings, IngestionSettings):
        raise TypeError("ingestion runs with IngestionSettings")
    return resources.settings.max_upload_bytes


def _accepted(file: FileRead) -> Response:
    location = {"Location": f"/api/files/{file.id}"}
    return JSONResponse(file.model_dump(mode="json"), status.HTTP_202_ACCEPTED, location)


async def _keep_for_repeats(request: Request, answer: Response) -> None:
    held: Claim | None = getattr(request.state, "idempotency_claim", None)
    if held is not None:
        await held.store(answer)
        # The route would store it once more, when this transaction is over.
        request.state.idempotency_claim = None


@router.get("/projects/{project_id}/files")
async def list_files(
    project_id: int, session: ReadOnly, page: PageQuery, upload_status: UploadStatus | None = None
) -> Page[FileSummary]:
    """List a project's files, newest first."""
    await require_project(session, project_id, Permission.READ)
    files, cursor = await queries.list_files(session, page, project_id, status=upload_status)
    datasets = await queries.dataset_ids(session, [file.id for file in files])
    items = [FileSummary.model_validate(_summary(file, datasets.get(file.id, []))) for file in files]
    return Page(items=items, next_cursor=cursor)


@router.get("/files/{file_id}")
async def read_file(file_id: int, session: ReadOnly) -> FileRead:
    """Show one file: whether it was understood, and its columns."""
    file = await queries.get_file(session, file_id)
    return _read(file, (await queries.dataset_ids(session, [file_id])).get(file_id, []))


@router.patch("/files/{file_id}")
async def rename_file(file_id: int, body: FileUpdate, session: Transaction) -> FileRead:
    """Rename a file (JSON Merge Patch)."""
    file = await service.rename_file(session, file_id, body.name)
    return _read(file, (await queries.dataset_ids(session, [file_id])).get(file_id, []))


@router.delete("/files/{file_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_file(file_id: int, session: Transaction) -> None:
    """Delete a file, its datasets and what was computed from them."""
    await service.delete_file(session, file_id)


@router.get("/files/{file_id}/preview", responses=problems_of(FileNotReady))
async def preview_file(file_id: int, session: ReadOnly, resources: ProcessResources) -> FilePreview:
    """Show the first 50 rows as they were understood."""
    file = await queries.get_file(session, file_id)
    if file.upload_status != UploadStatus.SUCCESS:
        raise FileNotReady(f"File {file_id} is {file.upload_status}; only an understood file has a preview.")
    stored = await resources.objects.get(f"{service.folder_of(file.file)}preview.json")
    return FilePreview.model_validate(orjson.loads(stored))


@router.get("/files/{file_id}/report", responses=problems_of(FileNotReady))
async def read_report(file_id: int, session: ReadOnly) -> ImportReport:
    """Show how the file was read: encoding, dialect, header, rejected and repaired rows, coerced values."""
    file = await queries.get_file(session, file_id)
    if file.upload_status == UploadStatus.PENDING:
        raise FileNotReady(f"File {file_id} is {file.upload_status}; its report comes when it is read.")
    return ImportReport.model_validate(file.import_report)


@router.get("/files/{file_id}/download")
async def download_file(file_id: int, session: ReadOnly, resources: ProcessResources) -> FileDownload:
    """Give a link to the untouched original; it works without log-in for five minutes."""
    file = await queries.get_file(session, file_id)
    url = await resources.objects.presign_get(file.file, filename=file.original_name, expires_s=LINK_LIFE_S)
    return FileDownload(url=url, expires_in=LINK_LIFE_S)


def _summary(file: object, dataset_ids: list[int]) -> dict[str, object]:
    columns = FileRead.model_fields.keys() - {"name", "dataset_ids"}
    values = {name: getattr(file, name) for name in columns}
    return {**values, "name": getattr(file, "original_name", ""), "dataset_ids": dataset_ids}


def _read(file: object, dataset_ids: list[int]) -> FileRead:
    return FileRead.model_validate(_summary(file, dataset_ids))

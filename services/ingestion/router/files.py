"""HTTP of uploaded files."""

import orjson
from fastapi import Request, Response, status
from fastapi.responses import JSONResponse

from contracts.ingestion import FileType, UploadStatus
from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Tenancy, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.idempotency import claim, keep_answer
from kernel.limits import PlanLimitReached
from kernel.pagination import Page, PageQuery
from kernel.principals import Caller
from kernel.problems import BadRequest, Forbidden, TooLarge, UnsupportedMedia, problems_of
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources, max_upload_bytes
from services.ingestion.errors import (
    DuplicateFile,
    FileNotFailed,
    FileNotReady,
    FileWithoutOriginal,
    UploadMismatch,
)
from services.ingestion.queries import files as queries
from services.ingestion.router.file_shapes import shaped_file, shaped_files
from services.ingestion.router.multipart import incoming_file
from services.ingestion.schemas.files import (
    FileDownload,
    FilePreview,
    FileRead,
    FileReading,
    FileSummary,
    FileUpdate,
    UploadedAs,
)
from services.ingestion.schemas.uploads import OnDuplicate
from services.ingestion.service import files as service
from services.ingestion.service import readings

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
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "sha256": {"type": "string", "description": "64 hexadecimal digits; checked."},
                        "file_type": {
                            "type": "string",
                            "enum": [each.value for each in UploadedAs],
                            "description": "As what it is read; `auto`, or nothing: its content decides.",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/projects/{project_id}/files",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=FileRead,
    responses=problems_of(
        BadRequest, DuplicateFile, Forbidden, PlanLimitReached, TooLarge, UnsupportedMedia, UploadMismatch
    ),
    openapi_extra=_UPLOAD_BODY,
)
async def upload_file(
    project_id: int,
    request: Request,
    caller: Caller,
    resources: ProcessResources,
    on_duplicate: OnDuplicate = OnDuplicate.KEEP,
) -> Response:
    """Upload a file as multipart/form-data, part `file`; it is read in the background. Follow `Location`.

    A field `sha256` beside it is compared with what arrived. Content that the project has already is taken in and told
    (`duplicate_of`), or with `?on_duplicate=refuse` a 409. A field `file_type` says whether it is a table or a document.

    The bytes go to the object store as they arrive. The transaction is opened afterwards, so that a slow upload
    holds no database connection; a repeat under the same `Idempotency-Key` ends there with the first answer.
    """
    tenancy = Tenancy.of_caller(caller)
    grant = await service.require_upload_access(resources, tenancy, project_id)
    incoming = await incoming_file(request, limit_bytes=max_upload_bytes(resources))
    async with (
        service.stored_upload(resources, grant, incoming) as upload,
        resources.database.transaction(tenancy) as session,
    ):
        await claim(session, request, caller=caller.subject)
        file = await service.add_file(
            session,
            resources.settings.plan_limits,
            upload,
            user_id=caller.user_id,
            must_be_new=on_duplicate is OnDuplicate.REFUSE,
        )
        answer = _accepted(await shaped_file(session, file))
        await keep_answer(request, answer)
    return answer


def _accepted(file: FileRead) -> Response:
    location = {"Location": f"/api/files/{file.id}"}
    return JSONResponse(file.model_dump(mode="json"), status.HTTP_202_ACCEPTED, location)


@router.get("/projects/{project_id}/files")
async def list_files(
    project_id: int, session: ReadOnly, page: PageQuery, upload_status: UploadStatus | None = None
) -> Page[FileSummary]:
    """List a project's files, newest first."""
    await require_project(session, project_id, Permission.READ)
    files, cursor = await queries.list_files(session, page, project_id, status=upload_status)
    return Page(items=await shaped_files(session, files), next_cursor=cursor)


@router.get("/files/{file_id}")
async def read_file(file_id: int, session: ReadOnly) -> FileRead:
    """Show one file: whether it was understood, and its columns."""
    return await shaped_file(session, await queries.get_file(session, file_id))


@router.patch("/files/{file_id}")
async def rename_file(file_id: int, body: FileUpdate, session: Transaction) -> FileRead:
    """Rename a file (JSON Merge Patch)."""
    return await shaped_file(session, await service.rename_file(session, file_id, body.name))


@router.delete("/files/{file_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_file(file_id: int, session: Transaction) -> None:
    """Delete a file, its datasets and what was computed from them."""
    await service.delete_file(session, file_id)


@router.post(
    "/files/{file_id}/read",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems_of(FileNotFailed, FileWithoutOriginal),
)
async def read_file_again(
    file_id: int, body: FileReading, session: Transaction, response: Response
) -> FileRead:
    """Read a file that was not understood as a person says: another delimiter, encoding, sheet, header … Follow `Location`."""
    wanted = None if body.file_type is UploadedAs.AUTO else FileType(body.file_type)
    file = await readings.read_again(session, file_id, body.options, wanted)
    response.headers["Location"] = f"/api/files/{file_id}"
    return await shaped_file(session, file)


@router.get("/files/{file_id}/preview", responses=problems_of(FileNotReady))
async def preview_file(file_id: int, session: ReadOnly, resources: ProcessResources) -> FilePreview:
    """Show the first 50 rows as they were understood; of a document, its first page."""
    file = await queries.get_file(session, file_id)
    if file.upload_status != UploadStatus.SUCCESS:
        raise FileNotReady(f"File {file_id} is {file.upload_status}; only an understood file has a preview.")
    stored = await resources.objects.get(f"{service.folder_of(file.file)}preview.json")
    return FilePreview.model_validate(orjson.loads(stored))


@router.get("/files/{file_id}/download", responses=problems_of(FileWithoutOriginal))
async def download_file(file_id: int, session: ReadOnly, resources: ProcessResources) -> FileDownload:
    """Give a link to the untouched original; it works without log-in for five minutes."""
    file = await queries.get_file(session, file_id)
    if not file.sha256:
        raise FileWithoutOriginal(f"File {file_id} is {file.upload_status}; no original of it is stored.")
    url = await resources.objects.presign_get(file.file, filename=file.original_name, expires_s=LINK_LIFE_S)
    return FileDownload(url=url, expires_in=LINK_LIFE_S)

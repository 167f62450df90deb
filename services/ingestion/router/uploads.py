"""HTTP of uploads in parts: a large file goes straight to the object store, and goes on where it was cut off."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Request, Response, status
from fastapi.responses import JSONResponse

from kernel.access import Permission, require_project
from kernel.clock import utc_now
from kernel.db import ReadOnly, Tenancy
from kernel.http import ACCESS_PROBLEMS
from kernel.idempotency import claim, keep_answer
from kernel.limits import PlanLimitReached
from kernel.pagination import Page, PageQuery
from kernel.principals import Caller
from kernel.problems import TooLarge, problems_of
from kernel.resources import Resources
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources, max_upload_bytes
from services.ingestion.domain.names import clean_file_name
from services.ingestion.errors import DuplicateFile, UploadFinished, UploadIncomplete
from services.ingestion.queries import uploads as queries
from services.ingestion.router.file_shapes import shaped_file
from services.ingestion.router.multipart import too_large
from services.ingestion.schemas.files import FileRead
from services.ingestion.schemas.uploads import (
    UploadCreate,
    UploadPart,
    UploadRead,
    UploadState,
    UploadSummary,
)
from services.ingestion.service import uploads as service

router = Router(prefix="/api", tags=["files"], responses=ACCESS_PROBLEMS)
LINK_LIFE_S = 3600
PARTS_AT_ONCE = 100
FromPart = Annotated[int, Query(ge=1, description="The first part to give a link for.")]


@router.post(
    "/projects/{project_id}/uploads",
    status_code=status.HTTP_201_CREATED,
    response_model=UploadRead,
    responses=problems_of(DuplicateFile, PlanLimitReached, TooLarge),
)
async def begin_upload(
    project_id: int, body: UploadCreate, request: Request, caller: Caller, resources: ProcessResources
) -> Response:
    """Begin to upload a large file in parts: PUT each part's bytes to its `url`, in any order, then complete."""
    limit_bytes = max_upload_bytes(resources)
    if body.size_bytes > limit_bytes:
        raise too_large(limit_bytes)
    tenancy = Tenancy.of_caller(caller)
    announced = service.Announced(
        filename=clean_file_name(body.filename),
        content_type=body.content_type,
        size_bytes=body.size_bytes,
        sha256=(body.sha256 or "").lower(),
        on_duplicate=body.on_duplicate,
    )
    grant = await service.require_room_for(resources, tenancy, project_id, announced)
    async with (
        service.begun_upload(resources, grant) as parts,
        resources.database.transaction(tenancy) as session,
    ):
        await claim(session, request, caller=caller.subject)
        upload = await service.add_upload(session, project_id, announced, parts, user_id=caller.user_id)
        shaped = await _shaped(resources, upload, {}, from_part=1)
        location = {"Location": f"/api/uploads/{upload.id}"}
        answer = JSONResponse(shaped.model_dump(mode="json"), status.HTTP_201_CREATED, location)
        await keep_answer(request, answer)
    return answer


@router.get("/projects/{project_id}/uploads")
async def list_uploads(project_id: int, session: ReadOnly, page: PageQuery) -> Page[UploadSummary]:
    """List a project's uploads in parts, newest first; they are kept for a week."""
    await require_project(session, project_id, Permission.READ)
    uploads, cursor = await queries.list_uploads(session, page, project_id)
    return Page(items=[UploadSummary.model_validate(_summary(each)) for each in uploads], next_cursor=cursor)


@router.get("/uploads/{upload_id}")
async def read_upload(
    upload_id: int, caller: Caller, resources: ProcessResources, from_part: FromPart = 1
) -> UploadRead:
    """Show which parts have arrived, with fresh links for those that have not: go on here after a lost connection."""
    async with resources.database.snapshot(Tenancy.of_caller(caller)) as session:
        upload = await service.get_writable(session, upload_id)
    return await _shaped(resources, upload, await _arrived(resources, upload), from_part=from_part)


@router.post(
    "/uploads/{upload_id}/complete",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=FileRead,
    responses=problems_of(PlanLimitReached, UploadFinished, UploadIncomplete),
)
async def complete_upload(
    upload_id: int, request: Request, caller: Caller, resources: ProcessResources
) -> Response:
    """Make a file of the parts; size and SHA-256 are verified in the background. Follow `Location`.

    Again, it gives the same file. A file that is not what was announced ends as FAILED, and nothing of it is kept.
    """
    tenancy = Tenancy.of_caller(caller)
    async with resources.database.snapshot(tenancy) as snapshot:
        upload = await service.get_writable(snapshot, upload_id)
    if service.state_of(upload) is UploadState.OPEN:
        service.require_all_parts(service.plan_of(upload), await _arrived(resources, upload))
    async with resources.database.transaction(tenancy) as session:
        await claim(session, request, caller=caller.subject)
        file = await service.complete_upload(session, resources.settings.plan_limits, upload_id)
        shaped = await shaped_file(session, file)
        location = {"Location": f"/api/files/{shaped.id}"}
        answer = JSONResponse(shaped.model_dump(mode="json"), status.HTTP_202_ACCEPTED, location)
        await keep_answer(request, answer)
    return answer


@router.delete(
    "/uploads/{upload_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problems_of(UploadFinished)
)
async def give_up_upload(upload_id: int, caller: Caller, resources: ProcessResources) -> None:
    """Give up an upload; what was sent of it is thrown away."""
    async with resources.database.transaction(Tenancy.of_caller(caller)) as session:
        parts = await service.give_up_upload(session, upload_id)
    # Killed in between, the parts lie there until the sweep finds that no row knows them.
    await resources.objects.parts.abort(parts)


async def _arrived(resources: Resources, upload: Any) -> dict[int, int] | None:
    """The sizes of the parts that have arrived, by number; None where the object store knows no such upload (any more)."""
    if service.state_of(upload) is UploadState.COMPLETE:
        return None
    arrived = await resources.objects.parts.arrived(service.parts_of(upload))
    return None if arrived is None else {part.number: part.size_bytes for part in arrived}


async def _shaped(
    resources: Resources, upload: Any, arrived: dict[int, int] | None, *, from_part: int
) -> UploadRead:
    plan, state = service.plan_of(upload), service.state_of(upload)
    missing = [] if state is UploadState.COMPLETE else plan.missing(arrived or {})
    takes_parts = state is UploadState.OPEN and arrived is not None
    wanted = [number for number in missing if number >= from_part] if takes_parts else []
    there = sorted(set(range(1, plan.n_parts + 1)) - set(missing))
    return UploadRead.model_validate(
        {
            **_summary(upload),
            "content_type": upload.content_type,
            "sha256": upload.sha256,
            "part_size": plan.part_bytes,
            "n_parts": plan.n_parts,
            "arrived_parts": there,
            "arrived_bytes": sum(plan.size_of(number) for number in there),
            "parts": await _signed(resources, upload, wanted[:PARTS_AT_ONCE]),
            "next_part": wanted[PARTS_AT_ONCE] if len(wanted) > PARTS_AT_ONCE else None,
        }
    )


async def _signed(resources: Resources, upload: Any, numbers: list[int]) -> list[UploadPart]:
    plan, parts = service.plan_of(upload), service.parts_of(upload)
    expires_at = utc_now() + timedelta(seconds=LINK_LIFE_S)
    return [
        UploadPart(
            number=number,
            size_bytes=plan.size_of(number),
            url=await resources.objects.parts.presign(
                parts, number=number, size_bytes=plan.size_of(number), expires_s=LINK_LIFE_S
            ),
            expires_at=expires_at,
        )
        for number in numbers
    ]


def _summary(upload: Any) -> dict[str, Any]:
    columns = ("id", "project_id", "filename", "size_bytes", "expires_at", "created_at")
    return {
        **{name: getattr(upload, name) for name in columns},
        "status": service.state_of(upload),
        "file_id": upload.raw_data_file_id,
    }

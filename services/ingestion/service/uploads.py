"""Commands of uploads in parts: begin, complete, give up; note what verification found.

A completed upload becomes a file at once, PENDING and without a SHA-256. The worker puts the parts together, reads what
then lies in the object store, and only when that is what was announced does the file count as uploaded.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from contracts.ingestion import FileType, UploadCompleted, UploadStatus
from kernel.access import Permission, ProjectGrant, require_project
from kernel.clock import utc_now
from kernel.db import Session, Snapshot, Tenancy
from kernel.events import record
from kernel.limits import Limit, PlanLimits, require_room
from kernel.part_uploads import PartUpload
from kernel.resources import Resources
from services.ingestion.domain.parts import PartPlan
from services.ingestion.errors import UploadFinished, UploadIncomplete
from services.ingestion.models import FileUpload, RawDataFile
from services.ingestion.queries import files
from services.ingestion.queries import uploads as queries
from services.ingestion.schemas.uploads import OnDuplicate, UploadState
from services.ingestion.service.files import ORIGINAL_TYPE, new_key, require_new_content
from services.ingestion.service.originals import is_awaited

UPLOAD_LIFE = timedelta(days=7)
VERIFYING = "verifying"
_LISTED_PARTS = 100


@dataclass(frozen=True, slots=True)
class Announced:
    """A file as its sender describes it; `sha256` is lower case, empty where it is not said."""

    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    on_duplicate: OnDuplicate


@dataclass(frozen=True, slots=True)
class Verification:
    """What the worker needs to verify a completed upload."""

    file_id: int
    parts: PartUpload
    plan: PartPlan
    sha256: str
    """As announced; empty where it was not."""
    must_be_new: bool


def plan_of(upload: FileUpload) -> PartPlan:
    """Return how an upload's file is cut into parts."""
    return PartPlan(upload.size_bytes, upload.part_bytes)


def parts_of(upload: FileUpload) -> PartUpload:
    """Return the object store's name of an upload."""
    return PartUpload(upload.object_key, upload.multipart_id)


def state_of(upload: FileUpload) -> UploadState:
    """Return where an upload stands at this moment."""
    if upload.raw_data_file_id is not None:
        return UploadState.COMPLETE
    return UploadState.EXPIRED if upload.expires_at <= utc_now() else UploadState.OPEN


async def require_room_for(
    resources: Resources, tenancy: Tenancy, project_id: int, announced: Announced
) -> ProjectGrant:
    """Return the caller's grant before anything is begun.

    Raises NotFound, Forbidden, PlanLimitReached; DuplicateFile where content must be new and its SHA-256 is known.
    """
    async with resources.database.transaction(tenancy) as session:
        grant = await require_project(session, project_id, Permission.WRITE)
        limits = resources.settings.plan_limits
        await require_room(session, limits, grant.team_id, Limit.STORAGE_BYTES, adding=announced.size_bytes)
        if announced.on_duplicate is OnDuplicate.REFUSE:
            await require_new_content(session, project_id, announced.sha256)
        return grant


@asynccontextmanager
async def begun_upload(resources: Resources, grant: ProjectGrant) -> AsyncIterator[PartUpload]:
    """Begin an upload in the object store and yield it; when the block fails, it is aborted again."""
    parts = await resources.objects.parts.begin(new_key(grant), ORIGINAL_TYPE)
    try:
        yield parts
    except BaseException:
        await resources.objects.parts.abort(parts)
        raise


async def add_upload(
    session: Session, project_id: int, announced: Announced, parts: PartUpload, *, user_id: int
) -> FileUpload:
    """Add the row of an upload that was begun; raises NotFound, Forbidden."""
    await require_project(session, project_id, Permission.WRITE)
    upload = FileUpload(
        project_id=project_id,
        created_by_id=user_id,
        object_key=parts.key,
        multipart_id=parts.multipart_id,
        filename=announced.filename,
        content_type=announced.content_type,
        size_bytes=announced.size_bytes,
        sha256=announced.sha256,
        part_bytes=PartPlan.of(announced.size_bytes).part_bytes,
        on_duplicate=announced.on_duplicate,
        expires_at=utc_now() + UPLOAD_LIFE,
    )
    session.add(upload)
    await session.flush()  # the answer carries the id
    return upload


async def get_writable(session: Snapshot | Session, upload_id: int) -> FileUpload:
    """Return an upload that the caller may send parts of; raises NotFound, Forbidden."""
    upload = await queries.get_upload(session, upload_id)
    await require_project(session, upload.project_id, Permission.WRITE)
    return upload


def require_all_parts(plan: PartPlan, arrived: Mapping[int, int] | None) -> None:
    """Raise UploadIncomplete unless exactly the planned parts have arrived, by number → bytes; None: they are gone."""
    if arrived is None:
        raise UploadFinished("The object store has thrown the parts away. Begin a new upload.")
    wrong = plan.misfits(arrived)
    missing = [number for number in plan.missing(arrived) if number not in arrived]
    if missing or wrong:
        raise UploadIncomplete(
            f"Of {plan.n_parts} parts {len(missing)} are missing and {len(wrong)} have the wrong size.",
            missing=missing[:_LISTED_PARTS],
            wrong_size=wrong[:_LISTED_PARTS],
            n_missing=len(missing),
            n_wrong_size=len(wrong),
        )


async def complete_upload(session: Session, limits: PlanLimits, upload_id: int) -> RawDataFile:
    """Make a file of an upload whose parts have all arrived, and ask for its verification; again, return that file.

    Raises NotFound, Forbidden, PlanLimitReached, UploadFinished for one that has expired.
    """
    visible = await get_writable(session, upload_id)
    grant = await require_project(session, visible.project_id, Permission.WRITE)
    # After the check: a policy hides from FOR UPDATE what may not be written, which would look like a 404.
    upload = await queries.lock_upload(session, upload_id)
    if upload.raw_data_file_id is not None:
        return await files.get_file(session, upload.raw_data_file_id)
    if state_of(upload) is UploadState.EXPIRED:
        raise UploadFinished(f"Upload {upload_id} expired. Begin a new one.")
    await require_room(session, limits, grant.team_id, Limit.STORAGE_BYTES, adding=upload.size_bytes)
    file = RawDataFile(
        project_id=upload.project_id,
        uploaded_by_id=upload.created_by_id,
        file=upload.object_key,
        file_type=FileType.TABULAR,  # judged when the bytes are read
        upload_status=UploadStatus.PENDING,
        original_name=upload.filename,
        content_type=upload.content_type,
        size_bytes=upload.size_bytes,
        progress={"phase": VERIFYING, "done": 0, "total": upload.size_bytes},
    )
    session.add(file)
    await session.flush()  # upload and event carry the id
    upload.raw_data_file_id = file.id
    await tell_completed(session, upload, file.id, team_id=grant.team_id)
    return file


async def tell_completed(session: Session, upload: FileUpload, file_id: int, *, team_id: int) -> None:
    """Record that an upload waits for its verification."""
    event = UploadCompleted(project_id=upload.project_id, upload_id=upload.id, file_id=file_id)
    await record(session, event, team_id=team_id, project_id=upload.project_id)


async def give_up_upload(session: Session, upload_id: int) -> PartUpload:
    """Remove an upload and return what is to be aborted; raises NotFound, Forbidden, UploadFinished."""
    await get_writable(session, upload_id)
    upload = await queries.lock_upload(session, upload_id)
    if upload.raw_data_file_id is not None:
        raise UploadFinished(f"Upload {upload_id} has become file {upload.raw_data_file_id}; delete that.")
    await session.delete(upload)
    return parts_of(upload)


async def find_verification(session: Snapshot, file_id: int) -> Verification | None:
    """Return what is to be verified, None when that is done or the file is gone."""
    upload = await queries.find_upload_of(session, file_id)
    file = await files.find_file(session, file_id)
    if upload is None or file is None or not is_awaited(file):
        return None
    must_be_new = upload.on_duplicate == OnDuplicate.REFUSE
    return Verification(file_id, parts_of(upload), plan_of(upload), upload.sha256, must_be_new)

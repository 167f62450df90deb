"""Commands of files: take in an upload, rename, delete; note what the reader found."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ingestion import (
    FileDeleted,
    FileFailed,
    FileProcessed,
    FileType,
    FileUploaded,
    UploadStatus,
)
from kernel.access import Permission, ProjectGrant, require_project
from kernel.db import Session, Tenancy
from kernel.events import record
from kernel.ids import uuid7
from kernel.limits import Limit, PlanLimits, require_room
from kernel.objects import BYTES, StoredObject
from kernel.resources import Resources
from services.ingestion.domain.signatures import HEAD_BYTES, judge
from services.ingestion.errors import DuplicateFile, UploadMismatch, problem_of_refusal
from services.ingestion.models import Dataset, DatasetVersion, RawDataFile
from services.ingestion.queries import files as queries
from services.ingestion.service.projects import object_prefix

ORIGINAL = "original"
"""The last part of an original's key; what is made of it lies beside."""
ORIGINAL_TYPE = BYTES
"""Under which originals are stored: what a stranger calls his file is nothing that a browser should act on."""


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file on its way in: its name and declared type, and its bytes as they arrive."""

    name: str
    content_type: str
    chunks: AsyncIterator[bytes]
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the form says beside the file (`sha256`, `file_type`); complete once the bytes are read."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived whole and has no row yet."""

    project_id: int
    name: str
    content_type: str
    file_type: FileType
    stored: StoredObject
    wanted_type: FileType | None = None
    """As what it is to be read; None where its content decides."""


@dataclass(frozen=True, slots=True)
class ReadTable:
    """What the reader made of a file: where the rows lie, and what is known about them."""

    parquet_key: str
    content_hash: str
    n_rows: int
    n_columns: int
    codebook: dict[str, Any]
    columns_metadata: dict[str, Any]
    report: dict[str, Any]


class _Watched:
    """An upload's bytes passing by; keeps the first ones, by which the content is judged."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.head = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[: HEAD_BYTES - len(self.head)]
            yield chunk


def folder_of(file_key: str) -> str:
    """Return the prefix of all objects of a file: the original and what was made of it."""
    return f"{PurePosixPath(file_key).parent}/"


def new_key(grant: ProjectGrant) -> str:
    """Return a key for one more original of a project."""
    return f"{object_prefix(grant.team_id, grant.project_id)}files/{uuid7()}/{ORIGINAL}"


def another_key(key: str) -> str:
    """Return a key beside that of an original, for another attempt at it: what lies at the first is never overwritten."""
    return f"{PurePosixPath(key).parent.parent}/{uuid7()}/{ORIGINAL}"


def file_type_of(head: bytes) -> FileType:
    """Return what a file can become, by its first bytes (`HEAD_BYTES` of them)."""
    return FileType.UNSTRUCTURED if judge(head).is_document else FileType.TABULAR


def wanted_type(fields: Mapping[str, str]) -> FileType | None:
    """Return as what an upload's form wants it read, None where its content decides."""
    said = fields.get("file_type", "")
    return FileType(said) if said in set(FileType) else None


def require_sha256(expected: str, found: str) -> None:
    """Raise UploadMismatch when a SHA-256 was announced and what arrived has another."""
    if expected and expected != found:
        detail = f"The announced SHA-256 is {expected}, that of the bytes that arrived is {found}."
        raise UploadMismatch(detail, expected=expected, found=found)


async def require_new_content(session: AsyncSession, project_id: int, sha256: str) -> None:
    """Raise DuplicateFile when the project has a file with this content."""
    known = await queries.with_content(session, project_id, sha256) if sha256 else []
    if known:
        listed = ", ".join(map(str, known[:10]))
        raise DuplicateFile(f"The project has this content already: file {listed}.", duplicate_of=known)


async def require_upload_access(resources: Resources, tenancy: Tenancy, project_id: int) -> ProjectGrant:
    """Return the caller's grant before any byte is stored; raises NotFound, Forbidden, PlanLimitReached."""
    limits = resources.settings.plan_limits
    async with resources.database.transaction(tenancy) as session:
        grant = await require_project(session, project_id, Permission.WRITE)
        await require_room(session, limits, grant.team_id, Limit.STORAGE_BYTES, adding=1)
        return grant


@asynccontextmanager
async def stored_upload(
    resources: Resources, grant: ProjectGrant, incoming: IncomingFile
) -> AsyncIterator[Upload]:
    """Store an upload as it arrives and yield it; when the block fails, its object is removed again.

    Raises UploadMismatch when the form announced another SHA-256.
    """
    watched = _Watched(incoming.chunks)
    key = new_key(grant)
    stored = await resources.objects.put_stream(key, aiter(watched), ORIGINAL_TYPE)
    wanted = wanted_type(incoming.fields)
    file_type = wanted or file_type_of(watched.head)
    try:
        require_sha256(incoming.fields.get("sha256", ""), stored.sha256)
        yield Upload(grant.project_id, incoming.name, incoming.content_type, file_type, stored, wanted)
    except BaseException:
        await resources.objects.delete(key)
        raise


async def add_file(
    session: Session, limits: PlanLimits, upload: Upload, *, user_id: int, must_be_new: bool = False
) -> RawDataFile:
    """Add a stored upload's row and tell about it.

    Raises NotFound, Forbidden, PlanLimitReached; where its content must be new in the project, DuplicateFile.
    """
    # Asked again: the upload may have taken longer than the membership lasted, and only now its size is known.
    grant = await require_project(session, upload.project_id, Permission.WRITE)
    size_bytes = upload.stored.size_bytes
    await require_room(session, limits, grant.team_id, Limit.STORAGE_BYTES, adding=size_bytes)
    if must_be_new:
        await require_new_content(session, upload.project_id, upload.stored.sha256)
    file = RawDataFile(
        project_id=upload.project_id,
        uploaded_by_id=user_id,
        file=upload.stored.key,
        file_type=upload.file_type,
        upload_status=UploadStatus.PENDING,
        original_name=upload.name,
        content_type=upload.content_type,
        size_bytes=upload.stored.size_bytes,
        sha256=upload.stored.sha256,
        progress={"phase": "waiting", "done": 0, "total": upload.stored.size_bytes},
    )
    session.add(file)
    await session.flush()  # the event carries the id
    await tell_uploaded(session, file, team_id=grant.team_id, wanted_type=upload.wanted_type)
    return file


async def tell_uploaded(
    session: Session, file: RawDataFile, *, team_id: int, wanted_type: FileType | None = None
) -> None:
    """Record that a file's original is stored whole."""
    event = FileUploaded(
        project_id=file.project_id,
        file_id=file.id,
        object_key=file.file,
        original_name=file.original_name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        file_type=wanted_type,
    )
    await record(session, event, team_id=team_id, project_id=file.project_id)


async def rename_file(session: Session, file_id: int, name: str) -> RawDataFile:
    """Give a file another name; its content never changes. Raises NotFound, Forbidden."""
    file = await queries.get_file(session, file_id)
    await require_project(session, file.project_id, Permission.WRITE)
    file.original_name = name
    await session.flush()  # the answer carries the new updated_at
    return file


async def delete_file(session: Session, file_id: int) -> None:
    """Remove a file and its datasets; the objects are purged on the event. Raises NotFound, Forbidden."""
    file = await queries.get_file(session, file_id)
    grant = await require_project(session, file.project_id, Permission.WRITE)
    datasets = (await queries.dataset_ids(session, [file_id])).get(file_id, [])
    event = FileDeleted(
        project_id=file.project_id, file_id=file_id, dataset_ids=datasets, object_prefix=folder_of(file.file)
    )
    await record(session, event, team_id=grant.team_id, project_id=file.project_id)
    await session.delete(file)


async def complete_import(
    session: Session, limits: PlanLimits, file: RawDataFile, table: ReadTable, *, team_id: int
) -> Dataset:
    """Make the first version of a dataset of what was read, in the transaction that owns the event's effect.

    Raises PlanLimitReached when the team may not have so many rows.
    """
    await require_room(session, limits, team_id, Limit.ROWS, adding=table.n_rows)
    dataset = Dataset(
        project_id=file.project_id,
        name=_dataset_name(file.original_name),
        raw_data_file_id=file.id,
        version=1,
    )
    session.add(dataset)
    await session.flush()  # version and event carry the id
    session.add(
        DatasetVersion(
            project_id=file.project_id,
            dataset_id=dataset.id,
            number=1,
            parquet_key=table.parquet_key,
            codebook=table.codebook,
            n_rows=table.n_rows,
            content_hash=table.content_hash,
        )
    )
    file.upload_status = UploadStatus.SUCCESS
    file.columns_metadata = table.columns_metadata
    file.import_report = table.report
    file.progress = {"phase": "done", "done": table.n_rows, "total": table.n_rows}
    event = FileProcessed(
        project_id=file.project_id,
        file_id=file.id,
        dataset_ids=[dataset.id],
        n_rows=table.n_rows,
        n_columns=table.n_columns,
    )
    await record(session, event, team_id=team_id, project_id=file.project_id)
    return dataset


def _dataset_name(file_name: str) -> str:
    return PurePosixPath(file_name).stem or file_name


async def fail_import(
    session: Session, file: RawDataFile, slug: str, *, detail: str, hint: str, team_id: int, **members: Any
) -> None:
    """Note why a file cannot be taken in or understood, in the transaction that owns the event's effect."""
    file.upload_status = UploadStatus.FAILED
    file.error = problem_of_refusal(slug, detail=detail, hint=hint, **members)
    file.progress = {**file.progress, "phase": "failed"}
    event = FileFailed(project_id=file.project_id, file_id=file.id, slug=slug, detail=detail)
    await record(session, event, team_id=team_id, project_id=file.project_id)

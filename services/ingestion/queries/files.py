"""Questions about uploaded files."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.ingestion import UploadStatus
from kernel.db import Session
from kernel.pagination import PageRequest, paginate
from kernel.problems import NotFound
from services.ingestion.models import Dataset, RawDataFile


async def find_file(session: AsyncSession, file_id: int) -> RawDataFile | None:
    """Return a file, None when there is none that the caller can see."""
    return await session.get(RawDataFile, file_id)


async def get_file(session: AsyncSession, file_id: int) -> RawDataFile:
    """Return a file; raises NotFound."""
    file = await find_file(session, file_id)
    if file is None:
        raise NotFound.of("file", file_id)
    return file


async def lock_file(session: Session, file_id: int) -> RawDataFile | None:
    """Return a file that nobody else changes until the end of the transaction, None when it is gone."""
    return await session.scalar(select(RawDataFile).where(RawDataFile.id == file_id).with_for_update())


async def list_files(
    session: AsyncSession, page: PageRequest, project_id: int, *, status: UploadStatus | None = None
) -> tuple[list[RawDataFile], str | None]:
    """Return a page of a project's files, newest first, all or those of one status."""
    query = select(RawDataFile).where(RawDataFile.project_id == project_id)
    if status is not None:
        query = query.where(RawDataFile.upload_status == status)
    return await paginate(
        session, query, page, order_by=(RawDataFile.created_at.desc(), RawDataFile.id.desc())
    )


async def dataset_ids(session: AsyncSession, file_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return, by file, the ids of the datasets read from it."""
    query = (
        select(Dataset.raw_data_file_id, Dataset.id)
        .where(Dataset.raw_data_file_id.in_(list(file_ids)))
        .order_by(Dataset.id)
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for file_id, dataset_id in await session.execute(query):
        if file_id is not None:
            found[file_id].append(dataset_id)
    return found


async def duplicates(session: AsyncSession, files: Iterable[RawDataFile]) -> dict[int, list[int]]:
    """Return, by file, the ids of earlier files of its project with the same content."""
    later, earlier = RawDataFile, aliased(RawDataFile)
    query = (
        select(later.id, earlier.id)
        .join(earlier, (earlier.project_id == later.project_id) & (earlier.sha256 == later.sha256))
        .where(later.id.in_([file.id for file in files]), later.sha256 != "", earlier.id < later.id)
        .order_by(later.id, earlier.id)
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for file_id, earlier_id in await session.execute(query):
        found[file_id].append(earlier_id)
    return found


async def with_content(session: AsyncSession, project_id: int, sha256: str) -> list[int]:
    """Return the ids of a project's files whose stored original has this SHA-256."""
    query = select(RawDataFile.id).where(RawDataFile.project_id == project_id, RawDataFile.sha256 == sha256)
    return list(await session.scalars(query.order_by(RawDataFile.id)))


async def set_progress(session: Session, file_id: int, *, phase: str, done: int, total: int) -> None:
    """Note how far the reader of a file has come; a file that is finished keeps its last note."""
    await session.execute(
        update(RawDataFile)
        .where(RawDataFile.id == file_id, RawDataFile.upload_status == UploadStatus.PENDING)
        .values(progress={"phase": phase, "done": done, "total": total})
    )

"""Questions about uploads in parts."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from kernel.pagination import PageRequest, paginate
from kernel.problems import NotFound
from services.ingestion.models import FileUpload


async def get_upload(session: AsyncSession, upload_id: int) -> FileUpload:
    """Return an upload; raises NotFound."""
    upload = await session.get(FileUpload, upload_id)
    if upload is None:
        raise NotFound.of("upload", upload_id)
    return upload


async def lock_upload(session: Session, upload_id: int) -> FileUpload:
    """Return an upload that nobody else changes until the end of the transaction; raises NotFound."""
    statement = select(FileUpload).where(FileUpload.id == upload_id).with_for_update()
    upload = await session.scalar(statement.execution_options(populate_existing=True))
    if upload is None:
        raise NotFound.of("upload", upload_id)
    return upload


async def find_upload_of(session: AsyncSession, file_id: int) -> FileUpload | None:
    """Return the upload that became a file, None when it came another way or is gone."""
    return await session.scalar(select(FileUpload).where(FileUpload.raw_data_file_id == file_id))


async def list_uploads(
    session: AsyncSession, page: PageRequest, project_id: int
) -> tuple[list[FileUpload], str | None]:
    """Return a page of a project's uploads that are kept, newest first."""
    query = select(FileUpload).where(FileUpload.project_id == project_id)
    return await paginate(session, query, page, order_by=(FileUpload.created_at.desc(), FileUpload.id.desc()))

"""What recurring jobs ask past all teams, through functions of schema `maintenance` that answer nothing else."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from kernel.part_uploads import PartUpload

_PURGE_UPLOADS = text("SELECT object_key, multipart_id FROM maintenance.purge_uploads(:keep)")
_PURGE_RESPONSE_FILES = text("SELECT maintenance.purge_response_files(:keep)")
_UNKNOWN_UPLOADS = text("SELECT maintenance.unknown_uploads(CAST(:ids AS text[]))")
_UNREFERRED = text("SELECT maintenance.unreferred_originals(:project, CAST(:keys AS text[]))")
_UNREFERRED_OBJECTS = text("SELECT maintenance.unreferred_objects(:project, CAST(:keys AS text[]))")
_MISSING_PROJECTS = text("SELECT maintenance.missing_projects(CAST(:ids AS bigint[]))")
_STUCK_FILES = text(
    "SELECT team_id, file_id FROM maintenance.stuck_files(:quiet) ORDER BY file_id LIMIT :most"
)


async def purge_response_files(session: Session, *, keep: timedelta) -> int:
    """Remove the rows of files in interviews that nobody went on with for longer, and return how many."""
    return int((await session.execute(_PURGE_RESPONSE_FILES, {"keep": keep})).scalar_one())


async def purge_uploads(session: Session, *, keep: timedelta) -> list[PartUpload]:
    """Remove uploads in parts that expired longer ago, and return what is to be aborted in the object store."""
    rows = await session.execute(_PURGE_UPLOADS, {"keep": keep})
    return [PartUpload(row.object_key, row.multipart_id) for row in rows]


async def unknown_uploads(session: AsyncSession, multipart_ids: Sequence[str]) -> set[str]:
    """Return those of the object store's multipart uploads that no row knows."""
    return set(await session.scalars(_UNKNOWN_UPLOADS, {"ids": list(multipart_ids)}))


async def unreferred_originals(session: AsyncSession, project_id: int, keys: Sequence[str]) -> set[str]:
    """Return those keys of originals that no file of the project refers to."""
    return set(await session.scalars(_UNREFERRED, {"project": project_id, "keys": list(keys)}))


async def unreferred_objects(session: AsyncSession, project_id: int, keys: Sequence[str]) -> set[str]:
    """Return those keys of rows, exports and respondents' files to which nothing in the project refers."""
    return set(await session.scalars(_UNREFERRED_OBJECTS, {"project": project_id, "keys": list(keys)}))


async def missing_projects(session: AsyncSession, ids: Sequence[int]) -> set[int]:
    """Return those ids of projects that exist no more."""
    return set(await session.scalars(_MISSING_PROJECTS, {"ids": list(ids)}))


async def stuck_files(session: AsyncSession, *, quiet: timedelta, most: int) -> list[tuple[int, int]]:
    """Return (team, file) of files that wait to be understood, and about which nothing was noted for so long."""
    rows = await session.execute(_STUCK_FILES, {"quiet": quiet, "most": most})
    return [(row.team_id, row.file_id) for row in rows]

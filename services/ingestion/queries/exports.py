"""Exports of datasets as rows."""

from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ingestion import ExportStatus
from kernel.db import Session
from kernel.problems import NotFound
from services.ingestion.models import DatasetExport

NEWEST_FIRST = (DatasetExport.created_at.desc(), DatasetExport.id.desc())


async def find_export(session: AsyncSession, export_id: int) -> DatasetExport | None:
    """Return an export, None when there is none that the caller can see."""
    return await session.get(DatasetExport, export_id)


async def get_export(session: AsyncSession, export_id: int) -> DatasetExport:
    """Return an export; raises NotFound."""
    export = await find_export(session, export_id)
    if export is None:
        raise NotFound(
            f"There is no export {export_id} that you can see; exports are kept for a day, then asked for again."
        )
    return export


async def lock_export(session: Session, export_id: int) -> DatasetExport | None:
    """Return an export that nobody else changes until the end of the transaction, None when it is gone."""
    return await session.scalar(select(DatasetExport).where(DatasetExport.id == export_id).with_for_update())


def exports_of(dataset_id: int) -> Select[DatasetExport]:
    """Select the exports of a dataset that are kept."""
    return select(DatasetExport).where(DatasetExport.dataset_id == dataset_id)


async def add_unless_asked_for(session: Session, **columns: Any) -> int | None:
    """Return the new export's id, None when the same was asked for before and has not failed."""
    statement = insert(DatasetExport).values(**columns).on_conflict_do_nothing().returning(DatasetExport.id)
    return await session.scalar(statement)


async def find_same(
    session: AsyncSession, dataset_id: int, version: int, request_hash: str
) -> DatasetExport | None:
    """Return the export of the same request that has not failed."""
    return await session.scalar(
        select(DatasetExport).where(
            DatasetExport.dataset_id == dataset_id,
            DatasetExport.dataset_version == version,
            DatasetExport.request_hash == request_hash,
            DatasetExport.status != ExportStatus.FAILED,
        )
    )


async def set_progress(session: Session, export_id: int, *, phase: str, done: int, total: int) -> None:
    """Note how far the writer has come; a finished export keeps its last note."""
    await session.execute(
        update(DatasetExport)
        .where(DatasetExport.id == export_id, DatasetExport.status == ExportStatus.PENDING)
        .values(progress={"phase": phase, "done": done, "total": total})
    )

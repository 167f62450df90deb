"""Changes of datasets as rows."""

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ingestion import ChangeKind, ChangeStatus
from kernel.db import Session
from kernel.problems import NotFound
from services.ingestion.models import DatasetChange

NEWEST_FIRST = (DatasetChange.created_at.desc(), DatasetChange.id.desc())


async def find_change(session: AsyncSession, change_id: int) -> DatasetChange | None:
    """Return a change, None when there is none that the caller can see."""
    return await session.get(DatasetChange, change_id)


async def get_change(session: AsyncSession, change_id: int) -> DatasetChange:
    """Return a change; raises NotFound."""
    change = await find_change(session, change_id)
    if change is None:
        raise NotFound.of("dataset change", change_id)
    return change


async def lock_change(session: Session, change_id: int) -> DatasetChange | None:
    """Return a pending change that nobody else finishes until the end of the transaction, None when there is none."""
    statement = select(DatasetChange).where(
        DatasetChange.id == change_id, DatasetChange.status == ChangeStatus.PENDING
    )
    return await session.scalar(statement.with_for_update())


def changes_of(dataset_id: int) -> Select[DatasetChange]:
    """Select the changes of a dataset."""
    return select(DatasetChange).where(DatasetChange.dataset_id == dataset_id)


async def find_last_merge(session: AsyncSession, dataset_id: int) -> DatasetChange | None:
    """Return the change that last merged others into a dataset, None where there was none."""
    query = changes_of(dataset_id).where(DatasetChange.kind == ChangeKind.MERGE)
    return await session.scalar(query.order_by(*NEWEST_FIRST).limit(1))


async def set_progress(session: Session, change_id: int, *, phase: str, done: int, total: int) -> None:
    """Note how far the worker has come; a finished change keeps its last note."""
    await session.execute(
        update(DatasetChange)
        .where(DatasetChange.id == change_id, DatasetChange.status == ChangeStatus.PENDING)
        .values(progress={"phase": phase, "done": done, "total": total})
    )

"""Analyses and the datasets behind them as rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Row, Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from kernel.db import Session
from services.analytics.models import AnalysisResult, Dataset, DatasetFilter, DatasetVersion

NEWEST_FIRST = (AnalysisResult.created_at.desc(), AnalysisResult.id.desc())
UNFINISHED = ("PENDING", "RUNNING")
_LIVE = text("NOT (status IN ('FAILED', 'CANCELLED'))")


@dataclass(frozen=True, slots=True)
class Standing:
    """A dataset's current version, and whether submitted interviews are not in it yet."""

    version: int
    is_behind: bool


async def find_standing(
    session: AsyncSession, dataset_id: int, *, project_id: int | None = None
) -> Standing | None:
    """Return how a dataset (of that project, if one is named) stands; None for one that the caller cannot see."""
    behind = func.access.dataset_behind(Dataset.id, type_=Boolean)
    statement = select(Dataset.version, behind).where(Dataset.id == dataset_id)
    if project_id is not None:
        statement = statement.where(Dataset.project_id == project_id)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Standing(row[0], bool(row[1]))


async def kept_filters(session: AsyncSession, dataset_id: int) -> dict[str, Any]:
    """Return the expressions of a dataset's stored filters by name."""
    query = select(DatasetFilter).where(DatasetFilter.dataset_id == dataset_id)
    return {kept.name: kept.expression for kept in await session.scalars(query)}


async def find_version(session: AsyncSession, dataset_id: int, number: int) -> DatasetVersion | None:
    """Return one version of a dataset."""
    statement = select(DatasetVersion).where(
        DatasetVersion.dataset_id == dataset_id, DatasetVersion.number == number
    )
    return await session.scalar(statement)


async def find_analysis(
    session: AsyncSession, analysis_id: int, *, lock: bool = False
) -> AnalysisResult | None:
    """Return an analysis; with `lock`, for writing it in this transaction."""
    statement = select(AnalysisResult).where(AnalysisResult.id == analysis_id)
    if lock:  # read afresh: the row may have changed since this session saw it unlocked
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(statement)


async def find_status(session: AsyncSession, analysis_id: int) -> str | None:
    """Return only an analysis' status."""
    return await session.scalar(select(AnalysisResult.status).where(AnalysisResult.id == analysis_id))


def analyses_of(project_id: int, *, dataset_id: int | None, kind: str | None) -> Select[Any]:
    """Select a project's analyses without their figures."""
    statement = select(AnalysisResult).options(
        defer(AnalysisResult.result_data), defer(AnalysisResult.lineage)
    )
    statement = statement.where(AnalysisResult.project_id == project_id)
    if dataset_id is not None:
        statement = statement.where(AnalysisResult.dataset_id == dataset_id)
    if kind is not None:
        statement = statement.where(AnalysisResult.calculation_type == kind)
    return statement


async def current_versions(session: AsyncSession, dataset_ids: Collection[int | None]) -> dict[int, int]:
    """Return dataset id → number of its current version."""
    wanted = [id_ for id_ in dataset_ids if id_ is not None]
    if not wanted:
        return {}
    rows = await session.execute(select(Dataset.id, Dataset.version).where(Dataset.id.in_(wanted)))
    return {row.id: row.version for row in rows}


async def add_analysis(session: Session, **values: Any) -> int | None:
    """Insert a new analysis and return its id; None where a live one with the same cache key exists already."""
    statement = (
        insert(AnalysisResult)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=[AnalysisResult.project_id, AnalysisResult.cache_key], index_where=_LIVE
        )
        .returning(AnalysisResult.id)
    )
    return await session.scalar(statement)


async def find_live(session: AsyncSession, project_id: int, cache_key: str) -> AnalysisResult | None:
    """Return the analysis of that cache key that is waiting, running or done."""
    statement = select(AnalysisResult).where(
        AnalysisResult.project_id == project_id, AnalysisResult.cache_key == cache_key, _LIVE
    )
    return await session.scalar(statement)


async def set_progress(session: Session, analysis_id: int, *, done: int, total: int, phase: str) -> bool:
    """Note how far an analysis is; returns whether it is still running."""
    progress = {"done": done, "total": total, "phase": phase}
    statement = (
        update(AnalysisResult)
        .where(AnalysisResult.id == analysis_id, AnalysisResult.status == "RUNNING")
        .values(progress=progress)
        .returning(AnalysisResult.id)
    )
    return await session.scalar(statement) is not None


async def remove_analysis(session: Session, analysis_id: int) -> None:
    """Delete an analysis."""
    await session.execute(delete(AnalysisResult).where(AnalysisResult.id == analysis_id))


async def results_by_id(
    session: AsyncSession, project_id: int, ids: Collection[int]
) -> Sequence[Row[int, str, dict[str, Any] | None, str]]:
    """Return (id, status, result_data, calculation_type) of a project's analyses among the ids."""
    statement = select(
        AnalysisResult.id, AnalysisResult.status, AnalysisResult.result_data, AnalysisResult.calculation_type
    ).where(AnalysisResult.project_id == project_id, AnalysisResult.id.in_(ids))
    return (await session.execute(statement)).all()

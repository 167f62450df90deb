"""Erasures of interviews as rows, and what may hold an interview: versions of datasets, exports, places in quotas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ingestion import ChangeKind
from kernel.db import Session
from kernel.problems import NotFound
from services.ingestion.models import (
    Dataset,
    DatasetChange,
    DatasetExport,
    DatasetVersion,
    Participant,
    ResponseErasure,
    SurveyResponse,
)

_RELEASE = text("SELECT access.release_seats(:response)")


_FORGET_FILES = text("SELECT access.forget_response_files(:response)")


async def forget_files(session: Session, response_id: int) -> list[str]:
    """Remove the rows of an interview's files; return the keys of their objects, which are to be removed after that."""
    return sorted(await session.scalars(_FORGET_FILES, {"response": response_id}))


async def forget_participants(session: Session, response_id: int) -> int:
    """Remove whoever had the personal link to an interview, with the letters to them; return how many."""
    statement = delete(Participant).where(Participant.survey_response_id == response_id)
    return len((await session.execute(statement.returning(Participant.id))).all())


async def lock_response(session: Session, survey_id: int, response_id: int) -> SurveyResponse:
    """Return an interview of a survey that nobody else changes until the end of the transaction; raises NotFound."""
    statement = (
        select(SurveyResponse)
        .where(SurveyResponse.id == response_id, SurveyResponse.survey_id == survey_id)
        .with_for_update()
    )
    response = await session.scalar(statement)
    if response is None:
        raise NotFound.of("response", response_id)
    return response


async def get_erasure(session: AsyncSession, survey_id: int, response_id: int) -> ResponseErasure:
    """Return the erasure of an interview; raises NotFound where it was not erased."""
    erasure = await session.scalar(
        select(ResponseErasure).where(
            ResponseErasure.survey_id == survey_id, ResponseErasure.survey_response_id == response_id
        )
    )
    if erasure is None:
        raise NotFound(f"There is no erasure of response {response_id} that you can see.")
    return erasure


async def find_erasure(session: AsyncSession, erasure_id: int) -> ResponseErasure | None:
    """Return an erasure, None when it went with its survey."""
    return await session.get(ResponseErasure, erasure_id)


async def lock_erasure(session: Session, erasure_id: int) -> ResponseErasure | None:
    """Return an erasure that is not complete, locked; None when there is none."""
    statement = select(ResponseErasure).where(
        ResponseErasure.id == erasure_id, ResponseErasure.completed_at.is_(None)
    )
    return await session.scalar(statement.with_for_update())


async def waiting_for(session: AsyncSession, dataset_id: int, change_id: int) -> Sequence[int]:
    """Return the erasures that go on when this change of the dataset is made."""
    statement = select(ResponseErasure.id).where(
        ResponseErasure.completed_at.is_(None),
        ResponseErasure.waiting[str(dataset_id)].as_integer() == change_id,
    )
    return (await session.scalars(statement)).all()


async def release_seats(session: Session, response_id: int) -> int:
    """Give up an interview's places in quotas; return how many."""
    return int(await session.scalar(_RELEASE, {"response": response_id}) or 0)


@dataclass(frozen=True)
class Remnants:
    """What may still hold an interview of one dataset: older versions, their exports, and the objects that only they have."""

    versions: Sequence[DatasetVersion]
    exports: Sequence[DatasetExport]
    keys: frozenset[str]


async def remnants(session: AsyncSession, dataset_id: int, *, since: datetime) -> Remnants:
    """Return what is older than a dataset's present version and not older than the interview."""
    dataset = await session.get(Dataset, dataset_id)
    present = 0 if dataset is None else dataset.version
    every = (
        await session.scalars(select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id))
    ).all()
    old = [version for version in every if version.number < present and version.created_at >= since]
    numbers = {version.number for version in old}
    exports = (
        await session.scalars(
            select(DatasetExport).where(
                DatasetExport.dataset_id == dataset_id, DatasetExport.dataset_version.in_(numbers)
            )
        )
    ).all()
    # Equal rows have one object: what a version that stays refers to is not touched.
    kept = {version.parquet_key for version in every if version.number not in numbers}
    keys = {version.parquet_key for version in old} - kept
    return Remnants(old, exports, frozenset(keys | {each.object_key for each in exports if each.object_key}))


async def remove_remnants(session: Session, found: Remnants) -> None:
    """Remove the rows of versions and exports whose objects are gone."""
    versions, exports = [one.id for one in found.versions], [one.id for one in found.exports]
    await session.execute(delete(DatasetExport).where(DatasetExport.id.in_(exports)))
    await session.execute(delete(DatasetVersion).where(DatasetVersion.id.in_(versions)))


async def merged_from(session: AsyncSession, dataset_id: int, *, since: datetime) -> Sequence[Dataset]:
    """Return the datasets into which one was merged since an interview began."""
    statement = select(Dataset).where(
        exists().where(
            DatasetChange.dataset_id == Dataset.id,
            DatasetChange.kind == ChangeKind.MERGE,
            DatasetChange.request["datasets"].contains([dataset_id]),
        ),
        exists().where(DatasetVersion.dataset_id == Dataset.id, DatasetVersion.created_at >= since),
    )
    return (await session.scalars(statement.order_by(Dataset.id))).all()

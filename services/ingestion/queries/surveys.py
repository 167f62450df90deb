"""Surveys, their versions and their datasets as rows."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from kernel.problems import NotFound
from services.ingestion.models import Dataset, Survey, SurveyVersion

SURVEY_ORDER = (Survey.created_at.desc(), Survey.id.desc())
VERSION_ORDER = (SurveyVersion.number.desc(),)


def surveys(project_id: int, *, status: str | None = None, archived: bool = False) -> Select[Survey]:
    """Select a project's surveys, all or those of one status: those that are worked with, or those that were put away."""
    is_put_away = Survey.archived_at.is_not(None)
    statement = select(Survey).where(
        Survey.project_id == project_id, is_put_away if archived else ~is_put_away
    )
    return statement if status is None else statement.where(Survey.status == status)


def versions(survey_id: int) -> Select[SurveyVersion]:
    """Select a survey's published versions."""
    return select(SurveyVersion).where(SurveyVersion.survey_id == survey_id)


async def get_survey(session: AsyncSession, survey_id: int) -> Survey:
    """Return a survey; raises NotFound."""
    survey = await session.get(Survey, survey_id)
    if survey is None:
        raise NotFound.of("survey", survey_id)
    return survey


async def lock_survey(session: Session, survey_id: int) -> Survey:
    """Return a survey that nobody else changes until the end of the transaction; raises NotFound."""
    statement = select(Survey).where(Survey.id == survey_id).with_for_update()
    # The row may be loaded already, from before another transaction changed it.
    survey = await session.scalar(statement.execution_options(populate_existing=True))
    if survey is None:
        raise NotFound.of("survey", survey_id)
    return survey


async def find_version(session: AsyncSession, version_id: int | None) -> SurveyVersion | None:
    """Return a version by id, None when there is none."""
    return None if version_id is None else await session.get(SurveyVersion, version_id)


async def list_versions(session: AsyncSession, survey_id: int) -> Sequence[SurveyVersion]:
    """Return all versions of a survey, oldest first."""
    return (await session.scalars(versions(survey_id).order_by(SurveyVersion.number))).all()


async def next_version_number(session: AsyncSession, survey_id: int) -> int:
    """Return 1 + the number of the newest version, 1 before the first."""
    newest = select(func.coalesce(func.max(SurveyVersion.number), 0)).where(
        SurveyVersion.survey_id == survey_id
    )
    return int((await session.execute(newest)).scalar_one()) + 1


async def standing(
    session: AsyncSession, survey_ids: Sequence[int]
) -> dict[int, tuple[int | None, int | None]]:
    """Return per survey (number of the published version, id of its dataset)."""
    statement = (
        select(Survey.id, SurveyVersion.number, Dataset.id)
        .outerjoin(SurveyVersion, SurveyVersion.id == Survey.published_version_id)
        .outerjoin(Dataset, Dataset.survey_id == Survey.id)
        .where(Survey.id.in_(survey_ids))
    )
    return {row[0]: (row[1], row[2]) for row in (await session.execute(statement)).all()}

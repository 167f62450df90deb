"""Questions about files of respondents."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from kernel.problems import NotFound
from services.ingestion.models import ResponseFile, SurveyResponse

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_STORAGE = text("SELECT * FROM access.public_storage()")


async def list_files(session: AsyncSession, response_id: int) -> Sequence[ResponseFile]:
    """Return the files of an interview, in the order in which they came."""
    statement = select(ResponseFile).where(ResponseFile.survey_response_id == response_id)
    return (await session.scalars(statement.order_by(ResponseFile.id))).all()


async def get_file(session: AsyncSession, survey_id: int, response_id: int, identifier: UUID) -> ResponseFile:
    """Return a file of a survey's interview; raises NotFound."""
    statement = (
        select(ResponseFile)
        .join(SurveyResponse, SurveyResponse.id == ResponseFile.survey_response_id)
        .where(
            SurveyResponse.survey_id == survey_id,
            ResponseFile.survey_response_id == response_id,
            ResponseFile.uuid == identifier,
        )
    )
    file = await session.scalar(statement)
    if file is None:
        raise NotFound.of("file", identifier)
    return file


async def get_answer(session: AsyncSession, survey_id: int, response_id: int, question: str) -> Any:
    """Return what an interview of a survey answered to a question; raises NotFound."""
    statement = select(SurveyResponse.answers).where(
        SurveyResponse.survey_id == survey_id, SurveyResponse.id == response_id
    )
    answers = await session.scalar(statement)
    if answers is None or question not in answers:
        raise NotFound.of("answer", question)
    return answers[question]


async def lock_storage(session: Session, team_id: int) -> Row[str, int] | None:
    """Return (segment, storage_bytes) of the team of the survey that this transaction is about; nobody adds to it until the end."""
    await session.execute(_LOCK, {"name": f"plugzero.limit.{team_id}.storage_bytes"})
    return (await session.execute(_STORAGE)).one_or_none()

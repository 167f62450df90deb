"""Rules of access as rows."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.ingestion.models import SurveyAccess


async def find_access(session: AsyncSession, survey_id: int) -> SurveyAccess | None:
    """Return a survey's rules, None where it has none."""
    return await session.scalar(select(SurveyAccess).where(SurveyAccess.survey_id == survey_id))

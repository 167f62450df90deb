"""Participants as rows: for the researcher by their survey, for the respondent by the hash of their link."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from kernel.problems import NotFound
from services.ingestion.models import Participant, SurveyResponse

PARTICIPANT_ORDER = (Participant.id.asc(),)
_CHUNK = 2_000
"""Rows per statement: PostgreSQL takes 65,535 values in one."""

# What happened last, in the words of the API.
STATUS = case(
    (SurveyResponse.status == "IN_PROGRESS", "started"),
    (SurveyResponse.status.is_not(None), func.lower(SurveyResponse.status)),
    (Participant.invited_at.is_not(None), "invited"),
    else_="new",
)


def participants(survey_id: int, *, status: str | None = None) -> Select[Participant]:
    """Select a survey's participants, all or those who stand so."""
    statement = select(Participant).where(Participant.survey_id == survey_id)
    if status is None:
        return statement
    if status == "undeliverable":
        return statement.where(Participant.mail_error != "")
    if status == "unsubscribed":
        return statement.where(Participant.unsubscribed_at.is_not(None))
    joined = statement.outerjoin(SurveyResponse, SurveyResponse.id == Participant.survey_response_id)
    return joined.where(STATUS.op("=")(status))


async def standing(session: AsyncSession, ids: Sequence[int]) -> dict[int, str]:
    """Return how participants stand, by id."""
    statement = (
        select(Participant.id, STATUS)
        .outerjoin(SurveyResponse, SurveyResponse.id == Participant.survey_response_id)
        .where(Participant.id.in_(ids))
    )
    return {row[0]: str(row[1]) for row in (await session.execute(statement)).all()}


async def count_by_status(session: AsyncSession, survey_id: int) -> dict[str, int]:
    """Return how many participants of a survey stand how."""
    statement = (
        select(STATUS, func.count())
        .select_from(Participant)
        .outerjoin(SurveyResponse, SurveyResponse.id == Participant.survey_response_id)
        .where(Participant.survey_id == survey_id)
        .group_by(STATUS)
    )
    return {str(row[0]): int(row[1]) for row in (await session.execute(statement)).all()}


async def get_participant(session: AsyncSession, survey_id: int, participant_id: int) -> Participant:
    """Return a survey's participant; raises NotFound."""
    found = await session.get(Participant, participant_id)
    if found is None or found.survey_id != survey_id:
        raise NotFound.of("participant", participant_id)
    return found


async def add_participants(session: Session, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Add those whom the survey does not have yet; returns the UUIDs of those that were added."""
    added: set[UUID] = set()
    for start in range(0, len(rows), _CHUNK):
        statement = (
            insert(Participant)
            .values(list(rows[start : start + _CHUNK]))
            .on_conflict_do_nothing()
            .returning(Participant.uuid)
        )
        added.update(await session.scalars(statement))
    return added


async def stream_participants(session: AsyncSession, survey_id: int) -> AsyncIterator[Sequence[Any]]:
    """Yield a survey's participants in parts: uuid, email, external_id, language, status."""
    after = 0
    while True:
        statement = (
            select(
                Participant.id,
                Participant.uuid,
                Participant.email,
                Participant.external_id,
                Participant.language,
                STATUS.label("status"),
            )
            .outerjoin(SurveyResponse, SurveyResponse.id == Participant.survey_response_id)
            .where(Participant.survey_id == survey_id, Participant.id > after)
            .order_by(Participant.id)
            .limit(_CHUNK)
        )
        rows = (await session.execute(statement)).all()
        if not rows:
            return
        after = rows[-1].id
        yield rows


@dataclass(frozen=True)
class OwnParticipant:
    """What the respondent's role reads of the participant whose link was opened."""

    id: int
    language: str
    attributes: dict[str, Any]
    unsubscribed_at: datetime | None


async def find_own_participant(session: AsyncSession) -> OwnParticipant | None:
    """Return the participant of this public session (the policies show no other), None for a link that is not known."""
    statement = select(
        Participant.id, Participant.language, Participant.attributes, Participant.unsubscribed_at
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else OwnParticipant(*row)


async def unsubscribe_own(session: Session) -> None:
    """Note that the participant of this public session wants no more letters."""
    await session.execute(
        update(Participant).where(Participant.unsubscribed_at.is_(None)).values(unsubscribed_at=func.now())
    )


async def link_interview(session: Session, participant_id: int, response_id: int) -> None:
    """Note which interview the participant's link has begun, once."""
    await session.execute(
        update(Participant)
        .where(Participant.id == participant_id, Participant.survey_response_id.is_(None))
        .values(survey_response_id=response_id)
    )

"""Rounds of letters as rows: who gets one, which is next, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from kernel.problems import NotFound
from services.ingestion.models import Letter, Mailing, Participant, Project, SurveyResponse

MAILING_ORDER = (Mailing.created_at.desc(), Mailing.id.desc())
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_UNDER_WAY = ("PENDING", "SENDING", "SENT")


def mailings(survey_id: int) -> Select[Mailing]:
    """Select a survey's rounds of letters."""
    return select(Mailing).where(Mailing.survey_id == survey_id)


async def get_mailing(session: AsyncSession, mailing_id: int) -> Mailing:
    """Return a round of letters; raises NotFound."""
    found = await session.get(Mailing, mailing_id)
    if found is None:
        raise NotFound.of("mailing", mailing_id)
    return found


async def counts(session: AsyncSession, mailing_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return, per round, how many letters stand how."""
    statement = (
        select(Letter.mailing_id, Letter.status, func.count())
        .where(Letter.mailing_id.in_(mailing_ids))
        .group_by(Letter.mailing_id, Letter.status)
    )
    found: dict[int, dict[str, int]] = {mailing: {} for mailing in mailing_ids}
    for mailing, status, n in (await session.execute(statement)).all():
        found[mailing][status.lower()] = n
    return found


async def letters_of_today(session: Session, team_id: int) -> int:
    """Return how many letters a team has made in 24 hours, counted under a lock that holds to the end of the transaction."""
    await session.execute(_LOCK, {"name": f"plugzero.letters.{team_id}"})
    statement = (
        select(func.count())
        .select_from(Letter)
        .join(Project, Project.id == Letter.project_id)
        .where(Project.team_id == team_id, Letter.created_at > func.now() - text("interval '24 hours'"))
    )
    return int((await session.execute(statement)).scalar_one())


async def add_letters(session: Session, mailing: Mailing) -> int:
    """Add a letter for everybody whom the round is for, and return how many.

    Invitations go to who was not invited, reminders to who was and has not finished; nobody who unsubscribed gets one.
    """
    invited = exists().where(
        Letter.participant_id == Participant.id,
        Letter.mailing_id == Mailing.id,
        Mailing.kind == "INVITATION",
        Letter.status.in_(_UNDER_WAY),
    )
    wanted = (
        select(literal(mailing.project_id), literal(mailing.id), Participant.id)
        .outerjoin(SurveyResponse, SurveyResponse.id == Participant.survey_response_id)
        .where(
            Participant.survey_id == mailing.survey_id,
            Participant.email != "",
            Participant.unsubscribed_at.is_(None),
            SurveyResponse.status.is_(None) | (SurveyResponse.status == "IN_PROGRESS"),
            invited if mailing.kind == "REMINDER" else ~invited,
        )
        .order_by(Participant.id)
    )
    statement = insert(Letter).from_select(["project_id", "mailing_id", "participant_id"], wanted)
    return int((await session.execute(statement)).rowcount)  # type: ignore[attr-defined] # of an INSERT there is one


async def attribute_names(session: AsyncSession, survey_id: int) -> set[str]:
    """Return the names of all attributes that a survey's participants have."""
    keys = text(
        "SELECT DISTINCT k FROM data_ingestion_participant p, jsonb_object_keys(p.attributes) k WHERE p.survey_id = :survey"
    )
    return set(await session.scalars(keys, {"survey": survey_id}))


@dataclass(frozen=True)
class Claimed:
    """A letter that this process alone hands over."""

    id: int
    participant: Participant
    is_wanted: bool
    """Whether the participant still is to be asked: not unsubscribed, not finished since the round was made."""


async def claim_letter(session: Session, mailing_id: int) -> Claimed | None:
    """Claim the next letter of a round for good, None when none is left; no two processes claim one."""
    statement = (
        select(Letter, Participant, SurveyResponse.status)
        .join(Participant, Participant.id == Letter.participant_id)
        .outerjoin(SurveyResponse, SurveyResponse.id == Participant.survey_response_id)
        .where(Letter.mailing_id == mailing_id, Letter.status == "PENDING")
        .order_by(Letter.id)
        .limit(1)
        .with_for_update(of=Letter, skip_locked=True)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    letter, participant, status = row
    letter.status = "SENDING"
    is_wanted = participant.unsubscribed_at is None and status in {None, "IN_PROGRESS"}
    return Claimed(letter.id, participant, is_wanted)


async def settle_letter(session: Session, letter_id: int, **values: Any) -> None:
    """Note what became of a claimed letter."""
    await session.execute(update(Letter).where(Letter.id == letter_id).values(**values))


async def note_mail(session: Session, participant_id: int, **values: Any) -> None:
    """Note at a participant that a letter was sent, or why not."""
    await session.execute(update(Participant).where(Participant.id == participant_id).values(**values))

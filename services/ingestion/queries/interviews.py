"""What respondents come by: the survey of a public session, and the one interview of its token."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ingestion import SurveyStatus
from kernel.db import Session
from services.ingestion.domain.survey.entrance import Rules
from services.ingestion.models import Project, Survey, SurveyAccess, SurveyResponse, SurveyVersion


@dataclass(frozen=True)
class PublicSurvey:
    """What the respondent's role may read of a survey, and of the rules by which respondents get in."""

    id: int
    uuid: UUID
    project_id: int
    team_id: int
    status: SurveyStatus
    published_version_id: int
    rules: Rules


@dataclass(frozen=True)
class VersionKey:
    """A version by its id, its number within the survey, and the hash of all that it shows."""

    id: int
    number: int
    digest: str


@dataclass(frozen=True)
class StandingInterview:
    """The row of an interview, with its survey and the version that it was begun on."""

    response: SurveyResponse
    survey: PublicSurvey
    version: VersionKey


# Written out once: they are executed for every answer, and building a statement costs as much as executing it.
_OF_SURVEY: tuple[Any, ...] = (
    Survey.id.label("survey_id"),
    Survey.uuid.label("survey_uuid"),
    Survey.project_id,
    Project.team_id,
    Survey.status.label("survey_status"),
    Survey.published_version_id,
    SurveyAccess.opens_at,
    SurveyAccess.closes_at,
    SurveyAccess.max_responses,
    SurveyAccess.one_per,
    SurveyAccess.password_hash,
    func.now().label("now"),
    literal_column("access.open_survey() IS NOT NULL").label("is_open"),
    literal_column("access.starting_survey() IS NOT NULL").label("may_begin"),
    SurveyVersion.id.label("version_id"),
    SurveyVersion.number,
    SurveyVersion.definition_hash,
)
_SURVEY = (
    select(*_OF_SURVEY)
    .join(Project, Project.id == Survey.project_id)
    .join(SurveyVersion, SurveyVersion.id == Survey.published_version_id)
    .outerjoin(SurveyAccess, SurveyAccess.survey_id == Survey.id)
)
_INTERVIEW = (
    select(SurveyResponse, *_OF_SURVEY)
    .join(Survey, Survey.id == SurveyResponse.survey_id)
    .join(Project, Project.id == Survey.project_id)
    .join(SurveyVersion, SurveyVersion.id == SurveyResponse.survey_version_id)
    .outerjoin(SurveyAccess, SurveyAccess.survey_id == Survey.id)
    .where(SurveyResponse.token_hash == bindparam("token_hash"))
)
_COUNT_ALIKE = text("SELECT access.count_alike()")
_OPEN_INTERVIEW = _INTERVIEW.with_for_update(of=SurveyResponse)


async def find_public_survey(session: AsyncSession) -> tuple[PublicSurvey, VersionKey] | None:
    """Return the survey that this public session is about (the policies show no other) with its present version, None when there is none."""
    row = (await session.execute(_SURVEY)).one_or_none()
    return None if row is None else (_survey_of(row), _version_of(row))


async def get_version(session: AsyncSession, version_id: int) -> SurveyVersion:
    """Return a version that exists by a foreign key."""
    return (await session.scalars(select(SurveyVersion).where(SurveyVersion.id == version_id))).one()


async def find_interview(session: AsyncSession, token_hash: str) -> StandingInterview | None:
    """Return the interview of a session token, None when there is none."""
    return await _standing_interview(session, _INTERVIEW, token_hash)


async def lock_open_interview(session: Session, token_hash: str) -> StandingInterview | None:
    """Return the interview for changing it; None when it is unknown, finished, or its survey takes no answers.

    The policies hide rows that may not be updated from FOR UPDATE, so waiting here for a submission that runs at the same time ends
    with None.
    """
    return await _standing_interview(session, _OPEN_INTERVIEW, token_hash)


async def _standing_interview(
    session: AsyncSession, statement: Select[Any], token_hash: str
) -> StandingInterview | None:
    row = (await session.execute(statement, {"token_hash": token_hash})).one_or_none()
    return None if row is None else StandingInterview(row[0], _survey_of(row), _version_of(row))


def _survey_of(row: Row[*tuple[Any, ...]]) -> PublicSurvey:
    return PublicSurvey(
        id=row.survey_id,
        uuid=row.survey_uuid,
        project_id=row.project_id,
        team_id=row.team_id,
        status=SurveyStatus(row.survey_status),
        published_version_id=row.published_version_id,
        rules=Rules(
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            max_responses=row.max_responses,
            now=row.now,
            one_per=row.one_per or "",
            password_hash=row.password_hash or "",
            is_open=row.is_open,
            may_begin=row.may_begin,
        ),
    )


def _version_of(row: Row[*tuple[Any, ...]]) -> VersionKey:
    return VersionKey(row.version_id, row.number, row.definition_hash)


async def count_alike(session: Session) -> int:
    """How many complete interviews of the survey have the fingerprint of this session's own; whose are the same completes after this one."""
    return int(await session.scalar(_COUNT_ALIKE) or 0)


async def find_public_responses(session: AsyncSession) -> Row[str, int] | None:
    """Return (segment, completed interviews) of the team whose survey this public transaction is about."""
    return (await session.execute(text("SELECT * FROM access.public_responses()"))).one_or_none()


async def add_interview(session: Session, values: dict[str, Any]) -> None:
    """Add an interview unless its session has one already (a form sent twice)."""
    await session.execute(
        insert(SurveyResponse).values(values).on_conflict_do_nothing(index_elements=["token_hash"])
    )

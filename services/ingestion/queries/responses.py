"""Interviews as rows: for respondents by their session, for researchers by their survey, for the dataset as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ingestion import ResponseStatus, SurveyStatus
from kernel.db import Session
from services.ingestion.domain.survey.entrance import Rules
from services.ingestion.models import (
    Dataset,
    DatasetVersion,
    Project,
    QuotaSeat,
    Survey,
    SurveyAccess,
    SurveyResponse,
    SurveyVersion,
)

RESPONSE_ORDER = (SurveyResponse.id.desc(),)


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


async def find_public_survey(session: AsyncSession) -> PublicSurvey | None:
    """Return the survey that this public session is about (the policies show no other), None when there is none."""
    statement = (
        select(
            Survey.id,
            Survey.uuid,
            Survey.project_id,
            Project.team_id,
            Survey.status,
            Survey.published_version_id,
            SurveyAccess.opens_at,
            SurveyAccess.closes_at,
            SurveyAccess.max_responses,
            SurveyAccess.one_per,
            SurveyAccess.password_hash,
            func.now().label("now"),
            literal_column("access.open_survey() IS NOT NULL").label("is_open"),
            literal_column("access.starting_survey() IS NOT NULL").label("may_begin"),
        )
        .join(Project, Project.id == Survey.project_id)
        .outerjoin(SurveyAccess, SurveyAccess.survey_id == Survey.id)
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None or row["published_version_id"] is None:
        return None
    ruled = {name: row[name] for name in ("opens_at", "closes_at", "max_responses", "now")}
    return PublicSurvey(
        id=row["id"],
        uuid=row["uuid"],
        project_id=row["project_id"],
        team_id=row["team_id"],
        status=SurveyStatus(row["status"]),
        published_version_id=row["published_version_id"],
        rules=Rules(
            **ruled,
            one_per=row["one_per"] or "",
            password_hash=row["password_hash"] or "",
            is_open=row["is_open"],
            may_begin=row["may_begin"],
        ),
    )


async def get_version(session: AsyncSession, version_id: int) -> SurveyVersion:
    """Return the version of an interview, which exists by its foreign key."""
    return (await session.scalars(select(SurveyVersion).where(SurveyVersion.id == version_id))).one()


async def find_interview(session: AsyncSession, token_hash: str) -> SurveyResponse | None:
    """Return the interview of a session token, None when there is none."""
    return await session.scalar(select(SurveyResponse).where(SurveyResponse.token_hash == token_hash))


async def lock_open_interview(session: Session, token_hash: str) -> SurveyResponse | None:
    """Return the interview for changing it; None when it is unknown, finished, or its survey takes no answers.

    The policies hide rows that may not be updated from FOR UPDATE, so waiting here for a submission that runs at the same time ends
    with None.
    """
    statement = select(SurveyResponse).where(SurveyResponse.token_hash == token_hash).with_for_update()
    return await session.scalar(statement)


async def find_public_responses(session: AsyncSession) -> Row[str, int] | None:
    """Return (segment, completed interviews) of the team whose survey this public transaction is about."""
    return (await session.execute(text("SELECT * FROM access.public_responses()"))).one_or_none()


async def add_interview(session: Session, values: dict[str, Any]) -> None:
    """Add an interview unless its session has one already (a form sent twice)."""
    await session.execute(
        insert(SurveyResponse).values(values).on_conflict_do_nothing(index_elements=["token_hash"])
    )


def responses(survey_id: int, *, status: str | None = None) -> Select[SurveyResponse]:
    """Select a survey's interviews, all or those of one status."""
    statement = select(SurveyResponse).where(SurveyResponse.survey_id == survey_id)
    return statement if status is None else statement.where(SurveyResponse.status == status)


async def version_numbers(session: AsyncSession, survey_id: int) -> dict[int, int]:
    """Return version id → number of a survey."""
    statement = select(SurveyVersion.id, SurveyVersion.number).where(SurveyVersion.survey_id == survey_id)
    return {row.id: row.number for row in (await session.execute(statement)).all()}


@dataclass(frozen=True)
class Fieldwork:
    """Counts of a survey's interviews, tests left out."""

    started: int
    in_progress: int
    complete: int
    screened_out: int
    quota_full: int
    median_duration_s: float | None


async def fieldwork(session: AsyncSession, survey_id: int) -> Fieldwork:
    """Count a survey's interviews by how they stand."""
    complete = SurveyResponse.status == ResponseStatus.COMPLETE
    duration_s = func.extract("epoch", SurveyResponse.submitted_at - SurveyResponse.created_at)
    statement = select(
        func.count(),
        func.count().filter(SurveyResponse.status == ResponseStatus.IN_PROGRESS),
        func.count().filter(complete),
        func.count().filter(SurveyResponse.status == ResponseStatus.SCREENED_OUT),
        func.count().filter(SurveyResponse.status == ResponseStatus.QUOTA_FULL),
        func.percentile_cont(0.5).within_group(duration_s).filter(complete),
    ).where(SurveyResponse.survey_id == survey_id, SurveyResponse.is_test.is_(False))
    started, in_progress, n_complete, screened_out, full, median_s = (await session.execute(statement)).one()
    median = None if median_s is None else float(median_s)
    return Fieldwork(started, in_progress, n_complete, screened_out, full, median)


_FLAGGED = text(
    """
    SELECT f.flag->>'kind' AS kind, count(*) AS n
    FROM data_ingestion_surveyresponse r CROSS JOIN LATERAL jsonb_array_elements(r.flags) AS f (flag)
    WHERE r.survey_id = :survey_id AND r.status = 'COMPLETE' AND NOT r.is_test GROUP BY 1 ORDER BY 1
    """
)


_PAGES = text(
    """
    SELECT p.key AS page, count(*) AS n,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY p.value::float8) AS median_s
    FROM data_ingestion_surveyresponse r CROSS JOIN LATERAL jsonb_each_text(r.paradata->'seconds') AS p
    WHERE r.survey_id = :survey_id AND NOT r.is_test GROUP BY 1
    """
)
_STANDING = text(
    """
    SELECT r.paradata->>'page' AS page, count(*) AS n FROM data_ingestion_surveyresponse r
    WHERE r.survey_id = :survey_id AND r.status = 'IN_PROGRESS' AND NOT r.is_test AND r.paradata ? 'page' GROUP BY 1
    """
)


@dataclass(frozen=True)
class PageTimes:
    """How many interviews sent a page, the time of the one in the middle, and how many stand there unsent."""

    sent: int
    median_s: float | None
    standing: int


async def page_times(session: AsyncSession, survey_id: int) -> dict[str, PageTimes]:
    """Return what is known of each page of a survey, by its code."""
    sent = {row.page: row for row in await session.execute(_PAGES, {"survey_id": survey_id})}
    standing = {row.page: row.n for row in await session.execute(_STANDING, {"survey_id": survey_id})}
    return {
        page: PageTimes(
            sent[page].n if page in sent else 0,
            float(sent[page].median_s) if page in sent else None,
            standing.get(page, 0),
        )
        for page in sent.keys() | standing.keys()
    }


async def flagged(session: AsyncSession, survey_id: int) -> dict[str, int]:
    """Return how many complete interviews of a survey have each kind of flag."""
    rows = await session.execute(_FLAGGED, {"survey_id": survey_id})
    return {row.kind: row.n for row in rows}


async def seats(session: AsyncSession, survey_id: int) -> dict[str, tuple[int, int]]:
    """Return (complete, under way) of each quota of a survey in which somebody has a seat."""
    is_kept = QuotaSeat.kept_at.is_not(None)
    statement = (
        select(
            QuotaSeat.quota,
            func.count().filter(is_kept),
            func.count().filter(~is_kept, QuotaSeat.leased_until > func.now()),
        )
        .where(QuotaSeat.survey_id == survey_id)
        .group_by(QuotaSeat.quota)
    )
    return {quota: (kept, leased) for quota, kept, leased in (await session.execute(statement)).all()}


_ANSWER_COUNTS = text(
    """
    SELECT a.key AS code, v.value #>> '{}' AS value, count(*) AS n
    FROM data_ingestion_surveyresponse r
    CROSS JOIN LATERAL jsonb_each(r.answers) AS a
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(a.value) WHEN 'array' THEN a.value ELSE jsonb_build_array(a.value) END) AS v
    WHERE r.survey_id = :survey_id AND r.status = 'COMPLETE' AND NOT r.is_test
      AND a.key = ANY (:codes) AND NOT r.not_asked ? a.key AND NOT (a.value ? '@missing')
    GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
    """
)
_ANSWERED = text(
    """
    SELECT a.key AS code, CASE jsonb_typeof(a.value) WHEN 'object' THEN a.value->>'@missing' END AS missing, count(*) AS n
    FROM data_ingestion_surveyresponse r CROSS JOIN LATERAL jsonb_each(r.answers) AS a
    WHERE r.survey_id = :survey_id AND r.status = 'COMPLETE' AND NOT r.is_test AND NOT r.not_asked ? a.key
    GROUP BY 1, 2
    """
)


async def answer_counts(
    session: AsyncSession, survey_id: int, codes: Sequence[str]
) -> dict[str, list[tuple[str, int]]]:
    """Return per question (value, complete interviews with it), most frequent first, for questions with few values."""
    counts: dict[str, list[tuple[str, int]]] = {}
    for row in await session.execute(_ANSWER_COUNTS, {"survey_id": survey_id, "codes": list(codes)}):
        counts.setdefault(row.code, []).append((row.value, row.n))
    return counts


@dataclass
class Answered:
    """How many complete interviews answered a question, and how many said why they did not."""

    n: int = 0
    missing: dict[str, int] = field(default_factory=dict)


async def answered(session: AsyncSession, survey_id: int) -> dict[str, Answered]:
    """Return per question how many complete interviews answered it or said why not."""
    found: dict[str, Answered] = {}
    for row in await session.execute(_ANSWERED, {"survey_id": survey_id}):
        one = found.setdefault(row.code, Answered())
        if row.missing is None:
            one.n = row.n
        else:
            one.missing[row.missing] = row.n
    return found


async def find_dataset(session: AsyncSession, survey_id: int) -> Dataset | None:
    """Return the dataset of a survey's responses."""
    return await session.scalar(select(Dataset).where(Dataset.survey_id == survey_id))


async def find_dataset_version(session: AsyncSession, dataset: Dataset) -> DatasetVersion | None:
    """Return the current version of a dataset, None before the first."""
    return await session.scalar(
        select(DatasetVersion).where(
            DatasetVersion.dataset_id == dataset.id, DatasetVersion.number == dataset.version
        )
    )


@dataclass(frozen=True)
class DatasetStanding:
    """How a survey's dataset compares with its interviews; those under way are no part of it."""

    n_counted: int | None
    version_at: datetime | None
    n_finished: int

    @property
    def is_behind(self) -> bool:
        """Whether interviews are not counted in the current version."""
        return self.n_counted != self.n_finished


async def dataset_standing(session: AsyncSession, survey_id: int) -> DatasetStanding | None:
    """Return rows and age of the current version, and how many interviews there are; None when there is no dataset."""
    dataset = await find_dataset(session, survey_id)
    if dataset is None:
        return None
    current = await find_dataset_version(session, dataset)
    finished = (await _statuses(session, survey_id)) - {ResponseStatus.IN_PROGRESS}
    n_finished = select(func.count()).where(*_counting(survey_id, finished))
    return DatasetStanding(
        n_counted=None if current is None else current.codebook.get("n_finished", current.n_rows),
        version_at=None if current is None else current.created_at,
        n_finished=int((await session.execute(n_finished)).scalar_one()),
    )


async def list_counting(session: AsyncSession, survey_id: int) -> Sequence[Any]:
    """Return the interviews that belong into the dataset, in the order in which they began."""
    statuses = await _statuses(session, survey_id)
    statement = (
        select(
            SurveyResponse.id,
            SurveyResponse.uuid,
            SurveyResponse.survey_version_id,
            SurveyResponse.answers,
            SurveyResponse.not_asked,
            SurveyResponse.language,
            SurveyResponse.created_at,
            SurveyResponse.submitted_at,
            SurveyResponse.paradata,
            SurveyResponse.flags,
            SurveyResponse.status,
            SurveyResponse.seed,
            SurveyResponse.cursor,
        )
        .where(*_counting(survey_id, statuses))
        .order_by(SurveyResponse.id)
    )
    return (await session.execute(statement)).all()


async def _statuses(session: AsyncSession, survey_id: int) -> set[str]:
    """How interviews stand that are rows of the survey's dataset."""
    included = await session.scalar(select(Survey.dataset_includes).where(Survey.id == survey_id))
    return {ResponseStatus.COMPLETE, *(included or ())}


def _counting(survey_id: int, statuses: set[str]) -> tuple[Any, ...]:
    """Conditions of an interview that counts."""
    return (
        SurveyResponse.survey_id == survey_id,
        SurveyResponse.status.in_(sorted(statuses)),
        SurveyResponse.is_test.is_(False),
    )

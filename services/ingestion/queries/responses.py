"""Interviews as rows: for researchers by their survey, for the dataset as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ingestion import ResponseStatus
from services.ingestion.models import (
    Dataset,
    DatasetVersion,
    QuotaSeat,
    Survey,
    SurveyResponse,
    SurveyVersion,
)

RESPONSE_ORDER = (SurveyResponse.id.desc(),)


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
    erased: int
    median_duration_s: float | None


async def fieldwork(session: AsyncSession, survey_id: int) -> Fieldwork:
    """Count a survey's interviews by how they stand."""
    complete = SurveyResponse.status == ResponseStatus.COMPLETE
    duration_s = func.extract("epoch", SurveyResponse.submitted_at - SurveyResponse.created_at)
    statement = select(
        func.count().filter(SurveyResponse.status != ResponseStatus.ERASED),
        func.count().filter(SurveyResponse.status == ResponseStatus.IN_PROGRESS),
        func.count().filter(complete),
        func.count().filter(SurveyResponse.status == ResponseStatus.SCREENED_OUT),
        func.count().filter(SurveyResponse.status == ResponseStatus.QUOTA_FULL),
        func.count().filter(SurveyResponse.status == ResponseStatus.ERASED),
        func.percentile_cont(0.5).within_group(duration_s).filter(complete),
    ).where(SurveyResponse.survey_id == survey_id, SurveyResponse.is_test.is_(False))
    started, in_progress, n_complete, screened_out, full, erased, median_s = (
        await session.execute(statement)
    ).one()
    median = None if median_s is None else float(median_s)
    return Fieldwork(started, in_progress, n_complete, screened_out, full, erased, median)


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


_STANDING_AT = text(
    """
    SELECT r.paradata->>'question' AS question, count(*) AS n FROM data_ingestion_surveyresponse r
    WHERE r.survey_id = :survey_id AND r.status = 'IN_PROGRESS' AND NOT r.is_test AND r.paradata ? 'question' GROUP BY 1
    """
)


async def standing_at_questions(session: AsyncSession, survey_id: int) -> dict[str, int]:
    """Return how many unfinished interviews of a survey stand at each question."""
    rows = await session.execute(_STANDING_AT, {"survey_id": survey_id})
    return {row.question: row.n for row in rows}


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

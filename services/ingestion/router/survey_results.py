"""`/api/surveys/{id}/results` and `/events`: how the fieldwork goes, once or live."""

from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from kernel.db import CurrentDatabase, ReadOnly, Tenancy
from kernel.http import ACCESS_PROBLEMS
from kernel.live import live_response
from kernel.principals import Caller
from kernel.routing import Router
from services.ingestion.domain.survey.allocating import experiments, seat_of
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.results import counted_questions
from services.ingestion.queries import responses as response_queries
from services.ingestion.queries import surveys as queries
from services.ingestion.schemas.surveys import (
    CellRead,
    FieldworkRead,
    PageResult,
    QuestionResult,
    QuotaRead,
    ResultsRead,
)

router = Router(prefix="/api/surveys/{survey_id}", tags=["surveys"], responses=ACCESS_PROBLEMS)

NONE = (0, 0)
NOBODY = response_queries.Answered()
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "Events `fieldwork` whose data is a FieldworkRead; `end` where access is lost.",
    }
}


@router.get("/events", response_class=StreamingResponse, responses=EVENTS)
async def watch_fieldwork(
    survey_id: int, *, caller: Caller, database: CurrentDatabase, request: Request
) -> StreamingResponse:
    """Tell the counts of the fieldwork whenever they change, as server-sent events; `Last-Event-ID` says what is known already."""

    async def counts() -> FieldworkRead:
        async with database.snapshot(Tenancy.of_caller(caller)) as session:
            await queries.get_survey(session, survey_id)
            return _fieldwork(await response_queries.fieldwork(session, survey_id))

    await counts()  # who may not see them is told so before the stream begins
    return live_response(request, counts, name="fieldwork")


@router.get("/results")
async def read_results(survey_id: int, session: ReadOnly) -> ResultsRead:
    """Count interviews and, per question of the published version, the options chosen in complete ones."""
    survey = await queries.get_survey(session, survey_id)
    version = await queries.find_version(session, survey.published_version_id)
    shown = expanded(parse_definition(version.definition if version else survey.definition))
    listed = counted_questions(shown)
    times = await response_queries.page_times(session, survey_id)
    work = await response_queries.fieldwork(session, survey_id)
    answered = await response_queries.answered(session, survey_id)
    codes = [question.code for question in listed if question.values is not None]
    counts = await response_queries.answer_counts(session, survey_id, codes)
    seats = await response_queries.seats(session, survey_id)
    standing = await response_queries.standing_at_questions(session, survey_id)
    return ResultsRead(
        **_fieldwork(work).model_dump(),
        questions=[
            QuestionResult.model_validate(
                {
                    "code": question.code,
                    "answered": answered.get(question.code, NOBODY).n,
                    "missing": answered.get(question.code, NOBODY).missing,
                    "standing": standing.get(question.code, 0),
                    "counts": question.in_order(counts.get(question.code, [])),
                }
            )
            for question in listed
        ],
        flagged=await response_queries.flagged(session, survey_id),
        pages=[
            PageResult(code=each.code, sent=page.sent, standing=page.standing, median_seconds=page.median_s)
            for each in shown.pages
            for page in (times.get(each.code, response_queries.PageTimes(0, None, 0)),)
        ],
        quotas=[
            QuotaRead(
                code=quota.code,
                target=quota.target,
                complete=seats.get(quota.code, NONE)[0],
                under_way=seats.get(quota.code, NONE)[1],
            )
            for quota in shown.quotas
        ],
        cells=[
            CellRead(question=question.code, cell=cell.code, complete=complete, under_way=under_way)
            for question in experiments(shown)
            for cell in question.cells
            for complete, under_way in (seats.get(seat_of(question.code, cell.code), NONE),)
        ],
    )


def _fieldwork(work: response_queries.Fieldwork) -> FieldworkRead:
    """The counts as they are shown."""
    ratio = work.complete / work.started if work.started else None
    return FieldworkRead.model_validate({**vars(work), "completion_ratio": ratio})

"""`/public`: the JSON door to the survey engine, for embedding and apps. No account; the session token is the only key."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Header, Path, Request, Response
from fastapi import status as http

from contracts.ingestion import LayoutStyle
from kernel.db import Tenancy, public_database
from kernel.ids import hash_token, new_token
from kernel.limits import PlanLimitReached
from kernel.problems import Invalid, NotFound, TooManyRequests, problems_of
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.participants import session_of
from services.ingestion.domain.survey.piping import Pipes
from services.ingestion.domain.survey.texts import read
from services.ingestion.domain.survey.views import step_view
from services.ingestion.errors import InterviewFinished, SurveyNotOpen
from services.ingestion.errors.entrance import AlreadyAnswered, PersonalLinkNeeded, SurveyPasswordNeeded
from services.ingestion.router import survey_cookies as cookies
from services.ingestion.router import survey_links, survey_pages
from services.ingestion.router.survey_html import leads_elsewhere
from services.ingestion.router.survey_sessions import Known, secret_of, tenancy
from services.ingestion.schemas.respondents import (
    AnswersWrite,
    EndingRead,
    InterviewRead,
    ProgressRead,
    PublicSurveyRead,
    SessionCreate,
    SessionRead,
    StepRead,
    SubmissionRead,
    WarningRead,
)
from services.ingestion.service import respondents as service
from services.ingestion.service.entrance import Visitor, prove_password
from services.ingestion.service.interviews import Interview, get_interview, visit

router = APIRouter(tags=["respondents"], responses=problems_of(NotFound))
router.include_router(survey_pages.router)
router.include_router(survey_links.router)

Token = Annotated[str, Path(description="From the beginning of the interview.")]


@router.get("/public/surveys/{survey_uuid}")
async def read_public_survey(survey_uuid: UUID, request: Request) -> PublicSurveyRead:
    """Say what a survey is called, in which languages it asks, and whether it takes answers."""
    tenancy = Tenancy.of_public(survey_uuid=str(survey_uuid))
    async with public_database(request).snapshot(tenancy) as session:
        seen = await visit(session, survey_uuid)
    return PublicSurveyRead(
        uuid=seen.survey.uuid,
        title=seen.questionnaire.title,
        layout_style=LayoutStyle(seen.questionnaire.layout),
        languages=list(seen.questionnaire.definition.languages),
        open=seen.survey.rules.may_begin,
        opens_at=seen.survey.rules.opens_at,
        closes_at=seen.survey.rules.closes_at,
        asks_password=bool(seen.survey.rules.password_hash),
        version=seen.version,
    )


@router.post(
    "/public/surveys/{survey_uuid}/sessions",
    status_code=http.HTTP_201_CREATED,
    responses=problems_of(
        SurveyNotOpen,
        Invalid,
        PlanLimitReached,
        SurveyPasswordNeeded,
        PersonalLinkNeeded,
        AlreadyAnswered,
        TooManyRequests,
    ),
)
async def begin_session(
    survey_uuid: UUID,
    request: Request,
    response: Response,
    body: Annotated[SessionCreate | None, Body()] = None,
    accept_language: Annotated[str | None, Header()] = None,
) -> SessionRead:
    """Begin an interview and get its token and first step. Where a device answers once, a cookie knows it again."""
    wanted = body or SessionCreate()
    who, device = Known(new_token()), cookies.device_of(request) or new_token()
    if wanted.participant:
        who = Known(session_of(secret_of(request), survey_uuid, wanted.participant), wanted.participant)
    visitor = await _visitor(request, survey_uuid, wanted, device)
    token_hash = hash_token(who.token)
    async with public_database(request).transaction(tenancy(survey_uuid, who)) as session:
        interview = await service.begin_interview(
            session,
            survey_uuid,
            token_hash=token_hash,
            link=wanted.hidden,
            language=wanted.language,
            accept_language=accept_language,
            limits=request.app.state.resources.settings.plan_limits,
            visitor=visitor,
        )
    if visitor.device_hash(interview.survey):
        cookies.keep_device(request, response, survey_uuid, device)
    response.headers["Location"] = f"/public/sessions/{who.token}"
    return SessionRead(token=who.token, **interview_read(request, interview).model_dump())


async def _visitor(request: Request, survey_uuid: UUID, wanted: SessionCreate, device: str) -> Visitor:
    """What somebody shows who begins; raises SurveyPasswordNeeded, TooManyRequests for a wrong password."""
    secret, entry = secret_of(request), ""
    if wanted.password is not None:
        database, hashing = public_database(request), request.app.state.hashing
        entry = await prove_password(database, survey_uuid, wanted.password, secret=secret, hashing=hashing)
    return Visitor(secret, entry, device, has_personal_link=bool(wanted.participant))


@router.get("/public/sessions/{token}")
async def read_session(token: Token, request: Request) -> InterviewRead:
    """Say where an interview stands: to resume it, or to show it again."""
    token_hash = hash_token(token)
    async with public_database(request).snapshot(Tenancy.of_public(session_hash=token_hash)) as session:
        return interview_read(request, await get_interview(session, token_hash))


@router.put(
    "/public/sessions/{token}/answers",
    responses=problems_of(InterviewFinished, SurveyNotOpen, Invalid, AlreadyAnswered),
)
async def write_answers(token: Token, body: AnswersWrite, request: Request) -> InterviewRead:
    """Give answers, all or none of which are stored, and get the next step; an empty object skips the present step."""
    token_hash = hash_token(token)
    async with public_database(request).transaction(Tenancy.of_public(session_hash=token_hash)) as session:
        interview, warnings = await service.answer(session, token_hash, body.answers)
    listed = [WarningRead(pointer=pointer, detail=detail) for pointer, detail in warnings]
    return interview_read(request, interview).model_copy(update={"warnings": listed})


@router.post(
    "/public/sessions/{token}/submit", responses=problems_of(SurveyNotOpen, Invalid, AlreadyAnswered)
)
async def submit(token: Token, request: Request) -> SubmissionRead:
    """Finish the interview; repeating it gives the same answer and counts once."""
    token_hash = hash_token(token)
    async with public_database(request).transaction(Tenancy.of_public(session_hash=token_hash)) as session:
        interview = await service.submit(session, token_hash)
    status = interview.response.status.lower()
    return SubmissionRead.model_validate(
        {"status": status, "redirect": leads_elsewhere(request, interview) or None}
    )


def interview_read(request: Request, interview: Interview) -> InterviewRead:
    """The interview as the JSON door shows it."""
    definition, language = interview.questionnaire.definition, interview.response.language
    shown = interview.steps
    step = None
    if not interview.is_finished:
        step = engine.next_step(shown, interview.state, interview.response.cursor)
    done = engine.progress(shown, step.position if step else interview.response.cursor)
    view = step_view(step, interview.state, definition, language, interview.response.seed) if step else None
    return InterviewRead.model_validate(
        {
            "status": interview.response.status.lower(),
            "language": language,
            "step": None if view is None else StepRead.model_validate(view),
            "progress": ProgressRead(done=done.done, total=done.total),
            "answers": interview.state.told,
            "ending": ending_read(request, interview)
            if interview.is_finished or interview.state.ended
            else None,
        }
    )


def ending_read(request: Request, interview: Interview) -> EndingRead:
    """How an interview ended, or will with the answers that it has."""
    definition, ending = interview.questionnaire.definition, interview.ending
    pipes = Pipes(definition, interview.state.effective, interview.response.language)
    text = ending.message or (definition.completion if ending.outcome == "complete" else None)
    words = pipes.into(read(text, interview.response.language, definition.default_language))
    return EndingRead(
        code=ending.code,
        outcome=ending.outcome,
        message=words,
        redirect=leads_elsewhere(request, interview) or None,
    )

"""Commands of respondents: begin an interview, answer, submit. One set for the page and the JSON door.

All of it runs under the respondent's database role, whose policies show one survey and one interview. The role itself refuses to
change a finished interview or one of a survey that takes no answers; here the respondent learns why.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError

from contracts.ingestion import ResponseStatus, ResponseSubmitted
from kernel.db import Session
from kernel.events import record
from kernel.limits import PlanLimits
from kernel.problems import Invalid, problem_of_constraint
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.answers import OWN_WORDS, Fault
from services.ingestion.domain.survey.attachments import file_questions
from services.ingestion.domain.survey.issues import escape
from services.ingestion.domain.survey.ordering import seed_of
from services.ingestion.domain.survey.phrases import say_fault
from services.ingestion.domain.survey.quality import active_seconds, flags_of
from services.ingestion.domain.survey.reaching import REACHED
from services.ingestion.domain.survey.texts import choose_language
from services.ingestion.errors import CONSTRAINTS, InterviewFinished
from services.ingestion.queries import interviews as queries
from services.ingestion.queries.participants import OwnParticipant, link_interview
from services.ingestion.service.attachments import Arrivals, Arrived, forget_lost, settle, with_one_more
from services.ingestion.service.cells import allocate
from services.ingestion.service.entrance import Visitor, admit, not_open
from services.ingestion.service.interviews import (
    Interview,
    find_interview,
    get_interview,
    interview_of,
    visit,
)
from services.ingestion.service.response_limit import require_room_for_interview
from services.ingestion.service.seats import take_seats

Faults = Mapping[str, tuple[Fault, ...]]
Warnings = list[tuple[str, str]]
OUTCOMES = {"complete": ResponseStatus.COMPLETE, "screened_out": ResponseStatus.SCREENED_OUT}


async def begin_interview(
    session: Session,
    identifier: object,
    *,
    token_hash: str,
    link: Mapping[str, str],
    language: str | None,
    accept_language: str | None,
    limits: PlanLimits,
    visitor: Visitor,
) -> Interview:
    """Open the interview of a session token, or return it when it exists already.

    Raises NotFound, PlanLimitReached, and what `admit` raises.
    """
    seen = await visit(session, identifier)
    if visitor.has_personal_link and (begun := await find_interview(session, token_hash)) is not None:
        return begun
    participant = await admit(session, seen.survey, visitor)
    await require_room_for_interview(session, limits, seen.survey.project_id)
    definition = seen.questionnaire.definition
    seed = seed_of(token_hash)
    state = engine.open_interview(definition, link_with(link, participant), seed=seed)
    await queries.add_interview(
        session,
        {
            "project_id": seen.survey.project_id,
            "survey_id": seen.survey.id,
            "survey_version_id": seen.survey.published_version_id,
            "token_hash": token_hash,
            "device_hash": visitor.device_hash(seen.survey),
            "fingerprint": visitor.fingerprint(seen.survey, accept_language),
            "seed": seed,
            "answers": state.answers,
            "not_asked": list(state.not_asked),
            "language": choose_language(
                definition.languages,
                wanted=language or (participant.language if participant else None),
                accept_language=accept_language,
            ),
        },
    )
    interview = await get_interview(session, token_hash)
    await allocate(session, interview)
    if participant is not None:
        await link_interview(session, participant.id, interview.response.id)
    return interview


def link_with(link: Mapping[str, str], participant: OwnParticipant | None) -> dict[str, str]:
    """Return the parameters of a link with the participant's attributes, which nobody can overwrite in the address."""
    return {**link, **(participant.attributes if participant else {})}


async def reopen_interview(session: Session, token_hash: str) -> Interview:
    """Return the interview, locked, for changing it; raises NotFound, InterviewFinished, SurveyNotOpen."""
    standing = await queries.lock_open_interview(session, token_hash)
    if standing is not None:
        interview = await interview_of(session, standing)
        await forget_lost(session, interview)
        return interview
    interview = await get_interview(session, token_hash)
    if interview.is_finished:
        raise InterviewFinished("The answers were submitted and can no longer be changed.")
    raise not_open(interview.survey)


def store_answers(interview: Interview, given: Mapping[str, Any]) -> engine.Applied:
    """Take in what is acceptable of the given answers, and return what is wrong with the others, or doubted."""
    applied = engine.apply(
        interview.questionnaire.definition, interview.response.answers, given, seed=interview.response.seed
    )
    interview.state = applied.state
    interview.response.answers = applied.state.answers
    interview.response.not_asked = list(applied.state.not_asked)
    return applied


async def answer(session: Session, token_hash: str, given: Mapping[str, Any]) -> tuple[Interview, Warnings]:
    """The JSON door's PUT: all answers are taken or none; who is screened out by them is at the end.

    Returns the interview, and by pointer what soft checks say about answers that were taken. Raises Invalid with a pointer for
    each refused one.
    """
    interview = await reopen_interview(session, token_hash)
    before = interview.state.visible_codes
    present = engine.step_at(interview.steps, interview.response.cursor)
    interview.note_time(present.page.code if present else "")
    applied = store_answers(interview, given)
    if applied.faults:
        raise Invalid(problems_of_answers(interview, applied.faults))
    await settle(session, interview)
    response = interview.response
    response.cursor = engine.position_after(interview.steps, given, response.cursor, before=before)
    await go_on(session, interview)
    await session.flush()  # the answer carries what the database holds
    return interview, problems_of_answers(interview, applied.warnings)


async def attach(session: Session, token_hash: str, arrived: Arrived, limits: PlanLimits) -> Interview:
    """Make a file that was stored part of the answer to its question: beside those that are there, or in the place of the only one.

    Raises NotFound, InterviewFinished, SurveyNotOpen, PlanLimitReached, and Invalid where the question takes no more.
    """
    interview = await reopen_interview(session, token_hash)
    question = file_questions(interview.questionnaire.definition)[arrived.question]
    given = {arrived.question: with_one_more(interview, question, arrived)}
    applied = store_answers(interview, given)
    if applied.faults:
        raise Invalid(problems_of_answers(interview, applied.faults))
    await settle(session, interview, Arrivals((arrived,), limits))
    await go_on(session, interview)
    return interview


def problems_of_answers(interview: Interview, faults: Faults) -> Warnings:
    """Faults as (JSON pointer into the body, sentence), in a stable order: English, or the survey's words in the respondent's language."""
    default = interview.questionnaire.definition.default_language

    def sentence(fault: Fault) -> str:
        language = interview.response.language if fault.key == OWN_WORDS else "en"
        return say_fault(language, default, fault)

    return [
        (f"/answers/{escape(code)}{fault.where}", sentence(fault))
        for code in sorted(faults)
        for fault in faults[code]
    ]


async def submit(session: Session, token_hash: str) -> Interview:
    """Finish an interview; repeated or simultaneous calls all return the one submission.

    Raises Invalid while required questions lack an answer, SurveyNotOpen, NotFound.
    """
    try:
        interview = await reopen_interview(session, token_hash)
    except InterviewFinished:
        return await get_interview(session, token_hash)
    lacking = engine.lacks(interview.state, interview.state.visible)
    if lacking:
        raise Invalid(problems_of_answers(interview, {code: (fault,) for code, fault in lacking.items()}))
    await complete(session, interview)
    return interview


async def go_on(session: Session, interview: Interview) -> bool:
    """Hold the seats that the answers need; False where the interview ends here: screened out, or its cell is full."""
    interview.note_place()
    lacking = engine.lacks(interview.state, interview.state.visible)
    if interview.ending.outcome == "screened_out" and not lacking:
        await complete(session, interview)
    elif not await take_seats(session, interview):
        await _finish(session, interview, ResponseStatus.QUOTA_FULL)
    return not interview.is_finished


async def complete(session: Session, interview: Interview) -> None:
    """Mark a checked interview as ended, as its answers and the quotas say, in one transaction with the answers."""
    store_answers(interview, {})
    status = OUTCOMES[interview.ending.outcome]
    if status is ResponseStatus.COMPLETE and not await take_seats(session, interview, for_good=True):
        status = ResponseStatus.QUOTA_FULL
    await _finish(session, interview, status)


async def _finish(session: Session, interview: Interview, status: ResponseStatus) -> None:
    """Mark an interview as ended, note what makes one doubt it, and tell about it.

    Raises AlreadyAnswered where the device has submitted another one: the database decides, also between two at once.
    """
    response = interview.response
    with session.no_autoflush:  # the row is written once, below
        n_alike = await queries.count_alike(session)
    response.status = status
    flags = flags_of(
        interview.state,
        language=response.language,
        default_language=interview.questionnaire.definition.default_language,
        active_s=active_seconds(response.paradata),
        is_trapped=bool(response.paradata.get("trap")),
        n_alike=n_alike,
    )
    response.flags = [flag.as_json() for flag in flags]
    if status is ResponseStatus.QUOTA_FULL:
        response.paradata = {**response.paradata, REACHED: response.cursor}
    response.submitted_at = func.now()
    response.cursor = engine.end_position(interview.questionnaire.definition, interview.questionnaire.layout)
    try:
        await session.flush()
    except IntegrityError as error:
        raise problem_of_constraint(error, CONSTRAINTS) or error from error
    event = ResponseSubmitted(
        project_id=response.project_id,
        survey_id=response.survey_id,
        survey_uuid=interview.survey.uuid,
        response_id=response.id,
        response_uuid=response.uuid,
        status=ResponseStatus(response.status),
        version=interview.version,
    )
    await record(session, event, team_id=interview.survey.team_id, project_id=response.project_id)

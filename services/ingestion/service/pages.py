"""Commands of the respondent's page: what sending a form does, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.db import Session
from kernel.limits import PlanLimits
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.turning import Sent, Turned, turn
from services.ingestion.errors import InterviewFinished
from services.ingestion.service.attachments import Arrivals, settle
from services.ingestion.service.entrance import Visitor
from services.ingestion.service.interviews import Interview, find_interview
from services.ingestion.service.respondents import begin_interview, complete, go_on, reopen_interview


@dataclass(frozen=True)
class Arrival:
    """How a respondent without a session arrives: by which link, and in which language."""

    link: Mapping[str, str]
    language: str | None
    accept_language: str | None
    limits: PlanLimits
    visitor: Visitor
    shown_at: datetime
    """When the page was shown whose form begins the interview."""


async def send_form(
    session: Session,
    identifier: object,
    *,
    token_hash: str,
    sent: Sent,
    arrival: Arrival | None,
    arrivals: Arrivals | None = None,
) -> tuple[Interview, Turned] | None:
    """Take a form in and return the interview with what follows; None for a session that is unknown.

    With `arrival` an unknown session is begun: the form was the first of an interview. A form of a finished interview changes
    nothing. Raises NotFound, PlanLimitReached, AlreadyAnswered, and what `admit` raises.
    """
    if arrival is not None:
        await begin_interview(
            session,
            identifier,
            token_hash=token_hash,
            link=arrival.link,
            language=arrival.language,
            accept_language=arrival.accept_language,
            limits=arrival.limits,
            visitor=arrival.visitor,
        )
    elif await find_interview(session, token_hash) is None:
        return None
    try:
        interview = await reopen_interview(session, token_hash)
    except InterviewFinished:
        return await _after_the_end(session, token_hash, arrivals)
    asked, response = interview.questionnaire, interview.response
    shown = engine.step_at(interview.steps, sent.at)
    interview.note_time(shown.page.code if shown else "", since=arrival.shown_at if arrival else None)
    if sent.is_trapped:
        response.paradata = {**response.paradata, "trap": True}
    turned = turn(asked.definition, asked.layout, interview.state, sent, seed=response.seed)
    interview.state = turned.state
    interview.response.answers = turned.state.answers
    interview.response.not_asked = list(turned.state.not_asked)
    interview.response.cursor = turned.cursor
    await settle(session, interview, arrivals)
    if turned.finishes:
        await complete(session, interview)
    elif not turned.faults:
        await go_on(session, interview)
    return interview, turned


async def _after_the_end(
    session: Session, token_hash: str, arrivals: Arrivals | None
) -> tuple[Interview, Turned] | None:
    """A finished interview as it is, and that nothing refers to the files which came for it."""
    finished = await find_interview(session, token_hash)
    if finished is None:
        return None
    finished.unreferred += [each.stored.key for each in arrivals.files] if arrivals else []
    return finished, Turned(finished.state, finished.response.cursor)

"""`/api/surveys/{id}/distribute` and `…/mailings`: invitations and reminders by mail."""

from typing import Any

from fastapi import Request, Response
from fastapi import status as http

from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import Invalid, NotFound, problems_of
from kernel.routing import Router
from services.ingestion.dependencies import ingestion_settings
from services.ingestion.errors import SurveyInOtherState
from services.ingestion.errors.entrance import TooManyLetters
from services.ingestion.queries import mailings as queries
from services.ingestion.schemas.mailings import MailingCreate, MailingRead
from services.ingestion.service import mailings as service
from services.ingestion.service.participants import survey_of_participants

router = Router(prefix="/api/surveys/{survey_id}", tags=["surveys"], responses=ACCESS_PROBLEMS)


@router.post(
    "/distribute",
    status_code=http.HTTP_202_ACCEPTED,
    responses=problems_of(Invalid, SurveyInOtherState, TooManyLetters),
)
async def distribute_survey(
    survey_id: int,
    *,
    body: MailingCreate,
    caller: Caller,
    session: Transaction,
    request: Request,
    response: Response,
) -> MailingRead:
    """Send invitations or reminders to participants by mail; a worker sends them one by one, each at most once."""
    mailing, n_letters = await service.distribute(
        session,
        survey_id,
        kind=body.kind.upper(),
        subject=body.subject,
        text=body.text,
        created_by_id=caller.user_id,
        most_per_day=ingestion_settings(request.app.state.resources).letters_per_day,
    )
    response.headers["Location"] = f"/api/surveys/{survey_id}/mailings/{mailing.id}"
    return _shape(mailing, {"pending": n_letters})


@router.get("/mailings")
async def list_mailings(survey_id: int, session: ReadOnly, page: PageQuery) -> Page[MailingRead]:
    """List a survey's rounds of letters, newest first; for who may edit."""
    await survey_of_participants(session, survey_id)
    rows, next_cursor = await paginate(
        session, queries.mailings(survey_id), page, order_by=queries.MAILING_ORDER
    )
    counts = await queries.counts(session, [row.id for row in rows])
    return Page(items=[_shape(row, counts[row.id]) for row in rows], next_cursor=next_cursor)


@router.get("/mailings/{mailing_id}")
async def read_mailing(survey_id: int, mailing_id: int, session: ReadOnly) -> MailingRead:
    """Return a round of letters, and how far it has come; for who may edit."""
    await survey_of_participants(session, survey_id)
    mailing = await queries.get_mailing(session, mailing_id)
    if mailing.survey_id != survey_id:
        raise NotFound.of("mailing", mailing_id)
    return _shape(mailing, (await queries.counts(session, [mailing_id]))[mailing_id])


def _shape(row: Any, counts: dict[str, int]) -> MailingRead:
    """A round of letters as the researcher sees it."""
    return MailingRead(
        id=row.id,
        kind=row.kind.lower(),
        subject=row.subject,
        text=row.text,
        created_at=row.created_at,
        pending=counts.get("pending", 0),
        sent=counts.get("sent", 0),
        failed=counts.get("failed", 0),
        skipped=counts.get("skipped", 0),
        uncertain=counts.get("sending", 0),
    )

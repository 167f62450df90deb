"""`/api/surveys/{id}/access`: when a survey takes answers, how many, and from whom."""

from typing import Annotated

from fastapi import Body, Request, Response

from kernel.db import ReadOnly, Transaction
from kernel.etags import IfMatch, etag
from kernel.hashing import PasswordHashing
from kernel.http import ACCESS_PROBLEMS
from kernel.problems import Invalid, PreconditionFailed, problems_of
from kernel.routing import Router
from services.ingestion.errors import SurveyInOtherState
from services.ingestion.queries import access as queries
from services.ingestion.queries import surveys as survey_queries
from services.ingestion.schemas.access import SurveyAccessRead, SurveyAccessUpdate
from services.ingestion.service import access as service

router = Router(prefix="/api/surveys/{survey_id}/access", tags=["surveys"], responses=ACCESS_PROBLEMS)


@router.get("")
async def read_access(survey_id: int, session: ReadOnly, response: Response) -> SurveyAccessRead:
    """Return the rules by which respondents get in; `ETag` is for `If-Match` on edits."""
    await survey_queries.get_survey(session, survey_id)
    access = await queries.find_access(session, survey_id)
    response.headers["ETag"] = etag(access.revision if access else service.NO_RULES)
    return SurveyAccessRead.of(access)


@router.patch("", responses=problems_of(Invalid, PreconditionFailed, SurveyInOtherState))
async def edit_access(
    survey_id: int,
    *,
    body: Annotated[SurveyAccessUpdate, Body(description="JSON Merge Patch (RFC 7396).")],
    session: Transaction,
    if_match: IfMatch,
    request: Request,
    response: Response,
) -> SurveyAccessRead:
    """Change rules; they hold at once, for interviews that begin and for those under way."""
    hashing: PasswordHashing = request.app.state.hashing
    changes = body.model_dump(exclude_unset=True)
    access = await service.edit_access(session, survey_id, changes, if_match=if_match, hashing=hashing)
    response.headers["ETag"] = etag(access.revision)
    return SurveyAccessRead.of(access)

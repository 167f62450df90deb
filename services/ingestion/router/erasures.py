"""`/api/surveys/{id}/responses/{response_id}`: the erasure of one respondent, and its receipt."""

from fastapi import Response
from fastapi import status as http

from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.principals import Caller
from kernel.routing import Router
from services.ingestion.queries import erasures as queries
from services.ingestion.schemas.erasures import ErasureRead
from services.ingestion.service import erasures as service

router = Router(
    prefix="/api/surveys/{survey_id}/responses/{response_id}", tags=["surveys"], responses=ACCESS_PROBLEMS
)


@router.delete("", status_code=http.HTTP_202_ACCEPTED, responses={http.HTTP_200_OK: {"model": ErasureRead}})
async def erase_response(
    survey_id: int, response_id: int, *, caller: Caller, session: Transaction, response: Response
) -> ErasureRead:
    """Erase one respondent: answers at once, files that hold them in the background (202). Repeated, it is the same receipt."""
    erasure = await service.erase_response(session, survey_id, response_id, caller=caller)
    response.headers["Location"] = f"/api/surveys/{survey_id}/responses/{response_id}/erasure"
    if erasure.completed_at is not None:
        response.status_code = http.HTTP_200_OK
    return ErasureRead.of(erasure)


@router.get("/erasure")
async def read_erasure(survey_id: int, response_id: int, session: ReadOnly) -> ErasureRead:
    """Return the receipt of an erasure."""
    return ErasureRead.of(await queries.get_erasure(session, survey_id, response_id))

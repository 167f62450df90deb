"""Files of respondents over HTTP: sent to an interview through the JSON door, downloaded by the researcher."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from fastapi import status as http
from starlette.requests import ClientDisconnect

from kernel.db import ReadOnly, Tenancy, public_database
from kernel.http import ACCESS_PROBLEMS
from kernel.ids import hash_token
from kernel.limits import PlanLimitReached
from kernel.problems import BadRequest, Invalid, NotFound, Problem, TooLarge, UnsupportedMedia, problems_of
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources, max_response_file_bytes
from services.ingestion.domain.names import NAMELESS, clean_file_name
from services.ingestion.domain.survey.answers import AnswerRefused, Fault
from services.ingestion.domain.survey.drawing import signature_svg
from services.ingestion.domain.survey.phrases import say
from services.ingestion.errors import FileEmpty, InterviewFinished, SurveyNotOpen
from services.ingestion.queries import response_files as queries
from services.ingestion.router.multipart import incoming_file, too_large
from services.ingestion.router.page_forms import carries_files
from services.ingestion.schemas.files import FileDownload
from services.ingestion.schemas.respondents import AttachedRead
from services.ingestion.service import attachments
from services.ingestion.service import respondents as service
from services.ingestion.service.files import IncomingFile

respondents = Router(tags=["respondents"], responses=problems_of(NotFound))
router = Router(prefix="/api", tags=["surveys"], responses=ACCESS_PROBLEMS)

LINK_LIFE_S = 300
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@respondents.post(
    "/public/sessions/{token}/files/{question}",
    status_code=http.HTTP_201_CREATED,
    responses=problems_of(
        BadRequest,
        FileEmpty,
        InterviewFinished,
        Invalid,
        PlanLimitReached,
        SurveyNotOpen,
        TooLarge,
        UnsupportedMedia,
    ),
    openapi_extra=_BODY,
)
async def upload_answer(
    token: Annotated[str, Path(description="From the beginning of the interview.")],
    question: str,
    request: Request,
    resources: ProcessResources,
    filename: Annotated[str, Query(max_length=1_000, description="Of a body that is the file itself.")] = "",
) -> AttachedRead:
    """Upload a file as the answer to a question, or one more of it: as multipart/form-data, part `file`, or as the body itself.

    It is part of the answer at once. Where a question takes one file, a new one takes its place; `PUT …/answers` with the ids that
    stay takes others away.
    """
    token_hash = hash_token(token)
    tenancy = Tenancy.of_public(session_hash=token_hash)
    async with public_database(request).snapshot(tenancy) as snapshot:
        interview, asked = await attachments.get_awaiting(snapshot, token_hash, question)
    most_bytes = min(asked.max_bytes, max_response_file_bytes(resources))
    incoming = await _incoming(request, filename, limit_bytes=most_bytes)
    try:
        arrived = await attachments.store(resources, interview.survey, asked, incoming, most_bytes=most_bytes)
    except AnswerRefused as refused:
        raise _problem(refused.faults[0], most_bytes) from refused
    async with (
        attachments.given_up_on_failure(resources, [arrived]),
        public_database(request).transaction(tenancy) as session,
    ):
        interview = await service.attach(session, token_hash, arrived, resources.settings.plan_limits)
    await attachments.discard(resources, interview.unreferred)
    one = arrived.attached
    return AttachedRead(id=UUID(one.id), name=one.name, kind=one.kind, bytes=one.bytes)


async def _incoming(request: Request, filename: str, *, limit_bytes: int) -> IncomingFile:
    """The file of a form, or the body itself; raises TooLarge where its announced size is too large."""
    if carries_files(request):
        return await incoming_file(request, limit_bytes=limit_bytes)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise too_large(limit_bytes)
    return IncomingFile(clean_file_name(filename) if filename else NAMELESS, "", _body(request))


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise BadRequest("The upload ends in the middle; send it again.") from error


def _problem(fault: Fault, limit_bytes: int) -> Problem:
    """Why a file is not taken, as a problem."""
    detail = say("en", fault.key, **fault.values)
    if fault.key == "file_large":
        return TooLarge(detail, limit_bytes=limit_bytes)
    return FileEmpty(detail) if fault.key == "file_empty" else UnsupportedMedia(detail)


@router.get(
    "/surveys/{survey_id}/responses/{response_id}/signatures/{question}",
    response_class=Response,
    responses={http.HTTP_200_OK: {"description": "The signature.", "content": {"image/svg+xml": {}}}},
)
async def draw_signature(survey_id: int, response_id: int, question: str, session: ReadOnly) -> Response:
    """Draw a signature: the strokes, or the name that was typed."""
    picture = signature_svg(await queries.get_answer(session, survey_id, response_id, question))
    if picture is None:
        raise NotFound(f"The answer to {question!r} is no signature.")
    headers = {
        "Content-Disposition": f'attachment; filename="signature-{response_id}.svg"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(picture, media_type="image/svg+xml", headers=headers)


@router.get("/surveys/{survey_id}/responses/{response_id}/files/{file_id}")
async def download_response_file(
    survey_id: int, response_id: int, file_id: UUID, session: ReadOnly, resources: ProcessResources
) -> FileDownload:
    """Give a link to a file that a respondent uploaded; it saves under the file's name, and works without log-in for five minutes."""
    file = await queries.get_file(session, survey_id, response_id, file_id)
    url = await resources.objects.presign_get(file.object_key, filename=file.name, expires_s=LINK_LIFE_S)
    return FileDownload(url=url, expires_in=LINK_LIFE_S)

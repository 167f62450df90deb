"""`/api/surveys/{id}/participants`: who is asked personally, their lists and links."""

from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from fastapi import status as http

from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.problems import Invalid, TooLarge, problems_of
from kernel.routing import Router
from services.ingestion.domain.survey.participants import Entry
from services.ingestion.errors import SurveyInOtherState
from services.ingestion.errors.entrance import ParticipantExists
from services.ingestion.queries import participants as queries
from services.ingestion.schemas.participants import (
    LineRead,
    ParticipantCreate,
    ParticipantRead,
    ParticipantsImported,
    ParticipantStatus,
)
from services.ingestion.service import participants as service

router = Router(prefix="/api/surveys/{survey_id}/participants", tags=["surveys"], responses=ACCESS_PROBLEMS)

CSV_BODY: dict[str, Any] = {
    "required": True,
    "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
}


@router.post(
    "",
    status_code=http.HTTP_201_CREATED,
    responses=problems_of(Invalid, ParticipantExists, SurveyInOtherState),
)
async def add_participant(
    survey_id: int, body: ParticipantCreate, session: Transaction, request: Request, response: Response
) -> ParticipantRead:
    """Add somebody to be asked personally."""
    links = _links(request)
    added, survey = await service.add_participant(session, survey_id, Entry(**body.model_dump()), links=links)
    response.headers["Location"] = f"/api/surveys/{survey_id}/participants/{added.id}"
    return _shape(added, "new", links.of(survey.uuid, added.uuid))


@router.get("")
async def list_participants(
    survey_id: int,
    session: ReadOnly,
    page: PageQuery,
    request: Request,
    status: Annotated[
        ParticipantStatus | Literal["unsubscribed", "undeliverable"] | None,
        Query(description="Only those who stand so."),
    ] = None,
) -> Page[ParticipantRead]:
    """List participants with their links, in the order in which they were added; for who may edit."""
    survey = await service.survey_of_participants(session, survey_id)
    rows, next_cursor = await paginate(
        session,
        queries.participants(survey_id, status=status),
        page,
        order_by=queries.PARTICIPANT_ORDER,
    )
    standing, links = await queries.standing(session, [row.id for row in rows]), _links(request)
    items = [_shape(row, standing[row.id], links.of(survey.uuid, row.uuid)) for row in rows]
    return Page(items=items, next_cursor=next_cursor)


@router.delete("/{participant_id}", status_code=http.HTTP_204_NO_CONTENT)
async def delete_participant(survey_id: int, participant_id: int, session: Transaction) -> Response:
    """Remove a participant: the link leads nowhere from then on, answers that were given stay."""
    await service.delete_participant(session, survey_id, participant_id)
    return Response(status_code=http.HTTP_204_NO_CONTENT)


@router.post(
    "/import",
    responses=problems_of(Invalid, TooLarge, SurveyInOtherState),
    openapi_extra={"requestBody": CSV_BODY},
)
async def import_participants(survey_id: int, session: Transaction, request: Request) -> ParticipantsImported:
    """Add whom a CSV file in any dialect names: columns `email`, `id`, `language`, and attributes; told are lines that were left out."""
    content = await request.body()
    done = await service.import_participants(session, survey_id, content, links=_links(request))
    listed = done.listed
    return ParticipantsImported(
        added=done.n_added,
        n_duplicates=listed.n_duplicates,
        n_rejected=listed.report.n_rejected,
        duplicates=[LineRead.model_validate(note.as_json()) for note in listed.duplicates],
        rejected=[LineRead.model_validate(note.as_json()) for note in listed.report.rejected],
        delimiter=listed.delimiter,
        encoding=listed.encoding,
        attributes=list(listed.attributes),
    )


@router.get("/links", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export_links(survey_id: int, session: ReadOnly, request: Request) -> Response:
    """Return all personal links as CSV, for letters that go out elsewhere; for who may edit."""
    survey = await service.survey_of_participants(session, survey_id)
    text = "".join([part async for part in service.links_as_csv(session, survey, _links(request))])
    headers = {
        "Content-Disposition": f'attachment; filename="links-{survey_id}.csv"',
        "Cache-Control": "no-store",
    }
    return Response(text, media_type="text/csv", headers=headers)


def _links(request: Request) -> service.Links:
    """What makes personal links in this process."""
    settings = request.app.state.resources.settings
    return service.Links(settings.secret_key.get_secret_value(), settings.gateway_url)


def _shape(row: Any, status: str, link: str) -> ParticipantRead:
    """A participant as the researcher sees them."""
    return ParticipantRead.model_validate(
        {
            "id": row.id,
            "email": row.email,
            "external_id": row.external_id,
            "language": row.language,
            "attributes": row.attributes,
            "link": link,
            "status": status,
            "invited_at": row.invited_at,
            "unsubscribed_at": row.unsubscribed_at,
            "mail_error": row.mail_error,
            "created_at": row.created_at,
        }
    )

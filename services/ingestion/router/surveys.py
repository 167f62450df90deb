"""`/api/projects/{id}/surveys` and `/api/surveys`: surveys for the researcher."""

from typing import Annotated, Any

from fastapi import Body, Query, Request, Response
from fastapi import status as http

from contracts.ingestion import ResponseStatus, SurveyStatus
from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Session, Snapshot, Transaction
from kernel.etags import IfMatch, etag
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import Invalid, PreconditionFailed, problems_of
from kernel.routing import Router
from services.ingestion.dependencies import ProcessForms
from services.ingestion.domain.survey.definition import definition_schema
from services.ingestion.domain.survey.issues import issues_of
from services.ingestion.domain.survey.signing import redirect_key
from services.ingestion.errors import SurveyInOtherState
from services.ingestion.queries import responses as response_queries
from services.ingestion.queries import surveys as queries
from services.ingestion.schemas.surveys import (
    ImportNote,
    LintRead,
    RedirectKey,
    ResponseRead,
    SurveyCreate,
    SurveyDuplicate,
    SurveyImport,
    SurveyImported,
    SurveyPublish,
    SurveyPublishedRead,
    SurveyRead,
    SurveyUpdate,
    SurveyVersionRead,
)
from services.ingestion.service import surveys as service
from services.ingestion.service.foreign import read_foreign

router = Router(prefix="/api", tags=["surveys"], responses=ACCESS_PROBLEMS)

STATE_PROBLEMS = problems_of(SurveyInOtherState)
EDIT_PROBLEMS = problems_of(Invalid, PreconditionFailed)
MERGE_PATCH: dict[str, Any] = {"content": {"application/merge-patch+json": {}, "application/json": {}}}


@router.post("/projects/{project_id}/surveys", status_code=http.HTTP_201_CREATED)
async def create_survey(
    project_id: int,
    *,
    body: SurveyCreate,
    caller: Caller,
    session: Transaction,
    request: Request,
    response: Response,
) -> SurveyRead:
    """Draft a survey. Its definition's shape and its theme's contrast are checked now, its logic at publication."""
    survey = await service.create_survey(
        session, project_id, **body.model_dump(), created_by_id=caller.user_id
    )
    response.headers["Location"] = f"/api/surveys/{survey.id}"
    return await _read(session, survey, request, response)


@router.post(
    "/projects/{project_id}/surveys/import", status_code=http.HTTP_201_CREATED, responses=problems_of(Invalid)
)
async def import_survey(
    project_id: int,
    *,
    body: SurveyImport,
    caller: Caller,
    forms: ProcessForms,
    session: Transaction,
    request: Request,
    response: Response,
) -> SurveyImported:
    """Draft a survey from one that was written for another program; `notes` say what is not taken over.

    `document` is the JSON of SurveyJS as an object, the content of LimeSurvey's `.lss` file as a text, or the workbook of an
    XLSForm as base64.
    """
    await require_project(session, project_id, Permission.WRITE)
    taken = await read_foreign(forms, body.format, body.document)
    survey = await service.create_survey(
        session,
        project_id,
        title=body.title or taken.title,
        layout_style=taken.layout_style,
        theme_config={},
        definition=taken.definition,
        created_by_id=caller.user_id,
    )
    response.headers["Location"] = f"/api/surveys/{survey.id}"
    notes = [ImportNote(where=note.where, detail=note.detail) for note in taken.notes]
    return SurveyImported(survey=await _read(session, survey, request, response), notes=notes)


@router.get("/projects/{project_id}/surveys")
async def list_surveys(
    project_id: int,
    session: ReadOnly,
    page: PageQuery,
    request: Request,
    status: Annotated[SurveyStatus | None, Query(description="Only surveys that stand so.")] = None,
    *,
    archived: Annotated[bool, Query(description="Those in the archive, instead of the others.")] = False,
) -> Page[SurveyRead]:
    """List a project's surveys, newest first; those in the archive by themselves."""
    await require_project(session, project_id, Permission.READ)
    rows, next_cursor = await paginate(
        session,
        queries.surveys(project_id, status=status, archived=archived),
        page,
        order_by=queries.SURVEY_ORDER,
    )
    standing = await queries.standing(session, [row.id for row in rows])
    gateway = request.app.state.resources.settings.gateway_url
    return Page(items=[_shape(row, standing[row.id], gateway) for row in rows], next_cursor=next_cursor)


@router.get("/survey-definition-schema")
async def read_definition_schema(caller: Caller) -> dict[str, Any]:  # noqa: ARG001 - for whoever is logged in
    """Return the JSON Schema (2020-12) of survey definitions, for editors that check and complete while somebody types."""
    return definition_schema()


@router.post("/surveys/{survey_id}/duplicate", status_code=http.HTTP_201_CREATED)
async def duplicate_survey(
    survey_id: int,
    *,
    caller: Caller,
    session: Transaction,
    request: Request,
    response: Response,
    body: Annotated[SurveyDuplicate | None, Body()] = None,
) -> SurveyRead:
    """Draft a new survey like this one's draft, with an address of its own and no interviews."""
    title = body.title if body else None
    survey = await service.duplicate_survey(session, survey_id, title=title, created_by_id=caller.user_id)
    response.headers["Location"] = f"/api/surveys/{survey.id}"
    return await _read(session, survey, request, response)


@router.get("/surveys/{survey_id}")
async def read_survey(survey_id: int, session: ReadOnly, request: Request, response: Response) -> SurveyRead:
    """Return a survey with its draft; `ETag` is for `If-Match` on edits."""
    return await _read(session, await queries.get_survey(session, survey_id), request, response)


@router.patch(
    "/surveys/{survey_id}",
    responses=EDIT_PROBLEMS | STATE_PROBLEMS,
    openapi_extra={"requestBody": MERGE_PATCH},
)
async def edit_survey(
    survey_id: int,
    *,
    body: Annotated[dict[str, Any], Body(description="JSON Merge Patch (RFC 7396).")],
    session: Transaction,
    if_match: IfMatch,
    request: Request,
    response: Response,
) -> SurveyRead:
    """Edit the draft; respondents see it after the next publication."""
    # Parsed for its types, but merged as it was sent: a null inside means removal.
    issues, _ = issues_of(SurveyUpdate, body)
    if issues:
        raise Invalid([(issue.pointer, issue.detail) for issue in issues])
    survey = await service.edit_survey(session, survey_id, body, if_match=if_match)
    await session.flush()  # the answer carries what the database holds
    return await _read(session, survey, request, response)


@router.delete("/surveys/{survey_id}", status_code=http.HTTP_204_NO_CONTENT, responses=STATE_PROBLEMS)
async def delete_survey(survey_id: int, session: Transaction) -> Response:
    """Delete a survey with its versions, interviews and dataset, for good; one that takes answers is closed first."""
    await service.delete_survey(session, survey_id)
    return Response(status_code=http.HTTP_204_NO_CONTENT)


@router.post("/surveys/{survey_id}/publish", responses=EDIT_PROBLEMS | STATE_PROBLEMS)
async def publish_survey(
    survey_id: int,
    *,
    session: Transaction,
    request: Request,
    response: Response,
    body: Annotated[SurveyPublish | None, Body()] = None,
) -> SurveyPublishedRead:
    """Freeze the draft as an immutable version and take answers on it; `edits` say what that does to trends."""
    trends = [(one.pointer, one.trend, one.reason) for one in body.trends] if body else []
    survey = await service.publish_survey(session, survey_id, trends=trends)
    read = await _read(session, survey, request, response)
    version = await queries.find_version(session, survey.published_version_id)
    edits = version.edits if version else []
    return SurveyPublishedRead.model_validate({**read.model_dump(), "edits": edits})


@router.post("/surveys/{survey_id}/pause", responses=STATE_PROBLEMS)
async def pause_survey(
    survey_id: int, session: Transaction, request: Request, response: Response
) -> SurveyRead:
    """Take no answers until it is reopened; interviews under way are kept."""
    return await _read(session, await service.pause_survey(session, survey_id), request, response)


@router.post("/surveys/{survey_id}/close", responses=STATE_PROBLEMS)
async def close_survey(
    survey_id: int, session: Transaction, request: Request, response: Response
) -> SurveyRead:
    """Take no more answers; closing twice is a conflict."""
    return await _read(session, await service.close_survey(session, survey_id), request, response)


@router.post("/surveys/{survey_id}/reopen", responses=STATE_PROBLEMS)
async def reopen_survey(
    survey_id: int, session: Transaction, request: Request, response: Response
) -> SurveyRead:
    """Take answers again after a pause or a closing."""
    return await _read(session, await service.reopen_survey(session, survey_id), request, response)


@router.post("/surveys/{survey_id}/archive", responses=STATE_PROBLEMS)
async def archive_survey(
    survey_id: int, session: Transaction, request: Request, response: Response
) -> SurveyRead:
    """Put a survey that takes no answers away: read only, and left out of lists."""
    return await _read(session, await service.archive_survey(session, survey_id), request, response)


@router.post("/surveys/{survey_id}/unarchive")
async def unarchive_survey(
    survey_id: int, session: Transaction, request: Request, response: Response
) -> SurveyRead:
    """Take a survey out of the archive."""
    return await _read(session, await service.unarchive_survey(session, survey_id), request, response)


@router.get("/surveys/{survey_id}/lint")
async def lint_survey(survey_id: int, session: ReadOnly) -> LintRead:
    """Say what would refuse publication (errors), and what deserves a look (warnings)."""
    survey = await queries.get_survey(session, survey_id)
    published = await queries.list_versions(session, survey_id)
    issues = service.lint_draft(survey, published)
    edits = service.edits_of_draft(survey, published)
    return LintRead.model_validate(
        {
            "publishable": not any(i.level == "error" for i in issues),
            "issues": [vars(i) for i in issues],
            "edits": [vars(edit) for edit in edits],
        }
    )


@router.get("/surveys/{survey_id}/redirect-key")
async def read_redirect_key(survey_id: int, session: ReadOnly, request: Request) -> RedirectKey:
    """Return the key by which a panel checks `sig` of addresses that respondents come back with; for who may edit."""
    survey = await queries.get_survey(session, survey_id)
    await require_project(session, survey.project_id, Permission.WRITE)
    secret = request.app.state.resources.settings.secret_key.get_secret_value()
    return RedirectKey(key=redirect_key(secret, str(survey.uuid)))


@router.get("/surveys/{survey_id}/versions")
async def list_versions(survey_id: int, session: ReadOnly, page: PageQuery) -> Page[SurveyVersionRead]:
    """List the published versions, newest first."""
    await queries.get_survey(session, survey_id)
    rows, next_cursor = await paginate(
        session, queries.versions(survey_id), page, order_by=queries.VERSION_ORDER
    )
    return Page(items=[SurveyVersionRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/surveys/{survey_id}/responses")
async def list_responses(
    survey_id: int,
    session: ReadOnly,
    page: PageQuery,
    status: Annotated[
        str | None, Query(pattern="^(in_progress|complete|screened_out|quota_full|erased)$")
    ] = None,
) -> Page[ResponseRead]:
    """List a survey's interviews, newest first, finished or not."""
    await queries.get_survey(session, survey_id)
    wanted = None if status is None else ResponseStatus(status.upper())
    rows, next_cursor = await paginate(
        session,
        response_queries.responses(survey_id, status=wanted),
        page,
        order_by=response_queries.RESPONSE_ORDER,
    )
    numbers = await response_queries.version_numbers(session, survey_id)
    items = [
        ResponseRead(
            id=row.id,
            uuid=row.uuid,
            status=row.status.lower(),
            version=numbers[row.survey_version_id],
            language=row.language,
            answers={code: answer for code, answer in row.answers.items() if code not in row.not_asked},
            not_asked=row.not_asked,
            flags=row.flags,
            is_test=row.is_test,
            created_at=row.created_at,
            submitted_at=row.submitted_at,
        )
        for row in rows
    ]
    return Page(items=items, next_cursor=next_cursor)


async def _read(session: Session | Snapshot, survey: Any, request: Request, response: Response) -> SurveyRead:
    """The survey as it is shown, with its entity tag set."""
    await session.flush()  # what is read back includes this request's changes
    standing = await queries.standing(session, [survey.id])
    response.headers["ETag"] = etag(survey.revision)
    return _shape(survey, standing[survey.id], request.app.state.resources.settings.gateway_url)


def _shape(survey: Any, standing: tuple[int | None, int | None], gateway_url: str) -> SurveyRead:
    """A row as it is shown."""
    version, dataset_id = standing
    return SurveyRead.model_validate(
        {
            **{name: getattr(survey, name) for name in SurveyRead.model_fields if hasattr(survey, name)},
            "version": version,
            "dataset_id": dataset_id,
            "dataset_includes": [included.lower() for included in survey.dataset_includes],
            "public_url": f"{gateway_url.rstrip('/')}/s/{survey.uuid}",
        }
    )

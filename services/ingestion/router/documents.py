"""HTTP of documents: their text and tables, and a table as a dataset."""

from typing import Annotated, Any

from fastapi import Header, Query, Request, Response, status
from fastapi.responses import JSONResponse, StreamingResponse

from kernel.db import ReadOnly, Tenancy
from kernel.http import ACCESS_PROBLEMS
from kernel.idempotency import claim, keep_answer
from kernel.limits import PlanLimitReached
from kernel.pagination import Page, PageQuery, PageRequest
from kernel.principals import Caller
from kernel.problems import Forbidden, NotFound, problems_of
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources
from services.ingestion.errors import FileNotDocument, FileNotReady
from services.ingestion.queries import files as queries
from services.ingestion.router.file_shapes import shaped_file
from services.ingestion.schemas.documents import DocumentPageRead, DocumentTableRead, TextFormat
from services.ingestion.schemas.files import FileRead
from services.ingestion.service import documents as service
from services.ingestion.service import files

router = Router(prefix="/api/files", tags=["files"], responses=ACCESS_PROBLEMS)
_PROBLEMS = problems_of(FileNotReady, FileNotDocument)
_HEAD_ROWS = 10
PLAIN = "text/plain"


@router.get(
    "/{file_id}/text",
    response_model=Page[DocumentPageRead],
    responses={**_PROBLEMS, 200: {"content": {PLAIN: {"schema": {"type": "string"}}}}},
)
async def read_text(  # noqa: PLR0917 - FastAPI passes them by name
    file_id: int,
    session: ReadOnly,
    resources: ProcessResources,
    request: PageQuery,
    page: Annotated[int | None, Query(ge=1, description="Only the page of this number.")] = None,
    format: Annotated[  # noqa: A002 - the parameter's public name
        TextFormat | None, Query(description="`txt` gives the whole text as one.")
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Any:
    """Give the text of a document: pages with blocks, or with `?format=txt` or `Accept: text/plain` the whole text.

    Blocks are set apart by a blank line in the whole text, pages by a form feed; offsets count its code points.
    """
    file = await queries.get_file(session, file_id)
    n_pages = service.require_document(file)
    if format is TextFormat.TXT or (format is None and accept.startswith(PLAIN)):
        chunks = service.whole_text(resources.objects, file)
        return StreamingResponse(chunks, media_type="text/plain; charset=utf-8")
    if page is not None and page > n_pages:
        raise NotFound(f"File {file_id} has {n_pages} pages; there is no page {page}.")
    first, last = (page, page) if page else _span(request, n_pages)
    pages = await service.pages_of(resources.objects, file, first=first, last=last)
    return Page(items=pages, next_cursor=None if page else _cursor(request, last, n_pages))


def _span(request: PageRequest, n: int) -> tuple[int, int]:
    first = int(request.after[0]) + 1 if request.after else 1
    return first, min(first + request.limit - 1, n)


def _cursor(request: PageRequest, last: int, n: int) -> str | None:
    return request.cursor([last]) if last < n else None


@router.get("/{file_id}/tables", responses=_PROBLEMS)
async def list_tables(
    file_id: int, session: ReadOnly, resources: ProcessResources, request: PageQuery
) -> Page[DocumentTableRead]:
    """List the tables of a document, each with its first ten rows."""
    file = await queries.get_file(session, file_id)
    service.require_document(file)
    tables = await service.tables_of(resources.objects, file)
    first, last = _span(request, len(tables))
    shown = [{**table, "rows": table["rows"][:_HEAD_ROWS]} for table in tables[first - 1 : last]]
    items = [DocumentTableRead.model_validate(table) for table in shown]
    return Page(items=items, next_cursor=_cursor(request, last, len(tables)))


@router.get("/{file_id}/tables/{number}", responses=_PROBLEMS)
async def read_table(
    file_id: int, number: int, session: ReadOnly, resources: ProcessResources
) -> DocumentTableRead:
    """Show one table of a document whole."""
    file = await queries.get_file(session, file_id)
    service.require_document(file)
    return DocumentTableRead.model_validate(await service.table_of(resources.objects, file, number))


@router.post(
    "/{file_id}/tables/{number}/dataset",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=FileRead,
    responses={**_PROBLEMS, **problems_of(Forbidden, PlanLimitReached)},
)
async def table_to_dataset(
    file_id: int, number: int, request: Request, caller: Caller, resources: ProcessResources
) -> Response:
    """Make a table of a document a CSV file of the project, which is read like any other. Follow `Location`.

    Its `source` names the document, the table and the page; corrections of its columns work as for uploads.
    """
    tenancy = Tenancy.of_caller(caller)
    async with resources.database.snapshot(tenancy) as session:
        document = await queries.get_file(session, file_id)
    service.require_document(document)
    grant = await files.require_upload_access(resources, tenancy, document.project_id)
    table = await service.table_of(resources.objects, document, number)
    async with (
        files.stored_upload(resources, grant, service.as_csv_file(document, table)) as upload,
        resources.database.transaction(tenancy) as session,
    ):
        await claim(session, request, caller=caller.subject)
        file = await files.add_file(session, resources.settings.plan_limits, upload, user_id=caller.user_id)
        file.source = service.origin(document, table)
        await session.flush()  # the answer carries the new updated_at
        shaped = await shaped_file(session, file)
        location = {"Location": f"/api/files/{file.id}"}
        answer = JSONResponse(shaped.model_dump(mode="json"), status.HTTP_202_ACCEPTED, location)
        await keep_answer(request, answer)
    return answer

"""`/api/files/{id}/report`: how a file was read, as JSON for programs and as a page for people.

A browser sends no access token with an address, so a person opens the page by a link that `…/report/link` gives: signed,
good for five minutes, and no more powerful than the log-in in which it was asked for.
"""

from typing import Annotated, Any

import orjson
from fastapi import Query, Request, Response

from contracts.ingestion import FileType, UploadStatus
from kernel.clock import utc_now
from kernel.db import ReadOnly, Snapshot, Tenancy
from kernel.http import ACCESS_PROBLEMS
from kernel.principals import Caller, Principal, current_principal
from kernel.problems import Problem, Unauthenticated, problems_of
from kernel.resources import Resources
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources
from services.ingestion.domain.import_looks import look_of
from services.ingestion.domain.report_links import LIFE_S, LinkHolder, make_link_token, read_link_token
from services.ingestion.errors import FileNotReady
from services.ingestion.queries import files as queries
from services.ingestion.router import report_html as html
from services.ingestion.router.file_shapes import shaped_file
from services.ingestion.schemas.files import FileRead, ImportReport, ReportLink
from services.ingestion.service import files as service

router = Router(prefix="/api", tags=["files"], responses=ACCESS_PROBLEMS)
_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}


@router.get(
    "/files/{file_id}/report",
    response_model=ImportReport,
    responses={**problems_of(FileNotReady), **_PAGE},
)
async def read_report(
    file_id: int,
    request: Request,
    resources: ProcessResources,
    link: Annotated[str, Query(description="Token of a link; takes the place of the access token.")] = "",
) -> Response | ImportReport:
    """Show how the file was read: encoding, dialect, header, rejected and repaired rows, coerced values.

    With `Accept: text/html` a page for people: that, every column with its doubts, and the first rows.
    """
    if not html.wants_page(request):
        async with resources.database.snapshot(await _tenancy(request, file_id, link)) as session:
            return (await _found(session, file_id))[1]
    try:
        async with resources.database.snapshot(await _tenancy(request, file_id, link)) as session:
            file, report = await _found(session, file_id)
        return await _page(resources, file, report)
    except Problem as problem:
        return html.problem_page(problem)


@router.get("/files/{file_id}/report/link")
async def link_report(
    file_id: int, session: ReadOnly, caller: Caller, resources: ProcessResources
) -> ReportLink:
    """Give a link that opens the report's page in a browser; it works for five minutes."""
    await queries.get_file(session, file_id)
    holder = LinkHolder(caller.user_id, caller.session_id, caller.only_team_id)
    token = make_link_token(_secret(resources), file_id, holder, now_s=_now_s())
    address = f"{resources.settings.gateway_url.rstrip('/')}/api/files/{file_id}/report?link={token}"
    return ReportLink(url=address, expires_in=LIFE_S)


async def _tenancy(request: Request, file_id: int, link: str) -> Tenancy:
    """In whose name the report is read: the caller's, or that of whoever asked for the link."""
    if not link:
        return Tenancy.of_caller(await current_principal(request))
    held: Resources = request.app.state.resources
    holder = read_link_token(_secret(held), file_id, link, now_s=_now_s())
    if holder is None:
        raise Unauthenticated("This link has expired or is cut off. Ask for a new one.")
    return Tenancy.of_caller(Principal(holder.user_id, holder.session_id, only_team_id=holder.only_team_id))


async def _found(session: Snapshot, file_id: int) -> tuple[FileRead, ImportReport]:
    file = await queries.get_file(session, file_id)
    if file.upload_status == UploadStatus.PENDING:
        raise FileNotReady(f"File {file_id} is {file.upload_status}; its report comes when it is read.")
    report = ImportReport.model_validate({**file.import_report, "source": file.source})
    return await shaped_file(session, file), report


async def _page(resources: Resources, file: FileRead, report: ImportReport) -> Response:
    preview: dict[str, Any] = {}
    if file.dataset_ids or (file.file_type == FileType.UNSTRUCTURED and not file.error):
        preview = orjson.loads(await resources.objects.get(f"{service.folder_of(file.file)}preview.json"))
    look = look_of(file.model_dump(), report.model_dump(), preview)
    return html.report_page(file.name, file.error, look)


def _secret(resources: Resources) -> str:
    return resources.settings.secret_key.get_secret_value()


def _now_s() -> int:
    return int(utc_now().timestamp())

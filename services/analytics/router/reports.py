"""`/api/projects/{id}/reports` and `/api/reports`: documents of text and figures."""

from fastapi import Response
from fastapi import status as http

from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Transaction
from kernel.etags import IfMatch, etag
from kernel.http import ACCESS_PROBLEMS
from kernel.objects import Objects
from kernel.pagination import Page, PageQuery, paginate
from kernel.prefer import wait_until
from kernel.principals import Caller
from kernel.problems import Conflict, NotFound, PreconditionFailed, problems_of
from kernel.routing import Router
from services.analytics.dependencies import InCallersName, StoredObjects
from services.analytics.domain.artefacts import chart_key
from services.analytics.errors import ChartNotReady
from services.analytics.queries import reports as queries
from services.analytics.schemas.reports import ReportCreate, ReportRead, ReportSummary, ReportUpdate
from services.analytics.service import reports as service

router = Router(tags=["reports"], responses=ACCESS_PROBLEMS)
DRAWING_S = 10.0
"""How long publishing waits for the worker to draw a chart that was just computed."""


@router.post("/api/projects/{project_id}/reports", status_code=http.HTTP_201_CREATED)
async def create_report(
    project_id: int, body: ReportCreate, caller: Caller, session: Transaction, response: Response
) -> ReportRead:
    """Make a draft; the answer holds the ids given to its blocks."""
    report = await service.create_report(session, project_id, body, user_id=caller.user_id)
    response.headers["Location"] = f"/api/reports/{report.id}"
    response.headers["ETag"] = etag(report.revision)
    return ReportRead.model_validate(report)


@router.get("/api/projects/{project_id}/reports")
async def list_reports(project_id: int, session: ReadOnly, page: PageQuery) -> Page[ReportSummary]:
    """List a project's reports without their blocks, newest first."""
    await require_project(session, project_id, Permission.READ)
    rows, next_cursor = await paginate(
        session, queries.reports_of(project_id), page, order_by=queries.NEWEST_FIRST
    )
    return Page(items=[ReportSummary.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/api/reports/{report_id}")
async def read_report(report_id: int, session: ReadOnly, response: Response) -> ReportRead:
    """Return one report's draft."""
    report = await queries.find_report(session, report_id)
    if report is None:
        raise NotFound.of("report", report_id)
    response.headers["ETag"] = etag(report.revision)
    return ReportRead.model_validate(report)


@router.patch("/api/reports/{report_id}", responses=problems_of(PreconditionFailed))
async def edit_report(
    report_id: int, body: ReportUpdate, if_match: IfMatch, session: Transaction, response: Response
) -> ReportRead:
    """Change the draft; the published page stays as it was."""
    report = await service.edit_report(session, report_id, body, if_match=if_match)
    response.headers["ETag"] = etag(report.revision)
    return ReportRead.model_validate(report)


@router.delete("/api/reports/{report_id}", status_code=http.HTTP_204_NO_CONTENT)
async def delete_report(report_id: int, session: Transaction) -> Response:
    """Delete a report with its page and comments."""
    await service.delete_report(session, report_id)
    return Response(status_code=http.HTTP_204_NO_CONTENT)


@router.post("/api/reports/{report_id}/publish", responses=problems_of(Conflict, ChartNotReady))
async def publish_report(report_id: int, database: InCallersName, objects: StoredObjects) -> ReportRead:
    """Freeze the draft as it is now for everybody who has the link `/r/{uuid}`."""
    async with database.snapshot() as session:
        grant, revision, analysis_ids = await service.charts_to_publish(session, report_id)
    charts = {
        id_: await _drawn(
            objects,
            chart_key(team_id=grant.team_id, project_id=grant.project_id, analysis_id=id_, extension="svg"),
        )
        for id_ in analysis_ids
    }
    async with database.transaction() as writing:
        report = await service.publish_report(writing, report_id, revision=revision, charts=charts)
        return ReportRead.model_validate(report)


@router.post("/api/reports/{report_id}/unpublish")
async def unpublish_report(report_id: int, session: Transaction) -> ReportRead:
    """Take the public page away."""
    return ReportRead.model_validate(await service.unpublish_report(session, report_id))


async def _drawn(objects: Objects, key: str) -> str:
    """Return a chart's SVG; raises ChartNotReady where the worker has not drawn it in time."""
    found: list[bytes] = []

    async def is_there() -> bool:
        try:
            found.append(await objects.get(key))
        except NotFound:
            return False
        return True

    if not await wait_until(is_there, seconds=DRAWING_S):
        raise ChartNotReady("A chart of this report is still being drawn; publish again in a moment.")
    return found[0].decode()

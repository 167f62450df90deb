"""`/r/{uuid}`: the published report's page, for everybody who has the link."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from kernel.db import PublicDatabase, Tenancy
from kernel.problems import NotFound, problems_of
from services.analytics.queries import reports as queries
from services.analytics.router.pages import PAGE_HEADERS, report_page

router = APIRouter(tags=["public"])


@router.get("/r/{report_uuid}", response_class=HTMLResponse, responses=problems_of(NotFound))
async def read_published_report(
    report_uuid: Annotated[UUID, Path(description="The report's public identifier.")],
    database: PublicDatabase,
) -> HTMLResponse:
    """Show a published report: text, charts as inline SVG with their figures, tables."""
    async with database.snapshot(Tenancy.of_public(report_uuid=str(report_uuid))) as session:
        report = await queries.find_published(session, report_uuid)
    if report is None or report.published_content is None:
        raise NotFound("There is no published report at this address.")
    page = report_page(report.published_content, published_at=report.published_at)
    return HTMLResponse(page, headers=PAGE_HEADERS)

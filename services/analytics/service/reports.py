"""Commands of reports: create, edit, publish, unpublish, delete."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.analytics import AnalysisStatus, ReportPublished, ReportStatus
from kernel.access import Permission, ProjectGrant, require_project
from kernel.clock import utc_now
from kernel.db import Session, Snapshot
from kernel.etags import require_match
from kernel.events import record
from kernel.ids import uuid7
from kernel.problems import Conflict, Invalid, NotFound
from services.analytics.domain import blocks as rules
from services.analytics.domain.charts import chart_description
from services.analytics.domain.report_tables import readable_tables
from services.analytics.models import Report
from services.analytics.queries import analyses, insights
from services.analytics.queries import reports as queries
from services.analytics.schemas.reports import BlockWrite, ReportCreate, ReportUpdate


async def create_report(session: Session, project_id: int, body: ReportCreate, *, user_id: int) -> Report:
    """Make a draft; raises NotFound, Forbidden, and Invalid with a pointer for each block that does not fit."""
    await require_project(session, project_id, Permission.WRITE)
    blocks = await _checked(session, project_id, body.blocks, known_ids=set())
    return await queries.add_report(
        session, project_id=project_id, title=body.title, blocks=blocks, created_by_id=user_id
    )


async def edit_report(
    session: Session, report_id: int, body: ReportUpdate, *, if_match: str | None
) -> Report:
    """Change the draft; what is published stays as it was; raises NotFound, Forbidden, PreconditionFailed, Invalid."""
    report, _ = await writable_report(session, report_id)
    require_match(if_match, report.revision)
    if "title" in body.model_fields_set:
        report.title = body.title
    if "blocks" in body.model_fields_set:
        known_ids = {block["id"] for block in report.blocks}
        report.blocks = await _checked(session, report.project_id, body.blocks, known_ids=known_ids)
    report.revision += 1
    await session.flush()  # reads back updated_at for the answer
    return report


async def _checked(
    session: Session, project_id: int, written: Sequence[BlockWrite], *, known_ids: set[str]
) -> list[rules.Block]:
    """Return the blocks as stored; raises Invalid for missing members, foreign ids, and results of other projects."""
    given = [block.model_dump(exclude_none=True) for block in written]
    faults = rules.block_faults(given, known_ids=known_ids)
    results = await analyses.results_by_id(session, project_id, rules.referenced(given, "analysis_result_id"))
    findings = await insights.insights_by_id(session, project_id, rules.referenced(given, "insight_id"))
    known = {"analysis_result_id": {row.id for row in results}, "insight_id": {row.id for row in findings}}
    for i, block in enumerate(given):
        for member, ids in known.items():
            if block.get(member) is not None and block[member] not in ids:
                noun = member.removesuffix("_id").replace("_result", "")
                faults.append((f"/blocks/{i}/{member}", f"this project has no {noun} {block[member]}"))
    if faults:
        raise Invalid(faults)
    return rules.with_ids(given, [uuid7() for _ in given])


async def charts_to_publish(session: Snapshot, report_id: int) -> tuple[ProjectGrant, int, list[int]]:
    """Return whose report it is, its revision, and the analyses whose charts it shows.

    Raises NotFound, Forbidden, and Invalid with a pointer for each result that is not there (any more).
    """
    report, grant = await _report_and_grant(session, report_id)
    wanted = rules.referenced(report.blocks, "analysis_result_id")
    rows = await analyses.results_by_id(session, report.project_id, wanted)
    done = {row.id for row in rows if row.status == AnalysisStatus.SUCCESS}
    missing = [
        (f"/blocks/{i}/analysis_result_id", f"analysis {block['analysis_result_id']} has no result to show")
        for i, block in enumerate(report.blocks)
        if block.get("analysis_result_id") is not None and block["analysis_result_id"] not in done
    ]
    if missing:
        raise Invalid(missing)
    charts = [block for block in report.blocks if block["type"] == "chart"]
    return grant, report.revision, rules.referenced(charts, "analysis_result_id")


async def publish_report(
    session: Session, report_id: int, *, revision: int, charts: Mapping[int, str]
) -> Report:
    """Freeze the draft of that revision, charts drawn, for everybody who has the link; again replaces it.

    Raises NotFound, Forbidden, and Conflict where somebody edited the draft meanwhile.
    """
    report, grant = await writable_report(session, report_id)
    if report.revision != revision:
        raise Conflict(
            "Somebody edited the report while it was being published. Look at it and publish again."
        )
    report.published_content = {
        "title": report.title,
        "blocks": await _frozen(session, report, charts),
    }
    report.status = ReportStatus.PUBLISHED.value
    report.published_at = utc_now()
    await session.flush()  # reads back updated_at for the answer
    event = ReportPublished(project_id=report.project_id, report_id=report.id, report_uuid=report.uuid)
    await record(session, event, team_id=grant.team_id, project_id=grant.project_id)
    return report


async def _frozen(session: Session, report: Report, charts: Mapping[int, str]) -> list[dict[str, Any]]:
    rows = await analyses.results_by_id(
        session, report.project_id, rules.referenced(report.blocks, "analysis_result_id")
    )
    figures = {
        row.id: {
            "tables": readable_tables(row.calculation_type, row.result_data or {}),
            "description": chart_description(row.calculation_type, row.result_data or {}),
        }
        for row in rows
    }
    found = await insights.insights_by_id(
        session, report.project_id, rules.referenced(report.blocks, "insight_id")
    )
    findings = {row.id: {"title": row.title, "body": row.body} for row in found}
    return rules.frozen_blocks(report.blocks, charts=charts, figures=figures, insights=findings)


async def unpublish_report(session: Session, report_id: int) -> Report:
    """Take the public page away; raises NotFound and Forbidden."""
    report, _ = await writable_report(session, report_id)
    report.status = ReportStatus.DRAFT.value
    report.published_content = None
    report.published_at = None
    await session.flush()  # reads back updated_at for the answer
    return report


async def delete_report(session: Session, report_id: int) -> None:
    """Delete a report, its page and its comments; raises NotFound and Forbidden."""
    await writable_report(session, report_id)
    await queries.remove_report(session, report_id)


async def writable_report(session: Session, report_id: int) -> tuple[Report, ProjectGrant]:
    """Return the report, locked, and the caller's grant; raises NotFound and Forbidden."""
    _, grant = await _report_and_grant(session, report_id)
    report = await queries.find_report(session, report_id, lock=True)
    if report is None:
        raise NotFound.of("report", report_id)
    return report, grant


async def _report_and_grant(session: Session | Snapshot, report_id: int) -> tuple[Report, ProjectGrant]:
    report = await queries.find_report(session, report_id)
    if report is None:
        raise NotFound.of("report", report_id)
    return report, await require_project(session, report.project_id, Permission.WRITE)

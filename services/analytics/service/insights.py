"""Commands of insights: create, edit, delete."""

from typing import Any

from contracts.analytics import InsightCreated
from kernel.access import Permission, require_project
from kernel.db import Session
from kernel.etags import require_match
from kernel.events import record
from kernel.problems import Invalid, NotFound
from services.analytics.models import ResearchInsight
from services.analytics.queries import insights as queries
from services.analytics.schemas.insights import InsightCreate, InsightUpdate


async def create_insight(
    session: Session, project_id: int, body: InsightCreate, *, user_id: int
) -> ResearchInsight:
    """Write down a finding; raises NotFound, Forbidden, and Invalid for a result of another project."""
    grant = await require_project(session, project_id, Permission.WRITE)
    await _require_analysis(session, project_id, body.analysis_result_id)
    insight = await queries.add_insight(
        session, project_id=project_id, created_by_id=user_id, **body.model_dump(mode="json")
    )
    event = InsightCreated(
        project_id=project_id, insight_id=insight.id, title=insight.title, ai_generated=insight.ai_generated
    )
    await record(session, event, team_id=grant.team_id, project_id=project_id)
    return insight


async def edit_insight(
    session: Session, insight_id: int, body: InsightUpdate, *, if_match: str | None
) -> ResearchInsight:
    """Change the members given; raises NotFound, Forbidden, PreconditionFailed, Invalid."""
    insight = await _writable(session, insight_id)
    require_match(if_match, insight.revision)
    changes: dict[str, Any] = body.model_dump(mode="json", include=body.model_fields_set)
    await _require_analysis(session, insight.project_id, changes.get("analysis_result_id"))
    for name, value in changes.items():
        setattr(insight, name, value)
    insight.revision += 1
    await session.flush()  # reads back updated_at for the answer
    return insight


async def delete_insight(session: Session, insight_id: int) -> None:
    """Delete a finding; raises NotFound and Forbidden."""
    await _writable(session, insight_id)
    await queries.remove_insight(session, insight_id)


async def _writable(session: Session, insight_id: int) -> ResearchInsight:
    seen = await queries.find_insight(session, insight_id)
    if seen is None:
        raise NotFound.of("insight", insight_id)
    await require_project(session, seen.project_id, Permission.WRITE)
    insight = await queries.find_insight(session, insight_id, lock=True)
    if insight is None:
        raise NotFound.of("insight", insight_id)
    return insight


async def _require_analysis(session: Session, project_id: int, analysis_id: int | None) -> None:
    if analysis_id is not None and not await queries.has_analysis(session, project_id, analysis_id):
        raise Invalid.at("/analysis_result_id", f"this project has no analysis {analysis_id}")

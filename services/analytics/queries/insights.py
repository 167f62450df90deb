"""Insights as rows, and their full-text search."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnClause, Row, Select, delete, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.db import Session
from services.analytics.models import AnalysisResult, Project, ResearchInsight

NEWEST_FIRST = (ResearchInsight.created_at.desc(), ResearchInsight.id.desc())
_DOCUMENT: ColumnClause[str] = literal_column("analysis_researchinsight.search_vector")
_HEADLINE = "StartSel=**, StopSel=**, MaxWords=40, MinWords=15, MaxFragments=2"


async def find_insight(
    session: AsyncSession, insight_id: int, *, lock: bool = False
) -> ResearchInsight | None:
    """Return an insight; with `lock`, for writing it in this transaction."""
    statement = select(ResearchInsight).where(ResearchInsight.id == insight_id)
    if lock:  # read afresh: the row may have changed since this session saw it unlocked
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(statement)


def insights_of(project_id: int) -> Select[Any]:
    """Select a project's insights."""
    return select(ResearchInsight).where(ResearchInsight.project_id == project_id)


async def insights_by_id(
    session: AsyncSession, project_id: int, ids: Collection[int]
) -> Sequence[ResearchInsight]:
    """Return a project's insights among the ids."""
    return (await session.scalars(insights_of(project_id).where(ResearchInsight.id.in_(ids)))).all()


async def add_insight(session: Session, **values: Any) -> ResearchInsight:
    """Insert an insight and return it with what the database filled in."""
    insight = ResearchInsight(**values)
    session.add(insight)
    await session.flush()  # the event needs the id
    return insight


async def remove_insight(session: Session, insight_id: int) -> None:
    """Delete an insight."""
    await session.execute(delete(ResearchInsight).where(ResearchInsight.id == insight_id))


async def has_analysis(session: AsyncSession, project_id: int, analysis_id: int) -> bool:
    """Return whether the project has that analysis."""
    statement = select(AnalysisResult.id).where(
        AnalysisResult.id == analysis_id, AnalysisResult.project_id == project_id
    )
    return await session.scalar(statement) is not None


async def search_insights(
    session: AsyncSession, words: str, *, project_id: int | None, team_id: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Return (id, project_id, title, snippet, score, all_words) of insights with any of the words, best first.

    English stems and plain words are both looked for, as the index holds both; ranking weighs titles above bodies
    and how near the words stand to each other (`ts_rank_cd`, Clarke, Cormack and Tudhope 2000).
    """
    every = func.websearch_to_tsquery("english", words).op("||")(func.websearch_to_tsquery("simple", words))
    statement = (
        select(
            ResearchInsight.id,
            ResearchInsight.project_id,
            ResearchInsight.title,
            func.ts_headline(
                "english", ResearchInsight.title + "\n" + ResearchInsight.body, every, _HEADLINE
            ).label("snippet"),
            func.ts_rank_cd(_DOCUMENT, every).label("score"),
        )
        .where(_DOCUMENT.op("@@")(every))
        .order_by(literal_column("score").desc(), ResearchInsight.id.desc())
        .limit(limit)
    )
    if project_id is not None:
        statement = statement.where(ResearchInsight.project_id == project_id)
    if team_id is not None:
        statement = statement.join(Project, Project.id == ResearchInsight.project_id).where(
            Project.team_id == team_id
        )
    return (await session.execute(statement)).all()

"""What analytics publishes: enums and events about results, insights, reports and comments; no behaviour."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from kernel.events import Event


class CalculationType(StrEnum):
    """What can be computed."""

    FREQUENCY = "FREQUENCY"
    MEAN = "MEAN"
    CROSSTAB = "CROSSTAB"


class AnalysisStatus(StrEnum):
    """How far an analysis has come."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ReportStatus(StrEnum):
    """Whether a report has a public page."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class AnalysisRequested(Event):
    """An analysis was accepted and waits to be computed."""

    service: ClassVar[str] = "analytics"
    type: ClassVar[str] = "analysis-requested"

    project_id: int
    analysis_result_id: int


class AnalysisComplete(Event):
    """An analysis has its result; read it at `/api/analyses/{analysis_result_id}`."""

    service: ClassVar[str] = "analytics"
    type: ClassVar[str] = "analysis-complete"

    project_id: int
    analysis_result_id: int
    calculation_type: str
    dataset_id: int
    dataset_version: int = Field(ge=1)


class AnalysisFailed(Event):
    """An analysis could not be computed; the result's `error` says why."""

    service: ClassVar[str] = "analytics"
    type: ClassVar[str] = "analysis-failed"

    project_id: int
    analysis_result_id: int
    calculation_type: str
    dataset_id: int
    dataset_version: int = Field(ge=1)
    slug: str = Field(description="Last part of the problem's `type`.")
    detail: str


class InsightCreated(Event):
    """A finding was written down."""

    service: ClassVar[str] = "analytics"
    type: ClassVar[str] = "insight-created"

    project_id: int
    insight_id: int
    title: str
    ai_generated: bool


class ReportPublished(Event):
    """A report's present state was frozen and can be read by everybody who has its link."""

    service: ClassVar[str] = "analytics"
    type: ClassVar[str] = "report-published"

    project_id: int
    report_id: int
    report_uuid: UUID


class CommentAdded(Event):
    """Somebody remarked on a range of a report, or answered a remark."""

    service: ClassVar[str] = "analytics"
    type: ClassVar[str] = "comment-added"

    project_id: int
    report_id: int
    comment_id: int
    parent_id: int | None = None

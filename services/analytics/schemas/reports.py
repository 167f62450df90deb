"""Requests and responses of reports and comments."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.analytics import ReportStatus
from kernel.ids import RowId

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00]*$")
]
Text = Annotated[str, StringConstraints(max_length=200_000, pattern=r"^[^\x00]*$")]
Remark = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")
]


class BlockWrite(BaseModel):
    """A block; `id` only for one the report has already, the server gives ids to new ones."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = Field(None, max_length=64)
    type: Literal["heading", "text", "chart", "table", "insight", "quote", "page_break"]
    text: Text | None = Field(
        None, description="Markdown, for heading, text and quote; a caption for the others."
    )
    analysis_result_id: RowId | None = None
    insight_id: RowId | None = None


Blocks = Annotated[list[BlockWrite], Field(max_length=1000)]


class ReportCreate(BaseModel):
    """A new report."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    blocks: Blocks = Field(default_factory=list)


class ReportUpdate(BaseModel):
    """Members to change (JSON Merge Patch); `blocks` is replaced as a whole."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    blocks: Blocks = Field(default_factory=list)


class ReportSummary(BaseModel):
    """A report without its blocks."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    uuid: UUID
    project_id: int
    title: str
    status: ReportStatus
    revision: int
    published_at: datetime | None
    created_by_id: int | None
    created_at: datetime
    updated_at: datetime


class ReportRead(ReportSummary):
    """A report's draft; the published page is `/r/{uuid}` while `status` is PUBLISHED."""

    blocks: list[dict[str, Any]]


class AnchorWrite(BaseModel):
    """A range of a block's source text, in Unicode code points; `exact` must stand at start:end."""

    model_config = ConfigDict(extra="forbid")

    block_id: str = Field(max_length=64)
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    exact: str = Field(min_length=1, max_length=20_000)
    prefix: str = Field("", max_length=500)
    suffix: str = Field("", max_length=500)


class CommentCreate(BaseModel):
    """A remark on a range, or an answer to another remark."""

    model_config = ConfigDict(extra="forbid")

    anchor: AnchorWrite | None = Field(None, description="Needed for a remark; an answer has its parent's.")
    parent_id: RowId | None = None
    body: Remark


class CommentUpdate(BaseModel):
    """Another wording of a remark."""

    model_config = ConfigDict(extra="forbid")

    body: Remark


class PositionRead(BaseModel):
    """Where a range stands in the present draft."""

    start: int
    end: int


class CommentRead(BaseModel):
    """A remark; `position` is where its range stands now, null where the quoted text is gone."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    project_id: int
    report_id: int
    parent_id: int | None
    author_id: int | None
    anchor: dict[str, Any]
    position: PositionRead | None = None
    body: str
    resolved_at: datetime | None
    resolved_by_id: int | None
    created_at: datetime
    updated_at: datetime

"""Requests and responses of insights and search."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kernel.ids import RowId

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00]*$")
]
Body = Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]


class InsightCreate(BaseModel):
    """A finding to write down."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    body: Body = Field("", description="Markdown.")
    analysis_result_id: RowId | None = Field(None, description="The result it was drawn from.")
    evidence: dict[str, Any] = Field(default_factory=dict, description="The figures that support it.")


class InsightUpdate(BaseModel):
    """Members to change (JSON Merge Patch): absent ones stay, null empties where that is possible."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    body: Body = ""
    analysis_result_id: RowId | None = None
    evidence: dict[str, Any] = Field(default_factory=dict)


class InsightRead(BaseModel):
    """A finding; `ai_generated` says whether a model drafted it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    project_id: int
    analysis_result_id: int | None
    title: str
    body: str
    ai_generated: bool
    evidence: dict[str, Any]
    revision: int
    created_by_id: int | None
    created_at: datetime
    updated_at: datetime


class SearchHit(BaseModel):
    """Something found: what it is, how well it fits, and why."""

    kind: Literal["insight"]
    id: int
    project_id: int
    title: str
    snippet: str = Field(description="The passage around the words, with found words between ** **.")
    score: float = Field(description="Higher fits better; comparable within one answer.")
    why: str


class SearchRead(BaseModel):
    """What was found, best first."""

    items: list[SearchHit]
    next_cursor: None = None

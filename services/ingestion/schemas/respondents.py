"""Requests and responses of the JSON door: what an embedding page or an app exchanges with the survey engine."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ingestion import LayoutStyle


class SessionCreate(BaseModel):
    """How an interview begins; everything may be left out."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = Field(
        default=None, max_length=35, description="Language tag; else Accept-Language."
    )
    hidden: dict[str, str] = Field(
        default_factory=dict, max_length=100, description="Values of hidden fields, by code."
    )


class AnswersWrite(BaseModel):
    """Answers by question code; null takes an answer back."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[str, Any] = Field(max_length=1_000)


class StepRead(BaseModel):
    """What to ask next: a page's questions (CLASSIC) or one question (FOCUS)."""

    page: str
    position: int
    questions: list[dict[str, Any]]


class ProgressRead(BaseModel):
    """Steps behind and steps in all, given the present answers."""

    done: int
    total: int


class InterviewRead(BaseModel):
    """Where an interview stands; `step` is null when nothing is left to ask."""

    status: Literal["in_progress", "complete", "screened_out", "quota_full"]
    language: str
    step: StepRead | None
    progress: ProgressRead
    answers: dict[str, Any]


class SessionRead(InterviewRead):
    """A new interview; `token` is its only key and is shown once."""

    token: str


class SubmissionRead(BaseModel):
    """How the interview ended."""

    status: Literal["complete", "screened_out", "quota_full"]
    redirect: str | None = None


class PublicSurveyRead(BaseModel):
    """What anyone may know about a survey before beginning."""

    uuid: UUID
    title: str
    layout_style: LayoutStyle
    languages: list[str]
    open: bool = Field(description="Whether it takes answers now.")
    version: int

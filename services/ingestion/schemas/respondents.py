"""Requests and responses of the JSON door: what an embedding page or an app exchanges with the survey engine."""

from datetime import datetime
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
    password: str | None = Field(
        default=None, max_length=1_000, description="Of the survey, where it asks for one."
    )
    participant: str = Field(
        default="",
        max_length=100,
        description="The last part of a personal link; its one interview begins, or is gone on with.",
    )


class AnswersWrite(BaseModel):
    """Answers by question code; null takes an answer back."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[str, Any] = Field(max_length=1_000)


class AttachedRead(BaseModel):
    """A file as the answer shows it."""

    id: UUID
    name: str = Field(description="With an extension that its content has.")
    kind: str = Field(description="By its bytes: image, pdf, document, spreadsheet, text, audio or video.")
    bytes: int


class StepRead(BaseModel):
    """What to ask next: a page's questions (CLASSIC) or one question (FOCUS)."""

    page: str
    position: int
    questions: list[dict[str, Any]]


class ProgressRead(BaseModel):
    """Steps behind and steps in all, given the present answers."""

    done: int
    total: int


class WarningRead(BaseModel):
    """What the survey says about an answer that was taken."""

    pointer: str
    detail: str


class EndingRead(BaseModel):
    """How an interview ended, or will when it is submitted as it stands."""

    code: str
    outcome: Literal["complete", "screened_out", "quota_full"]
    message: str = Field(description="In the respondent's language; empty where the survey has none.")
    redirect: str | None = Field(description="Where the respondent is led to.")


class InterviewRead(BaseModel):
    """Where an interview stands; `step` is null when nothing is left to ask."""

    status: Literal["in_progress", "complete", "screened_out", "quota_full"]
    language: str
    step: StepRead | None
    progress: ProgressRead
    answers: dict[str, Any]
    ending: EndingRead | None = Field(
        default=None, description="Once it ended, or where the answers end it before its last question."
    )
    warnings: list[WarningRead] = Field(
        default_factory=list, description="Of a PUT: doubts about answers that were taken."
    )


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
    open: bool = Field(description="Whether an interview may begin now.")
    opens_at: datetime | None
    closes_at: datetime | None
    asks_password: bool
    version: int

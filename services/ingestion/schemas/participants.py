"""Requests and responses of participants."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.ingestion.domain.survey.participants import (
    LONGEST_ID,
    LONGEST_LANGUAGE,
    LONGEST_NAME,
    LONGEST_VALUE,
    MOST_ATTRIBUTES,
)

ParticipantStatus = Literal["new", "invited", "started", "complete", "screened_out", "quota_full"]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Value = Annotated[str, Field(max_length=LONGEST_VALUE)]


class ParticipantCreate(BaseModel):
    """Somebody to be asked personally: an address, an id, or both."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    email: str = Field("", max_length=254)
    external_id: str = Field("", max_length=LONGEST_ID, description="What your own lists call them.")
    language: str = Field("", max_length=LONGEST_LANGUAGE)
    attributes: dict[Name, Value] = Field(
        default_factory=dict,
        max_length=MOST_ATTRIBUTES,
        description="For `{{ name }}` in letters; those with the code of a hidden field fill it.",
    )


class ParticipantRead(BaseModel):
    """Somebody who is asked personally."""

    id: int
    email: str
    external_id: str
    language: str
    attributes: dict[str, str]
    link: str = Field(description="Theirs alone: whoever has it answers for them, once.")
    status: ParticipantStatus
    invited_at: datetime | None
    unsubscribed_at: datetime | None
    mail_error: str = Field(description="Why the last letter could not be sent; empty where it was.")
    created_at: datetime


class LineRead(BaseModel):
    """A line of a list that was left out."""

    line: int
    reason: str
    text: str


class ParticipantsImported(BaseModel):
    """What became of a list; nothing of it is left out without a word."""

    added: int
    n_duplicates: int
    n_rejected: int
    duplicates: list[LineRead] = Field(description="The first thousand.")
    rejected: list[LineRead] = Field(description="The first thousand.")
    delimiter: str
    encoding: str
    attributes: list[str] = Field(description="Columns beside email, id and language.")

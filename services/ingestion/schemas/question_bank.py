"""Answers of the question bank."""

from typing import Any

from pydantic import BaseModel, Field


class BankEntry(BaseModel):
    """A standard scale or question, ready to be put into a survey."""

    code: str
    title: str
    topic: str
    source: str = Field(description="Where the wording or the classification comes from.")
    scoring: str = Field(description="How it is counted; empty where there is nothing to say.")
    languages: list[str] = Field(description="In which all its questions have a text.")
    questions: list[dict[str, Any]] = Field(description="As `questions` of a page in a definition.")


class BankRead(BaseModel):
    """The whole question bank."""

    items: list[BankEntry]

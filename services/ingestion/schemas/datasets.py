"""Requests and responses of datasets."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class DatasetUpdate(BaseModel):
    """What changes, as JSON Merge Patch (RFC 7396)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=255)


class DatasetSummary(BaseModel):
    """A dataset as lists show it."""

    id: int
    project_id: int
    name: str
    file_id: int | None = Field(description="The file it was read from, if from a file.")
    survey_id: int | None = Field(description="The survey whose responses it holds, if of a survey.")
    is_test: bool = Field(description="Whether its rows are simulated interviews, which nobody gave.")
    simulated_survey_id: int | None = Field(description="The survey whose simulated interviews it holds.")
    version: int = Field(description="Current version; 0 before there is any row.")
    n_rows: int
    created_at: datetime
    updated_at: datetime


class DatasetRead(DatasetSummary):
    """A dataset with its codebook."""

    variables: list[dict[str, Any]] = Field(
        description="alias, name, label, kind, codes, missing, role and source of each variable."
    )
    codebook: dict[str, Any] = Field(description="The whole codebook of the current version.")

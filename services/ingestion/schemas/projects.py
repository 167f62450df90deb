"""Requests and responses of projects."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from kernel.ids import RowId


class ProjectCreate(BaseModel):
    """A new project of a team."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    team_id: RowId
    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=20_000, description="Background, also for generated insights.")


class ProjectUpdate(BaseModel):
    """What changes, as JSON Merge Patch (RFC 7396): fields left out stay."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str | None = Field(None, min_length=1, max_length=255)
    description: str | None = Field(None, max_length=20_000, description="null empties it.")


class ProjectRead(BaseModel):
    """A project: the container of files, surveys and everything computed from them."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    team_id: int
    name: str
    description: str
    created_by_id: int | None = Field(description="Who created it; null once that account is purged.")
    created_at: datetime
    updated_at: datetime

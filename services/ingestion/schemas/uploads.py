"""Requests and responses of uploads that go to the object store in parts."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

SHA256_PATTERN = "^[0-9a-fA-F]{64}$"


class OnDuplicate(StrEnum):
    """What happens to a file whose content the project has already: kept and told (`duplicate_of`), or refused."""

    KEEP = "keep"
    REFUSE = "refuse"


class UploadState(StrEnum):
    """Where an upload stands: it takes parts, has become a file, or has lapsed."""

    OPEN = "OPEN"
    COMPLETE = "COMPLETE"
    EXPIRED = "EXPIRED"


class UploadCreate(BaseModel):
    """A file that is to be sent in parts."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    filename: str = Field(min_length=1, max_length=1024, description="Its name; folders are left out.")
    size_bytes: int = Field(ge=1, description="Its exact size.")
    sha256: str | None = Field(
        None,
        pattern=SHA256_PATTERN,
        description="Its SHA-256 in hexadecimal, checked when all parts are there.",
    )
    content_type: str = Field("", max_length=255, description="Its media type; kept, not believed.")
    on_duplicate: OnDuplicate = Field(
        OnDuplicate.KEEP,
        description="`refuse`: 409 where the project has this content (known by `sha256`, else found at the end).",
    )


class UploadPart(BaseModel):
    """A part that is still to be sent: PUT exactly its bytes to `url`, without any other header of ours."""

    number: int
    size_bytes: int
    url: str = Field(description="Works without log-in until it expires; read the upload again for another.")
    expires_at: datetime


class UploadRead(BaseModel):
    """An upload in parts, and what is still to be sent."""

    id: int
    project_id: int
    filename: str
    content_type: str
    size_bytes: int
    sha256: str = Field(description="As declared; empty where not.")
    status: UploadState
    part_size: int = Field(description="Bytes of each part but the last.")
    n_parts: int
    arrived_parts: list[int] = Field(description="Numbers of the parts that are there whole.")
    arrived_bytes: int
    parts: list[UploadPart] = Field(description="The next 100 parts that are missing.")
    next_part: int | None = Field(
        description="`?from_part=` for those after them; null where there are none."
    )
    file_id: int | None = Field(description="The file it became.")
    expires_at: datetime = Field(description="When what was sent is thrown away unless it is completed.")
    created_at: datetime


class UploadSummary(BaseModel):
    """An upload in parts as lists show it."""

    id: int
    project_id: int
    filename: str
    size_bytes: int
    status: UploadState
    file_id: int | None
    expires_at: datetime
    created_at: datetime

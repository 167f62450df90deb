"""Requests and responses of uploaded files."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.ingestion import FileType, UploadStatus


class FileUpdate(BaseModel):
    """What changes, as JSON Merge Patch (RFC 7396); the content never does."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=255)


class FileSummary(BaseModel):
    """An uploaded file as lists show it."""

    id: int
    project_id: int
    name: str = Field(description="The file's name, as uploaded or renamed.")
    file: str = Field(description="Path of the untouched original in the object store.")
    file_type: FileType = Field(description="Judged by the content, not by the name.")
    upload_status: UploadStatus = Field(description="PENDING until the content is understood.")
    content_type: str = Field(description="Media type as sent; not believed.")
    size_bytes: int
    sha256: str
    dataset_ids: list[int] = Field(description="The datasets made of it; empty unless SUCCESS.")
    uploaded_by_id: int | None
    created_at: datetime
    updated_at: datetime


class FileRead(FileSummary):
    """An uploaded file, and what was understood of it."""

    columns_metadata: dict[str, Any] = Field(
        description="`columns`: name, alias, label, kind, confidence, reason, missing, distinct, examples, extremes."
    )
    progress: dict[str, Any] = Field(description="`done`, `total` and `phase` of the reader while PENDING.")
    error: dict[str, Any] | None = Field(description="When FAILED: a problem with `detail` and a `hint`.")


class FilePreview(BaseModel):
    """The first rows of a file as they were understood: typed values, null where missing."""

    columns: list[dict[str, Any]]
    rows: list[list[Any]]


class FileDownload(BaseModel):
    """A link to the original."""

    url: str = Field(description="Works without log-in until it expires.")
    expires_in: int = Field(description="Seconds.")


class ImportReport(BaseModel):
    """How a file was read: rows kept, repaired and rejected with their lines, values coerced, choices made."""

    model_config = ConfigDict(extra="allow")

    format: str | None = None
    rows: dict[str, int] = Field(default_factory=dict)
    rejected: list[dict[str, Any]] = Field(default_factory=list)
    repaired: list[dict[str, Any]] = Field(default_factory=list)
    coerced: list[dict[str, Any]] = Field(default_factory=list)

"""Requests and responses of uploaded files."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from contracts.ingestion import FileType, UploadStatus
from services.ingestion.domain.names import clean_file_name
from services.ingestion.schemas.documents import DocumentPageRead


class UploadedAs(StrEnum):
    """As what an upload is to be read: a table, a document, or what its content says."""

    TABULAR = FileType.TABULAR
    UNSTRUCTURED = FileType.UNSTRUCTURED
    AUTO = "auto"


class FileUpdate(BaseModel):
    """What changes, as JSON Merge Patch (RFC 7396); the content never does."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=255)

    @field_validator("name")
    @classmethod
    def _shows_what_it_is(cls, name: str) -> str:
        if clean_file_name(name) != name:
            raise ValueError(
                "leave out folders, control characters and marks that turn the direction of writing"
            )
        return name


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
    sha256: str = Field(description="Of the original; empty while none is stored.")
    duplicate_of: list[int] = Field(description="Earlier files of the project with the same content.")
    dataset_ids: list[int] = Field(description="The datasets made of it; empty unless SUCCESS.")
    uploaded_by_id: int | None
    created_at: datetime
    updated_at: datetime


class FileRead(FileSummary):
    """An uploaded file, and what was understood of it."""

    columns_metadata: dict[str, Any] = Field(
        description="`columns`: name, alias, label, kind, confidence, reason, missing, distinct, examples, extremes, "
        "quantiles, histogram, top values, and `personal_data`: {kind, share, reason} or null."
    )
    progress: dict[str, Any] = Field(description="`done`, `total` and `phase` of the reader while PENDING.")
    reading: dict[str, Any] = Field(
        description="How a person says that it is to be read; empty where all is detected."
    )
    error: dict[str, Any] | None = Field(description="When FAILED: a problem with `detail` and a `hint`.")
    source: dict[str, Any] = Field(
        description="Of an import by address: `url`, `fetched_url`, `etag`, `last_modified`, `fetched_at`."
    )


class FileReading(BaseModel):
    """How a file that was not understood is to be read."""

    model_config = ConfigDict(extra="forbid")

    options: dict[str, Any] = Field(
        default_factory=dict,
        description="As for datasets: `encoding`, `delimiter`, `quote`, `header`, `header_rows`, `rows_above`, `decimal`, `date_order`, "
        "`missing`, `missing_of`, `sheets`, `kinds`, `separators`, `leave_out`; what is left out is detected.",
    )
    file_type: UploadedAs = Field(
        UploadedAs.AUTO,
        description="As what it is read; `auto`: its content decides, and options mean a table.",
    )


class FilePreview(BaseModel):
    """The first rows of a file as they were understood: typed values, null where missing."""

    columns: list[dict[str, Any]]
    rows: list[list[Any]]
    page: DocumentPageRead | None = Field(default=None, description="Of a document: its first page.")


class FileDownload(BaseModel):
    """A link to the original."""

    url: str = Field(description="Works without log-in until it expires.")
    expires_in: int = Field(description="Seconds.")


class ImportReport(BaseModel):
    """How a file was read: rows kept, repaired and rejected with their lines, values coerced, choices made."""

    model_config = ConfigDict(extra="allow")

    format: str | None = None
    source: dict[str, Any] = Field(default_factory=dict, description="Where it was fetched from, if it was.")
    rows: dict[str, int] = Field(default_factory=dict)
    rejected: list[dict[str, Any]] = Field(default_factory=list)
    repaired: list[dict[str, Any]] = Field(default_factory=list)
    coerced: list[dict[str, Any]] = Field(default_factory=list)
    personal_data: list[dict[str, Any]] = Field(
        default_factory=list,
        description="Columns that seem to hold personal data: column, kind, share, reason.",
    )
    joined: list[dict[str, Any]] = Field(
        default_factory=list,
        description="Sets, grids and other texts made of several columns, each with a reason.",
    )


class ReportLink(BaseModel):
    """A link to the page of a file's report."""

    url: str = Field(
        description="Opens in a browser until it expires or the log-in ends it was asked for in."
    )
    expires_in: int = Field(description="Seconds.")

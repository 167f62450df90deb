"""What ingestion publishes: enums and events about projects, files, datasets, surveys and interviews; no behaviour."""

from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from kernel.events import Event


class FileType(StrEnum):
    """What an uploaded file can become: a table, or text to read."""

    TABULAR = "TABULAR"
    UNSTRUCTURED = "UNSTRUCTURED"


class UploadStatus(StrEnum):
    """How far an uploaded file has come."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class VariableKind(StrEnum):
    """What the values of a variable mean; decides which calculations fit."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DURATION = "duration"
    CURRENCY = "currency"
    PERCENTAGE = "percentage"
    CATEGORY = "category"
    ORDERED = "ordered"
    MULTIPLE = "multiple"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    GEO = "geo"
    ID = "id"
    TEXT = "text"


class ExportStatus(StrEnum):
    """Where an export stands."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class ChangeKind(StrEnum):
    """How a dataset is changed: derived, merged, corrected, read from its file otherwise, or simulated anew."""

    DERIVE = "DERIVE"
    MERGE = "MERGE"
    CORRECT = "CORRECT"
    READ = "READ"
    SIMULATE = "SIMULATE"


class ChangeStatus(StrEnum):
    """Where a change of a dataset stands."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class SurveyStatus(StrEnum):
    """Where a survey stands; only a PUBLISHED one takes answers."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    PAUSED = "PAUSED"
    CLOSED = "CLOSED"


class LayoutStyle(StrEnum):
    """How a survey is shown: page by page, or one question at a time."""

    CLASSIC = "CLASSIC"
    FOCUS = "FOCUS"


class ResponseStatus(StrEnum):
    """How an interview stands or ended."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"
    SCREENED_OUT = "SCREENED_OUT"
    QUOTA_FULL = "QUOTA_FULL"
    ERASED = "ERASED"


class ProjectDeleted(Event):
    """A project and everything in it is gone; its stored objects lie under `object_prefix` until they are purged."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "project-deleted"

    project_id: int
    object_prefix: str


class UploadCompleted(Event):
    """All parts of a file are in the object store, to be put together and verified; its bytes are not known to be right yet."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "upload-completed"

    project_id: int
    upload_id: int
    file_id: int


class ImportRequested(Event):
    """A file is to be fetched from an address that somebody gave; the file's row names it."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "import-requested"

    project_id: int
    file_id: int


class FileUploaded(Event):
    """A file has arrived whole and is stored untouched; it is not understood yet."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "file-uploaded"

    project_id: int
    file_id: int
    object_key: str = Field(description="S3 key of the original.")
    original_name: str
    size_bytes: int = Field(ge=0)
    sha256: str = Field(min_length=64, max_length=64)
    file_type: FileType | None = Field(
        default=None, description="As what the uploader wants it read; null where its content decides."
    )


class FileProcessed(Event):
    """A file was understood; its datasets can be analysed."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "file-processed"

    project_id: int
    file_id: int
    dataset_ids: list[int]
    n_rows: int = Field(ge=0)
    n_columns: int = Field(ge=0)


class FileFailed(Event):
    """A file could not be taken in or understood; an original that was stored stays and can be downloaded or deleted."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "file-failed"

    project_id: int
    file_id: int
    slug: str = Field(description="Last part of the problem's `type`.")
    detail: str


class FileDeleted(Event):
    """A file and its datasets are gone; its stored objects lie under `object_prefix` until they are purged."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "file-deleted"

    project_id: int
    file_id: int
    dataset_ids: list[int]
    object_prefix: str


class ExportRequested(Event):
    """A dataset is to be written as a file."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "export-requested"

    project_id: int
    dataset_id: int
    export_id: int


class ExportFinished(Event):
    """A dataset was written as a file, which can be downloaded for a day, or could not be."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "export-finished"

    project_id: int
    dataset_id: int
    export_id: int
    status: ExportStatus


class DatasetUpdated(Event):
    """A dataset has a new version; results computed on an older one are stale."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "dataset-updated"

    project_id: int
    dataset_id: int
    version: int = Field(ge=1)


class DatasetChangeRequested(Event):
    """A dataset is to get another version: variables derived, or other datasets merged into it."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "dataset-change-requested"

    project_id: int
    dataset_id: int
    change_id: int


class DatasetChangeFinished(Event):
    """A change of a dataset was carried out (`dataset-updated` tells of the version), or could not be."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "dataset-change-finished"

    project_id: int
    dataset_id: int
    change_id: int
    status: ChangeStatus


class DatasetDeleted(Event):
    """A merged dataset or one of test data is gone; its stored objects lie under `object_prefix` until they are purged."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "dataset-deleted"

    project_id: int
    dataset_id: int
    object_prefix: str


class SurveyPublished(Event):
    """A version of a survey was frozen and takes answers."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "survey-published"

    project_id: int
    survey_id: int
    survey_uuid: UUID
    version: int = Field(ge=1)


class SurveyClosed(Event):
    """A survey takes no more answers."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "survey-closed"

    project_id: int
    survey_id: int
    survey_uuid: UUID


class DatasetScopeChanged(Event):
    """Other interviews of a survey than before are to be rows of its dataset."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "dataset-scope-changed"

    project_id: int
    survey_id: int


class SurveyDeleted(Event):
    """A survey, its interviews and their dataset are gone; its stored objects lie under `object_prefix` until they are purged."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "survey-deleted"

    project_id: int
    survey_id: int
    survey_uuid: UUID
    object_prefix: str


Ended = Literal[
    ResponseStatus.IN_PROGRESS,
    ResponseStatus.COMPLETE,
    ResponseStatus.SCREENED_OUT,
    ResponseStatus.QUOTA_FULL,
]
"""What is told of an interview that was submitted; an erasure is told by an event of its own."""


class ResponseErased(Event):
    """What a respondent said was removed from an interview; files that hold it are still to be removed."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "response-erased"

    project_id: int
    survey_id: int
    response_id: int
    erasure_id: int


class ErasureCompleted(Event):
    """Nothing is left of an interview that was erased; copies of the versions with these hashes go as well."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "erasure-completed"

    project_id: int
    survey_id: int
    response_id: int
    erasure_id: int
    content_hashes: list[str]


class MailingRequested(Event):
    """Letters to participants of a survey are waiting to be sent."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "mailing-requested"

    project_id: int
    survey_id: int
    mailing_id: int


class ResponseSubmitted(Event):
    """An interview ended: complete, screened out, or over quota."""

    service: ClassVar[str] = "ingestion"
    type: ClassVar[str] = "response-submitted"

    project_id: int
    survey_id: int
    survey_uuid: UUID
    response_id: int
    response_uuid: UUID
    status: Ended
    version: int = Field(ge=1)

"""GENERATED from schema/*/models.py by `make models`; do not edit. Tables of ingestion."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, FetchedValue, ForeignKey, Integer, String, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Registry of the classes below; INSERT and UPDATE read back what the database filled in."""

    __mapper_args__ = {"eager_defaults": True}


class Project(Base):
    """A container for all research assets within a team."""

    __tablename__ = "data_ingestion_project"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    team_id: Mapped[int] = mapped_column(BigInteger)
    """The team that owns everything below."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who created it; null once that user is purged."""
    name: Mapped[str] = mapped_column(String(255))
    """Project title."""
    description: Mapped[str] = mapped_column(Text, server_default=FetchedValue())
    """Background context for the AI engine."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""
    revision: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Counts edits; the entity tag."""


class Survey(Base):
    """A questionnaire: draft, published versions, and state of its public link."""

    __tablename__ = "data_ingestion_survey"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    uuid: Mapped[UUID] = mapped_column(Uuid, server_default=FetchedValue())
    """Public identifier for survey links."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    title: Mapped[str] = mapped_column(String(255))
    """Public survey title."""
    layout_style: Mapped[str] = mapped_column(String(10), server_default=FetchedValue())
    """CLASSIC (scroll) or FOCUS (one by one)."""
    theme_config: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Colours, fonts and background image."""
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """The draft: pages, questions, logic."""
    status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """DRAFT, PUBLISHED, PAUSED or CLOSED."""
    published_version_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("data_ingestion_surveyversion.id"))
    """The version that new respondents get; null before the first one."""
    revision: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Counts edits; the entity tag of the draft."""
    dataset_includes: Mapped[list[Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Which interviews are rows of the dataset besides complete ones: SCREENED_OUT, QUOTA_FULL, IN_PROGRESS."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who created it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was last published."""
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was closed; null while it is not."""
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was put away; null while it is worked with."""


class SurveyVersion(Base):
    """A published survey definition; never changed."""

    __tablename__ = "data_ingestion_surveyversion"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey."""
    number: Mapped[int] = mapped_column(Integer)
    """1, 2, … within the survey."""
    title: Mapped[str] = mapped_column(String(255))
    """Title at publication."""
    layout_style: Mapped[str] = mapped_column(String(10))
    """CLASSIC or FOCUS, at publication."""
    theme_config: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Theme at publication."""
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Pages, questions and logic as published."""
    definition_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the canonical definition, hexadecimal."""
    edits: Mapped[list[Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What changed since the version before, and whether trends go on."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""


class SurveyResponse(Base):
    """One interview; unchangeable once it is finished."""

    __tablename__ = "data_ingestion_surveyresponse"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    uuid: Mapped[UUID] = mapped_column(Uuid, server_default=FetchedValue())
    """Public identifier of the interview."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey."""
    survey_version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_surveyversion.id"))
    """The version it is answered on."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the respondent's session token, hexadecimal."""
    device_hash: Mapped[str] = mapped_column(String(64), server_default=FetchedValue())
    """SHA-256 of the browser's own token where a device submits once; else empty."""
    fingerprint: Mapped[str] = mapped_column(String(64), server_default=FetchedValue())
    """Keyed hash of network, browser and languages, of use within the survey only; empty where not known."""
    seed: Mapped[int] = mapped_column(BigInteger)
    """Seed of every random order, so that a page can be shown again as it was."""
    status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """IN_PROGRESS, COMPLETE, SCREENED_OUT, QUOTA_FULL or ERASED."""
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Question code → answer."""
    not_asked: Mapped[list[Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Codes of questions that the logic did not show."""
    flags: Mapped[list[Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Data quality flags with their evidence."""
    paradata: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Times per page, device class and the like."""
    language: Mapped[str] = mapped_column(String(16), server_default=FetchedValue())
    """Language tag it is answered in (BCP 47)."""
    cursor: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Position of the page or question shown next."""
    is_test: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())
    """A preview by a member, left out of every figure."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was finished; null while in progress."""


class QuotaSeat(Base):
    """A place in a quota of a survey, taken by one interview."""

    __tablename__ = "data_ingestion_quotaseat"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey."""
    survey_response_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_surveyresponse.id"))
    """Whose seat it is."""
    quota: Mapped[str] = mapped_column(String(64))
    """Code of the quota in the survey's definition."""
    leased_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When another may take it, unless it is kept."""
    kept_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the interview was complete; null before."""


class ResponseFile(Base):
    """A file uploaded in an interview; it goes when no answer names it any more."""

    __tablename__ = "data_ingestion_responsefile"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    uuid: Mapped[UUID] = mapped_column(Uuid)
    """How answers name it."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_response_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_surveyresponse.id"))
    """The interview that it belongs to."""
    question: Mapped[str] = mapped_column(String(64))
    """Code of the question that it answers."""
    object_key: Mapped[str] = mapped_column(String(1024))
    """S3 key of its bytes."""
    name: Mapped[str] = mapped_column(String(255))
    """What it is called, with an extension of its content."""
    kind: Mapped[str] = mapped_column(String(20))
    """What it is by its bytes: image, pdf, audio …"""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its size in bytes."""
    sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 of its bytes, hexadecimal."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""


class SurveyAccess(Base):
    """When a survey takes answers, how many, and from whom."""

    __tablename__ = "data_ingestion_surveyaccess"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey."""
    opens_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Before it nobody may answer."""
    closes_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """From then on no interview begins."""
    grace_minutes: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """How long interviews under way may be finished after closes_at."""
    max_responses: Mapped[int | None] = mapped_column(Integer)
    """Complete interviews that are wanted at most."""
    one_per: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """DEVICE or PARTICIPANT: what submits one interview at most; empty: no limit."""
    password_hash: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """Argon2id hash of the password; empty where none is asked."""
    revision: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Counts edits; the entity tag of the rules."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class PasswordAttempt(Base):
    """Wrong passwords of respondents, counted so that guessing takes long."""

    __tablename__ = "data_ingestion_passwordattempt"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey."""
    key: Mapped[str] = mapped_column(String(64))
    """Keyed hash of what is counted: an address, or everybody."""
    n_failures: Mapped[int] = mapped_column(Integer)
    """Attempts that failed, or are being judged."""
    blocked_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """Until then no attempt is judged."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class RawDataFile(Base):
    """An uploaded file; the original stays untouched in the object store."""

    __tablename__ = "data_ingestion_rawdatafile"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    uploaded_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who uploaded it; null once that user is purged."""
    file: Mapped[str] = mapped_column(String(1024))
    """S3 key of the original object."""
    file_type: Mapped[str] = mapped_column(String(20))
    """TABULAR or UNSTRUCTURED."""
    upload_status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """PENDING, SUCCESS or FAILED."""
    columns_metadata: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Map of detected column names and types."""
    original_name: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """The file's name where it came from."""
    content_type: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """Media type as sent."""
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """Size of the original, in bytes."""
    sha256: Mapped[str] = mapped_column(String(64), server_default=FetchedValue())
    """SHA-256 of the original, hexadecimal."""
    source: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Where it was fetched from, and how; empty for an upload."""
    reading: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """How a person says that it is to be read; empty where all is detected."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Why reading it failed, as a problem; null otherwise."""
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Progress of the reader: done, total, phase."""
    import_report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """How the file was read, and which lines were not."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class Dataset(Base):
    """A table that can be analysed."""

    __tablename__ = "data_ingestion_dataset"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    name: Mapped[str] = mapped_column(String(255))
    """Display name."""
    raw_data_file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("data_ingestion_rawdatafile.id"))
    """The file it was read from, if any."""
    survey_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey whose responses it holds, if any."""
    simulated_survey_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey whose simulated interviews it holds as test data, if any."""
    version: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Number of the current version; 0 before the first one."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class DatasetVersion(Base):
    """One state of a dataset; never changed."""

    __tablename__ = "data_ingestion_datasetversion"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    dataset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_dataset.id"))
    """The dataset."""
    number: Mapped[int] = mapped_column(Integer)
    """1, 2, … within the dataset."""
    parquet_key: Mapped[str] = mapped_column(String(1024))
    """S3 key of the rows."""
    codebook: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Variables with kinds, labels, codes and missing kinds."""
    n_rows: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """Number of rows."""
    content_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 over rows and codebook, hexadecimal."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""


class DatasetExport(Base):
    """A dataset as a file for another program; purged after a day."""

    __tablename__ = "data_ingestion_datasetexport"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    dataset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_dataset.id"))
    """The dataset."""
    dataset_version: Mapped[int] = mapped_column(Integer)
    """The version of the dataset that is written."""
    format: Mapped[str] = mapped_column(String(20))
    """csv, xlsx, sav, parquet or triples."""
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Which variables, and answers as codes or labels."""
    request_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 over format and request, hexadecimal."""
    status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """PENDING, SUCCESS or FAILED."""
    object_key: Mapped[str] = mapped_column(String(1024), server_default=FetchedValue())
    """S3 key of the file; empty before it is written."""
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """Size of the file, in bytes."""
    n_rows: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """Rows in the file."""
    notes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What the format could not hold, as sentences."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Why it could not be written, as a problem; null otherwise."""
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Progress of the writer: done, total, phase."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who asked for it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class DatasetFilter(Base):
    """A filter over a dataset, kept under a name."""

    __tablename__ = "data_ingestion_datasetfilter"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    dataset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_dataset.id"))
    """The dataset."""
    name: Mapped[str] = mapped_column(String(255))
    """Name, unique within the dataset."""
    expression: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The filter as an expression tree."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who made it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class DatasetChange(Base):
    """A change of a dataset, carried out in the background."""

    __tablename__ = "data_ingestion_datasetchange"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    dataset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_dataset.id"))
    """The dataset that gets a new version."""
    kind: Mapped[str] = mapped_column(String(20))
    """DERIVE, MERGE, CORRECT, READ or SIMULATE."""
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What is to be derived, merged, corrected, read or simulated."""
    status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """PENDING, SUCCESS or FAILED."""
    version: Mapped[int | None] = mapped_column(Integer)
    """The version that it made; null before."""
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What a person should know about the outcome."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Why it cannot be done, as a problem; null otherwise."""
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Progress of the worker: done, total, phase."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who asked for it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class ResponseErasure(Base):
    """The erasure of one interview, with its receipt."""

    __tablename__ = "data_ingestion_responseerasure"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey."""
    survey_response_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_surveyresponse.id"))
    """What is left of the interview."""
    requested_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who asked for it; null once that user is purged."""
    began_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the interview began: no older version can hold it; null once all is removed."""
    waiting: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Datasets that may hold the interview, with the change that makes them anew."""
    object_keys: Mapped[list[Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Keys of the respondent's files, to be removed."""
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What was removed where, by whom and when."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When nothing was left; null before."""


class ScrapeTarget(Base):
    """An address to collect data from."""

    __tablename__ = "data_ingestion_scrapetarget"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    url: Mapped[str] = mapped_column(String(2048))
    """The address."""
    name: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """Display name."""
    selectors: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Field name → CSS selector."""
    schedule: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """ONCE, DAILY, WEEKLY or MONTHLY."""
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())
    """False pauses the schedule."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who created it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class ExperienceEvent(Base):
    """A time series of what visitors did; one partition per month."""

    __tablename__ = "data_ingestion_experienceevent"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Number of the event."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=FetchedValue())
    """When it happened; the partition key."""
    event_type: Mapped[str] = mapped_column(String(50))
    """Kind of event, such as page_view."""
    name: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """What it concerns, such as a path."""
    session_key: Mapped[str] = mapped_column(String(64), server_default=FetchedValue())
    """Groups the events of one visit."""
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Whatever else the sender knows."""


class Participant(Base):
    """Somebody who is asked personally, with a link of their own."""

    __tablename__ = "data_ingestion_participant"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    uuid: Mapped[UUID] = mapped_column(Uuid, server_default=FetchedValue())
    """What the token of the personal link is made from."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey."""
    email: Mapped[str] = mapped_column(String(254), server_default=FetchedValue())
    """Address in small letters; empty where letters go elsewhere."""
    external_id: Mapped[str] = mapped_column(String(100), server_default=FetchedValue())
    """What the researcher's own lists call them; may be empty."""
    language: Mapped[str] = mapped_column(String(35), server_default=FetchedValue())
    """Language tag (BCP 47); empty: the survey's first."""
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Name → text: for placeholders of letters, and hidden fields of that code."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the token of the personal link, hexadecimal."""
    survey_response_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("data_ingestion_surveyresponse.id"))
    """The one interview of the link; null before it began."""
    invited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When a letter was last handed over; null before."""
    unsubscribed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When they asked for no more letters."""
    mail_error: Mapped[str] = mapped_column(String(300), server_default=FetchedValue())
    """Why the last letter could not be sent; empty where it was."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class Mailing(Base):
    """A round of invitations or reminders."""

    __tablename__ = "data_ingestion_mailing"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_survey.id"))
    """The survey."""
    kind: Mapped[str] = mapped_column(String(20))
    """INVITATION or REMINDER."""
    subject: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Language → subject, with placeholders."""
    text: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Language → text, with placeholders."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who sent it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""


class Letter(Base):
    """A letter to a participant; SENDING for good where a process died while handing it over."""

    __tablename__ = "data_ingestion_letter"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    mailing_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_mailing.id"))
    """The round."""
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_participant.id"))
    """Whom it is for."""
    status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """PENDING, SENDING, SENT, FAILED or SKIPPED."""
    error: Mapped[str] = mapped_column(String(300), server_default=FetchedValue())
    """Why it was not sent; empty where it was."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class FileUpload(Base):
    """A file on its way into the object store in parts."""

    __tablename__ = "data_ingestion_fileupload"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who began it; null once that user is purged."""
    raw_data_file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("data_ingestion_rawdatafile.id"))
    """The file it became; null until it was completed."""
    object_key: Mapped[str] = mapped_column(String(1024))
    """S3 key that the original will have."""
    multipart_id: Mapped[str] = mapped_column(String(1024))
    """UploadId of the S3 multipart upload."""
    filename: Mapped[str] = mapped_column(String(255))
    """The file's name where it comes from."""
    content_type: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """Media type as sent."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Size that the file is said to have, in bytes."""
    sha256: Mapped[str] = mapped_column(String(64), server_default=FetchedValue())
    """SHA-256 that the file is said to have; empty where not said."""
    part_bytes: Mapped[int] = mapped_column(BigInteger)
    """Size of each part but the last, in bytes."""
    on_duplicate: Mapped[str] = mapped_column(String(10), server_default=FetchedValue())
    """keep or refuse: a file whose content is there already."""
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When its parts are thrown away unless it is completed."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class User(Base):
    """A person with a login; closed accounts are marked, then purged by a job."""

    __tablename__ = "accounts_user"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    first_name: Mapped[str] = mapped_column(String(150), server_default=FetchedValue())
    """Given name."""
    last_name: Mapped[str] = mapped_column(String(150), server_default=FetchedValue())
    """Family name."""
    email: Mapped[str] = mapped_column(String(255))
    """The login identifier, unique in any spelling of case."""
    segment: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """User tier: STUDENT, SMB, ENTERPRISE."""

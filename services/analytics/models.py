"""GENERATED from schema/*/models.py by `make models`; do not edit. Tables of analytics, and those of others that it may read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ColumnElement, Computed, DateTime, Dialect, FetchedValue, Float, ForeignKey, Integer, String, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType


class Base(DeclarativeBase):
    """Registry of the classes below; INSERT and UPDATE read back what the database filled in."""

    __mapper_args__ = {"eager_defaults": True}


class Vector(UserDefinedType[list[float]]):
    """pgvector's `vector(384)`; lists of numbers travel as text."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """The column's type."""
        return "vector(384)"

    def bind_processor(self, dialect: Dialect) -> Callable[[list[float] | None], str | None]:
        """`[1.0, 2.0]` for PostgreSQL."""
        return lambda value: None if value is None else f"[{','.join(map(str, value))}]"

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], list[float] | None]:
        """The numbers again."""
        return lambda value: None if value is None else [float(number) for number in value.strip("[]").split(",")]

    class comparator_factory(UserDefinedType.Comparator[list[float]]):  # noqa: N801 - SQLAlchemy's name
        """Distances that the HNSW index serves."""

        def cosine_distance(self, other: object) -> ColumnElement[float]:
            """0 for the same direction, 1 for orthogonal, 2 for opposite."""
            return self.expr.op("<=>", return_type=Float())(other)


class AnalysisResult(Base):
    """A computed result, kept under a hash of everything it depends on."""

    __tablename__ = "analysis_analysisresult"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    dataset_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("data_ingestion_dataset.id"))
    """The dataset it was computed from."""
    dataset_version: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Number of the dataset's version."""
    calculation_type: Mapped[str] = mapped_column(String(50))
    """MEAN, CROSSTAB, SENTIMENT, …"""
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Variable selections, such as column X by column Y."""
    filter: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Which rows count; null for all."""
    weight: Mapped[str | None] = mapped_column(String(255))
    """Alias of the weight variable; null for none."""
    result_data: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The final statistical table; null until there is one."""
    status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """PENDING, RUNNING, SUCCESS, FAILED or CANCELLED."""
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """Progress of the computation: done, total, phase."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Why it failed, as a problem; null otherwise."""
    lineage: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What the figures came from: hashes, engine, formulas."""
    cache_key: Mapped[str] = mapped_column(String(64))
    """SHA-256 of everything the result depends on, hexadecimal."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who asked for it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it succeeded, failed or was cancelled."""


class ResearchInsight(Base):
    """A finding, searchable by word and by meaning."""

    __tablename__ = "analysis_researchinsight"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    analysis_result_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("analysis_analysisresult.id"))
    """The result it was drawn from, if any."""
    title: Mapped[str] = mapped_column(String(255))
    """The headline finding."""
    body: Mapped[str] = mapped_column(Text, server_default=FetchedValue())
    """The finding in full, Markdown."""
    ai_generated: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())
    """True when a model drafted it, false for a person."""
    embedding: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Vector representation for semantic search: an array of 384 numbers."""
    embedding_vector: Mapped[list[float] | None] = mapped_column(Vector, Computed("(in the database)", persisted=True), deferred=True)
    """The embedding in the form that can be searched by distance."""
    search_vector: Mapped[str | None] = mapped_column(TSVECTOR, Computed("(in the database)", persisted=True), deferred=True)
    """Words of title and body: English stems and, for other languages and names, the words themselves."""
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """The figures that support it, with where they came from."""
    revision: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Counts edits; the entity tag."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who wrote it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class Report(Base):
    """A document of text and figures."""

    __tablename__ = "analysis_report"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    uuid: Mapped[UUID] = mapped_column(Uuid, server_default=FetchedValue())
    """Public identifier for report links."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    title: Mapped[str] = mapped_column(String(255))
    """Title."""
    blocks: Mapped[list[Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """The draft: text, chart and table blocks in order."""
    status: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """DRAFT or PUBLISHED."""
    published_content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Blocks as published, charts drawn; null before."""
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was last published."""
    revision: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Counts edits; the entity tag."""
    created_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who created it; null once that user is purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the row was inserted."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """When the row was last changed."""


class Comment(Base):
    """A remark on a range of a report."""

    __tablename__ = "analysis_comment"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("analysis_report.id"))
    """The report."""
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("analysis_comment.id"))
    """The comment it answers; null for a first one."""
    author_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who wrote it; null once that user is purged."""
    anchor: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """The range it is about: block, quoted text, surroundings."""
    body: Mapped[str] = mapped_column(Text)
    """The remark, Markdown."""
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was settled; null while it is open."""
    resolved_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who settled it; null while it is open."""
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
    published_version_id: Mapped[int | None] = mapped_column(BigInteger)
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


class Dataset(Base):
    """A table that can be analysed."""

    __tablename__ = "data_ingestion_dataset"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("data_ingestion_project.id"))
    """Its project."""
    name: Mapped[str] = mapped_column(String(255))
    """Display name."""
    raw_data_file_id: Mapped[int | None] = mapped_column(BigInteger)
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

"""Computed results, the insights drawn from them, and the reports that people read and comment on."""

# Rows are never printed: Django only migrates. An absent text differs from an empty one.
# ruff: noqa: DJ001, DJ008

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Cast

from schema.accounts.models import User
from schema.data_ingestion.models import Dataset, Project
from schema.fields import (
    CreatedAtField,
    GinIndex,
    HnswIndex,
    Index,
    ListField,
    UpdatedAtField,
    VectorField,
    in_tenant,
    one_of,
    unique,
)

RESULT_STATUSES = ("PENDING", "RUNNING", "SUCCESS", "FAILED", "CANCELLED")
REPORT_STATUSES = ("DRAFT", "PUBLISHED")


class AnalysisResult(models.Model):
    """The persistent cache for heavy mathematical calculations."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    dataset = models.ForeignKey(
        Dataset, models.CASCADE, null=True, related_name="+", db_comment="The dataset it was computed from."
    )
    dataset_version = models.IntegerField(db_default=0, db_comment="Number of the dataset's version.")
    calculation_type = models.CharField(max_length=50, db_comment="MEAN, CROSSTAB, SENTIMENT, …")
    parameters = models.JSONField(
        db_default={}, db_comment="Variable selections, such as column X by column Y."
    )
    filter = models.JSONField(null=True, db_comment="Which rows count; null for all.")
    weight = models.CharField(
        max_length=255, null=True, db_comment="Alias of the weight variable; null for none."
    )
    result_data = models.JSONField(
        null=True, db_comment="The final statistical table; null until there is one."
    )
    status = models.CharField(
        max_length=20, db_default="PENDING", db_comment="PENDING, RUNNING, SUCCESS, FAILED or CANCELLED."
    )
    progress = models.JSONField(db_default={}, db_comment="Progress of the computation: done, total, phase.")
    error = models.JSONField(null=True, db_comment="Why it failed, as a problem; null otherwise.")
    lineage = models.JSONField(
        db_default={}, db_comment="What the figures came from: hashes, engine, formulas."
    )
    cache_key = models.CharField(
        max_length=64, db_comment="SHA-256 of everything the result depends on, hexadecimal."
    )
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who asked for it; null once that user is purged.",
    )
    created_at = CreatedAtField()
    completed_at = models.DateTimeField(null=True, db_comment="When it succeeded, failed or was cancelled.")

    class Meta:
        """Table, constraints, indexes."""

        db_table = "analysis_analysisresult"
        db_table_comment = "A computed result, kept under a hash of everything it depends on."
        constraints = [
            in_tenant("analysis_analysisresult"),
            models.UniqueConstraint(
                fields=["project", "cache_key"],
                condition=~models.Q(status__in=["FAILED", "CANCELLED"]),
                name="analysis_analysisresult_cache_key",
            ),
            one_of("analysis_analysisresult", "status", RESULT_STATUSES),
        ]
        indexes = [
            Index(fields=["project", "created_at"], name="analysis_analysisresult_project_id_created_at_idx")
        ]


class ResearchInsight(models.Model):
    """An atomic finding, written by a person or drafted by a model."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    analysis_result = models.ForeignKey(
        AnalysisResult,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="The result it was drawn from, if any.",
    )
    title = models.CharField(max_length=255, db_comment="The headline finding.")
    body = models.TextField(db_default="", db_comment="The finding in full, Markdown.")
    ai_generated = models.BooleanField(
        db_default=False, db_comment="True when a model drafted it, false for a person."
    )
    embedding = ListField(
        null=True, db_comment="Vector representation for semantic search: an array of 384 numbers."
    )
    embedding_vector = models.GeneratedField(
        expression=Cast(Cast("embedding", models.TextField()), VectorField()),
        output_field=VectorField(),
        db_persist=True,
        null=True,
        db_comment="The embedding in the form that can be searched by distance.",
    )
    search_vector = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("body", weight="B", config="english")
        + SearchVector("title", weight="C", config="simple")
        + SearchVector("body", weight="D", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
        null=True,
        db_comment="Words of title and body: English stems and, for other languages and names, the words themselves.",
    )
    evidence = models.JSONField(
        db_default={}, db_comment="The figures that support it, with where they came from."
    )
    revision = models.IntegerField(db_default=1, db_comment="Counts edits; the entity tag.")
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who wrote it; null once that user is purged.",
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, indexes."""

        db_table = "analysis_researchinsight"
        db_table_comment = "A finding, searchable by word and by meaning."
        indexes = [
            Index(
                fields=["project", "created_at"], name="analysis_researchinsight_project_id_created_at_idx"
            ),
            GinIndex(fields=["search_vector"], name="analysis_researchinsight_search_vector_gin"),
            HnswIndex(
                fields=["embedding_vector"],
                opclasses=["vector_cosine_ops"],
                name="analysis_researchinsight_embedding_vector_hnsw",
            ),
        ]


class Report(models.Model):
    """A document of text and figures; publishing freezes what readers see."""

    uuid = models.UUIDField(db_default=RandomUUID(), db_comment="Public identifier for report links.")
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    title = models.CharField(max_length=255, db_comment="Title.")
    blocks = ListField(db_default=[], db_comment="The draft: text, chart and table blocks in order.")
    status = models.CharField(max_length=20, db_default="DRAFT", db_comment="DRAFT or PUBLISHED.")
    published_content = models.JSONField(
        null=True, db_comment="Blocks as published, charts drawn; null before."
    )
    published_at = models.DateTimeField(null=True, db_comment="When it was last published.")
    revision = models.IntegerField(db_default=1, db_comment="Counts edits; the entity tag.")
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who created it; null once that user is purged.",
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "analysis_report"
        db_table_comment = "A document of text and figures."
        constraints = [
            unique("analysis_report", "uuid"),
            in_tenant("analysis_report"),
            one_of("analysis_report", "status", REPORT_STATUSES),
        ]
        indexes = [Index(fields=["project", "created_at"], name="analysis_report_project_id_created_at_idx")]


class Comment(models.Model):
    """A remark on a range of a report, or an answer to one."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    report = models.ForeignKey(
        Report, models.CASCADE, related_name="+", db_index=False, db_comment="The report."
    )
    parent = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        related_name="+",
        db_comment="The comment it answers; null for a first one.",
    )
    author = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who wrote it; null once that user is purged.",
    )
    anchor = models.JSONField(
        db_default={}, db_comment="The range it is about: block, quoted text, surroundings."
    )
    body = models.TextField(db_comment="The remark, Markdown.")
    resolved_at = models.DateTimeField(null=True, db_comment="When it was settled; null while it is open.")
    resolved_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who settled it; null while it is open.",
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "analysis_comment"
        db_table_comment = "A remark on a range of a report."
        constraints = [in_tenant("analysis_comment")]
        indexes = [Index(fields=["report", "created_at"], name="analysis_comment_report_id_created_at_idx")]

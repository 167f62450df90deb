"""What people make of datasets: filters that are kept, and changes that a worker carries out."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.accounts.models import User
from schema.data_ingestion.models.files import UPLOAD_STATUSES, Dataset
from schema.data_ingestion.models.projects import Project
from schema.fields import CreatedAtField, Index, UpdatedAtField, one_of

CHANGE_KINDS = ("DERIVE", "MERGE", "CORRECT", "READ", "SIMULATE")


class DatasetFilter(models.Model):
    """A filter over the variables of a dataset, kept under a name."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    dataset = models.ForeignKey(
        Dataset, models.CASCADE, related_name="+", db_index=False, db_comment="The dataset."
    )
    name = models.CharField(max_length=255, db_comment="Name, unique within the dataset.")
    expression = models.JSONField(db_comment="The filter as an expression tree.")
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who made it; null once that user is purged.",
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints."""

        db_table = "data_ingestion_datasetfilter"
        db_table_comment = "A filter over a dataset, kept under a name."
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name"], name="data_ingestion_datasetfilter_dataset_name_key"
            ),
        ]


class DatasetChange(models.Model):
    """A change of a dataset that a worker carries out: it becomes the dataset's next version, or says why not."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    dataset = models.ForeignKey(
        Dataset,
        models.CASCADE,
        related_name="+",
        db_index=False,
        db_comment="The dataset that gets a new version.",
    )
    kind = models.CharField(max_length=20, db_comment="DERIVE, MERGE, CORRECT, READ or SIMULATE.")
    request = models.JSONField(
        db_default={}, db_comment="What is to be derived, merged, corrected, read or simulated."
    )
    status = models.CharField(max_length=20, db_default="PENDING", db_comment="PENDING, SUCCESS or FAILED.")
    version = models.IntegerField(null=True, db_comment="The version that it made; null before.")
    report = models.JSONField(db_default={}, db_comment="What a person should know about the outcome.")
    error = models.JSONField(null=True, db_comment="Why it cannot be done, as a problem; null otherwise.")
    progress = models.JSONField(db_default={}, db_comment="Progress of the worker: done, total, phase.")
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who asked for it; null once that user is purged.",
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_datasetchange"
        db_table_comment = "A change of a dataset, carried out in the background."
        constraints = [
            one_of("data_ingestion_datasetchange", "kind", CHANGE_KINDS),
            one_of("data_ingestion_datasetchange", "status", UPLOAD_STATUSES),
        ]
        indexes = [
            Index(
                fields=["dataset", "created_at"],
                name="data_ingestion_datasetchange_dataset_id_created_at_idx",
            )
        ]

"""Uploaded files, the datasets they become, and the files written from those."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.accounts.models import User
from schema.data_ingestion.models.projects import Project
from schema.data_ingestion.models.surveys import Survey
from schema.fields import CreatedAtField, GinIndex, Index, UpdatedAtField, in_tenant, one_of

FILE_TYPES = ("TABULAR", "UNSTRUCTURED")
UPLOAD_STATUSES = ("PENDING", "SUCCESS", "FAILED")
EXPORT_FORMATS = ("csv", "xlsx", "sav", "parquet", "triples")


class RawDataFile(models.Model):
    """An uploaded CSV, Excel or PDF file, kept untouched in the object store."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    uploaded_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who uploaded it; null once that user is purged.",
    )
    file = models.CharField(max_length=1024, db_comment="S3 key of the original object.")
    file_type = models.CharField(max_length=20, db_comment="TABULAR or UNSTRUCTURED.")
    upload_status = models.CharField(
        max_length=20, db_default="PENDING", db_comment="PENDING, SUCCESS or FAILED."
    )
    columns_metadata = models.JSONField(db_default={}, db_comment="Map of detected column names and types.")
    original_name = models.CharField(
        max_length=255, db_default="", db_comment="The file's name where it came from."
    )
    content_type = models.CharField(max_length=255, db_default="", db_comment="Media type as sent.")
    size_bytes = models.BigIntegerField(db_default=0, db_comment="Size of the original, in bytes.")
    sha256 = models.CharField(
        max_length=64, db_default="", db_comment="SHA-256 of the original, hexadecimal."
    )
    source = models.JSONField(
        db_default={}, db_comment="Where it was fetched from, and how; empty for an upload."
    )
    reading = models.JSONField(
        db_default={}, db_comment="How a person says that it is to be read; empty where all is detected."
    )
    error = models.JSONField(null=True, db_comment="Why reading it failed, as a problem; null otherwise.")
    progress = models.JSONField(db_default={}, db_comment="Progress of the reader: done, total, phase.")
    import_report = models.JSONField(
        db_default={}, db_comment="How the file was read, and which lines were not."
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_rawdatafile"
        db_table_comment = "An uploaded file; the original stays untouched in the object store."
        constraints = [
            in_tenant("data_ingestion_rawdatafile"),
            one_of("data_ingestion_rawdatafile", "file_type", FILE_TYPES),
            one_of("data_ingestion_rawdatafile", "upload_status", UPLOAD_STATUSES),
        ]
        indexes = [
            Index(
                fields=["project", "created_at"], name="data_ingestion_rawdatafile_project_id_created_at_idx"
            ),
            Index(fields=["project", "sha256"], name="data_ingestion_rawdatafile_project_id_sha256_idx"),
            GinIndex(
                fields=["columns_metadata"],
                opclasses=["jsonb_path_ops"],
                name="data_ingestion_rawdatafile_columns_metadata_gin",
            ),
        ]


class Dataset(models.Model):
    """A table that can be analysed: what a file or the responses of a survey became."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    name = models.CharField(max_length=255, db_comment="Display name.")
    raw_data_file = models.ForeignKey(
        RawDataFile,
        models.CASCADE,
        null=True,
        related_name="+",
        db_comment="The file it was read from, if any.",
    )
    survey = models.ForeignKey(
        Survey,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="The survey whose responses it holds, if any.",
    )
    # Not `survey`: whatever looks for answers looks there, and never finds test data.
    simulated_survey = models.ForeignKey(
        Survey,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="The survey whose simulated interviews it holds as test data, if any.",
    )
    version = models.IntegerField(
        db_default=0, db_comment="Number of the current version; 0 before the first one."
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_dataset"
        db_table_comment = "A table that can be analysed."
        constraints = [
            in_tenant("data_ingestion_dataset"),
            models.UniqueConstraint(fields=["survey"], name="data_ingestion_dataset_survey_key"),
            models.UniqueConstraint(
                fields=["simulated_survey"], name="data_ingestion_dataset_simulated_survey_key"
            ),
        ]
        indexes = [
            Index(fields=["project", "created_at"], name="data_ingestion_dataset_project_id_created_at_idx")
        ]


class DatasetVersion(models.Model):
    """One state of a dataset, frozen: a Parquet object and its codebook."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    dataset = models.ForeignKey(
        Dataset, models.CASCADE, related_name="+", db_index=False, db_comment="The dataset."
    )
    number = models.IntegerField(db_comment="1, 2, … within the dataset.")
    parquet_key = models.CharField(max_length=1024, db_comment="S3 key of the rows.")
    codebook = models.JSONField(
        db_default={}, db_comment="Variables with kinds, labels, codes and missing kinds."
    )
    n_rows = models.BigIntegerField(db_default=0, db_comment="Number of rows.")
    content_hash = models.CharField(max_length=64, db_comment="SHA-256 over rows and codebook, hexadecimal.")
    created_at = CreatedAtField()

    class Meta:
        """Table, constraints."""

        db_table = "data_ingestion_datasetversion"
        db_table_comment = "One state of a dataset; never changed."
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "number"], name="data_ingestion_datasetversion_dataset_number_key"
            ),
        ]


class DatasetExport(models.Model):
    """A dataset written as a file for another program; made on demand, kept for a day."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    dataset = models.ForeignKey(
        Dataset, models.CASCADE, related_name="+", db_index=False, db_comment="The dataset."
    )
    dataset_version = models.IntegerField(db_comment="The version of the dataset that is written.")
    format = models.CharField(max_length=20, db_comment="csv, xlsx, sav, parquet or triples.")
    request = models.JSONField(db_default={}, db_comment="Which variables, and answers as codes or labels.")
    request_hash = models.CharField(max_length=64, db_comment="SHA-256 over format and request, hexadecimal.")
    status = models.CharField(max_length=20, db_default="PENDING", db_comment="PENDING, SUCCESS or FAILED.")
    object_key = models.CharField(
        max_length=1024, db_default="", db_comment="S3 key of the file; empty before it is written."
    )
    size_bytes = models.BigIntegerField(db_default=0, db_comment="Size of the file, in bytes.")
    n_rows = models.BigIntegerField(db_default=0, db_comment="Rows in the file.")
    notes = models.JSONField(db_default=[], db_comment="What the format could not hold, as sentences.")
    error = models.JSONField(
        null=True, db_comment="Why it could not be written, as a problem; null otherwise."
    )
    progress = models.JSONField(db_default={}, db_comment="Progress of the writer: done, total, phase.")
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

        db_table = "data_ingestion_datasetexport"
        db_table_comment = "A dataset as a file for another program; purged after a day."
        constraints = [
            one_of("data_ingestion_datasetexport", "format", EXPORT_FORMATS),
            one_of("data_ingestion_datasetexport", "status", UPLOAD_STATUSES),
            models.UniqueConstraint(
                fields=["dataset", "dataset_version", "request_hash"],
                condition=~models.Q(status="FAILED"),
                name="data_ingestion_datasetexport_request_key",
            ),
        ]
        indexes = [
            models.Index(fields=["dataset", "-created_at"], name="data_ingestion_export_dataset"),
            models.Index(fields=["created_at"], name="data_ingestion_export_created"),
        ]

"""Uploads under way: files whose parts go straight to the object store."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.accounts.models import User
from schema.data_ingestion.models.files import RawDataFile
from schema.data_ingestion.models.projects import Project
from schema.fields import CreatedAtField, Index, UpdatedAtField, one_of

DUPLICATE_RULES = ("keep", "refuse")


class FileUpload(models.Model):
    """A file that a client sends to the object store in parts; gone a while after it has become a file, or lapsed."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who began it; null once that user is purged.",
    )
    raw_data_file = models.ForeignKey(
        RawDataFile,
        models.CASCADE,
        null=True,
        related_name="+",
        db_comment="The file it became; null until it was completed.",
    )
    object_key = models.CharField(max_length=1024, db_comment="S3 key that the original will have.")
    multipart_id = models.CharField(max_length=1024, db_comment="UploadId of the S3 multipart upload.")
    filename = models.CharField(max_length=255, db_comment="The file's name where it comes from.")
    content_type = models.CharField(max_length=255, db_default="", db_comment="Media type as sent.")
    size_bytes = models.BigIntegerField(db_comment="Size that the file is said to have, in bytes.")
    sha256 = models.CharField(
        max_length=64,
        db_default="",
        db_comment="SHA-256 that the file is said to have; empty where not said.",
    )
    part_bytes = models.BigIntegerField(db_comment="Size of each part but the last, in bytes.")
    on_duplicate = models.CharField(
        max_length=10, db_default="keep", db_comment="keep or refuse: a file whose content is there already."
    )
    expires_at = models.DateTimeField(db_comment="When its parts are thrown away unless it is completed.")
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_fileupload"
        db_table_comment = "A file on its way into the object store in parts."
        constraints = [one_of("data_ingestion_fileupload", "on_duplicate", DUPLICATE_RULES)]
        indexes = [
            Index(
                fields=["project", "created_at"], name="data_ingestion_fileupload_project_id_created_at_idx"
            ),
            Index(fields=["expires_at"], name="data_ingestion_fileupload_expires_at_idx"),
        ]

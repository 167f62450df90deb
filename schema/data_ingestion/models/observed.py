"""What is observed elsewhere: scraped pages and experience events."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.accounts.models import User
from schema.data_ingestion.models.projects import Project
from schema.fields import (
    CreatedAtField,
    GinIndex,
    IdentityField,
    Index,
    PartitionKeyField,
    UpdatedAtField,
    one_of,
)

SCHEDULES = ("ONCE", "DAILY", "WEEKLY", "MONTHLY")


class ScrapeTarget(models.Model):
    """An address to collect data from, once or on a schedule."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    url = models.CharField(max_length=2048, db_comment="The address.")
    name = models.CharField(max_length=255, db_default="", db_comment="Display name.")
    selectors = models.JSONField(db_default={}, db_comment="Field name → CSS selector.")
    schedule = models.CharField(
        max_length=20, db_default="ONCE", db_comment="ONCE, DAILY, WEEKLY or MONTHLY."
    )
    is_active = models.BooleanField(db_default=True, db_comment="False pauses the schedule.")
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

        db_table = "data_ingestion_scrapetarget"
        db_table_comment = "An address to collect data from."
        constraints = [one_of("data_ingestion_scrapetarget", "schedule", SCHEDULES)]
        indexes = [
            Index(
                fields=["project", "created_at"], name="data_ingestion_scrapetarget_project_id_created_at_idx"
            )
        ]


class ExperienceEvent(models.Model):
    """Something that a visitor of a customer's product did: a time series, partitioned by month."""

    pk = models.CompositePrimaryKey("id", "created_at")
    id = IdentityField(db_comment="Number of the event.")
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    created_at = PartitionKeyField(db_comment="When it happened; the partition key.")
    event_type = models.CharField(max_length=50, db_comment="Kind of event, such as page_view.")
    name = models.CharField(max_length=255, db_default="", db_comment="What it concerns, such as a path.")
    session_key = models.CharField(max_length=64, db_default="", db_comment="Groups the events of one visit.")
    properties = models.JSONField(db_default={}, db_comment="Whatever else the sender knows.")

    class Meta:
        """Table, indexes."""

        db_table = "data_ingestion_experienceevent"
        db_table_comment = "A time series of what visitors did; one partition per month."
        indexes = [
            Index(
                fields=["project", "created_at"],
                name="data_ingestion_experienceevent_project_id_created_at_idx",
            ),
            GinIndex(
                fields=["properties"],
                opclasses=["jsonb_path_ops"],
                name="data_ingestion_experienceevent_properties_gin",
            ),
        ]

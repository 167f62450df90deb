"""Projects, which hold all research assets of a team."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.accounts.models import Team, User
from schema.fields import CreatedAtField, Index, UpdatedAtField


class Project(models.Model):
    """A container for all research assets within a team."""

    team = models.ForeignKey(
        Team,
        models.CASCADE,
        related_name="+",
        db_index=False,
        db_comment="The team that owns everything below.",
    )
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who created it; null once that user is purged.",
    )
    name = models.CharField(max_length=255, db_comment="Project title.")
    description = models.TextField(db_default="", db_comment="Background context for the AI engine.")
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()
    revision = models.IntegerField(db_default=1, db_comment="Counts edits; the entity tag.")

    class Meta:
        """Table, indexes."""

        db_table = "data_ingestion_project"
        db_table_comment = "A container for all research assets within a team."
        indexes = [Index(fields=["team", "created_at"], name="data_ingestion_project_team_id_created_at_idx")]

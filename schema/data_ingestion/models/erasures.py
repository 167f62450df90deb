"""Erasures of single respondents: what is still to be removed, and the receipt of what was."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.accounts.models import User
from schema.data_ingestion.models.projects import Project
from schema.data_ingestion.models.surveys import Survey, SurveyResponse
from schema.fields import CreatedAtField, Index, ListField, UpdatedAtField


class ResponseErasure(models.Model):
    """The erasure of one interview; the interview's row stays without anything that the respondent said."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    survey = models.ForeignKey(
        Survey, models.CASCADE, related_name="+", db_index=False, db_comment="The survey."
    )
    survey_response = models.ForeignKey(
        SurveyResponse,
        models.CASCADE,
        related_name="+",
        db_index=False,
        db_comment="What is left of the interview.",
    )
    requested_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who asked for it; null once that user is purged.",
    )
    began_at = models.DateTimeField(
        null=True,
        db_comment="When the interview began: no older version can hold it; null once all is removed.",
    )
    waiting = models.JSONField(
        db_default={},
        db_comment="Datasets that may hold the interview, with the change that makes them anew.",
    )
    object_keys = ListField(db_default=[], db_comment="Keys of the respondent's files, to be removed.")
    receipt = models.JSONField(db_default={}, db_comment="What was removed where, by whom and when.")
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()
    completed_at = models.DateTimeField(null=True, db_comment="When nothing was left; null before.")

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_responseerasure"
        db_table_comment = "The erasure of one interview, with its receipt."
        constraints = [
            models.UniqueConstraint(
                fields=["survey_response"], name="data_ingestion_responseerasure_survey_response_id_key"
            )
        ]
        indexes = [
            Index(
                fields=["survey"],
                condition=models.Q(completed_at__isnull=True),
                name="data_ingestion_responseerasure_survey_id_idx",
            )
        ]

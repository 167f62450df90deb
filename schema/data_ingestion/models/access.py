"""Who may answer a survey, and when: rules that hold at once, whatever version is published."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.data_ingestion.models.projects import Project
from schema.data_ingestion.models.surveys import Survey
from schema.fields import CreatedAtField, UpdatedAtField, one_of, unique

ONE_PER = ("", "DEVICE", "PARTICIPANT")


class SurveyAccess(models.Model):
    """The rules by which respondents get in; a survey without a row is open to everybody while it is published."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    survey = models.ForeignKey(
        Survey, models.CASCADE, related_name="+", db_index=False, db_comment="The survey."
    )
    opens_at = models.DateTimeField(null=True, db_comment="Before it nobody may answer.")
    closes_at = models.DateTimeField(null=True, db_comment="From then on no interview begins.")
    grace_minutes = models.IntegerField(
        db_default=30, db_comment="How long interviews under way may be finished after closes_at."
    )
    max_responses = models.IntegerField(null=True, db_comment="Complete interviews that are wanted at most.")
    one_per = models.CharField(
        max_length=20,
        db_default="",
        db_comment="DEVICE or PARTICIPANT: what submits one interview at most; empty: no limit.",
    )
    password_hash = models.CharField(
        max_length=255, db_default="", db_comment="Argon2id hash of the password; empty where none is asked."
    )
    revision = models.IntegerField(db_default=1, db_comment="Counts edits; the entity tag of the rules.")
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints."""

        db_table = "data_ingestion_surveyaccess"
        db_table_comment = "When a survey takes answers, how many, and from whom."
        constraints = [
            unique("data_ingestion_surveyaccess", "survey"),
            one_of("data_ingestion_surveyaccess", "one_per", ONE_PER),
        ]


class PasswordAttempt(models.Model):
    """A count of wrong passwords for a survey, under a key that shows neither address nor person."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    survey = models.ForeignKey(
        Survey, models.CASCADE, related_name="+", db_index=False, db_comment="The survey."
    )
    key = models.CharField(
        max_length=64, db_comment="Keyed hash of what is counted: an address, or everybody."
    )
    n_failures = models.IntegerField(db_comment="Attempts that failed, or are being judged.")
    blocked_until = models.DateTimeField(db_comment="Until then no attempt is judged.")
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints."""

        db_table = "data_ingestion_passwordattempt"
        db_table_comment = "Wrong passwords of respondents, counted so that guessing takes long."
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "key"], name="data_ingestion_passwordattempt_survey_id_key_key"
            )
        ]

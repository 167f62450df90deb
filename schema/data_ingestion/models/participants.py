"""Who is asked by name: participants with personal links, and the letters that are sent to them."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.contrib.postgres.functions import RandomUUID
from django.db import models

from schema.accounts.models import User
from schema.data_ingestion.models.projects import Project
from schema.data_ingestion.models.surveys import Survey, SurveyResponse
from schema.fields import CreatedAtField, Index, UpdatedAtField, in_tenant, one_of, unique

MAILING_KINDS = ("INVITATION", "REMINDER")
LETTER_STATUSES = ("PENDING", "SENDING", "SENT", "FAILED", "SKIPPED")


class Participant(models.Model):
    """Somebody who is asked personally: the link is theirs, and leads to one interview at most."""

    uuid = models.UUIDField(
        db_default=RandomUUID(), db_comment="What the token of the personal link is made from."
    )
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    survey = models.ForeignKey(
        Survey, models.CASCADE, related_name="+", db_index=False, db_comment="The survey."
    )
    email = models.CharField(
        max_length=254,
        db_default="",
        db_comment="Address in small letters; empty where letters go elsewhere.",
    )
    external_id = models.CharField(
        max_length=100, db_default="", db_comment="What the researcher's own lists call them; may be empty."
    )
    language = models.CharField(
        max_length=35, db_default="", db_comment="Language tag (BCP 47); empty: the survey's first."
    )
    attributes = models.JSONField(
        db_default={}, db_comment="Name → text: for placeholders of letters, and hidden fields of that code."
    )
    token_hash = models.CharField(
        max_length=64, db_comment="SHA-256 of the token of the personal link, hexadecimal."
    )
    survey_response = models.ForeignKey(
        SurveyResponse,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="The one interview of the link; null before it began.",
    )
    invited_at = models.DateTimeField(
        null=True, db_comment="When a letter was last handed over; null before."
    )
    unsubscribed_at = models.DateTimeField(null=True, db_comment="When they asked for no more letters.")
    mail_error = models.CharField(
        max_length=300, db_default="", db_comment="Why the last letter could not be sent; empty where it was."
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_participant"
        db_table_comment = "Somebody who is asked personally, with a link of their own."
        constraints = [
            unique("data_ingestion_participant", "token_hash"),
            in_tenant("data_ingestion_participant"),
            models.UniqueConstraint(
                fields=["survey", "email"],
                condition=~models.Q(email=""),
                name="data_ingestion_participant_survey_id_email_key",
            ),
            models.UniqueConstraint(
                fields=["survey", "external_id"],
                condition=~models.Q(external_id=""),
                name="data_ingestion_participant_survey_id_external_id_key",
            ),
        ]
        indexes = [
            Index(fields=["survey", "id"], name="data_ingestion_participant_survey_id_id_idx"),
            Index(fields=["project"], name="data_ingestion_participant_project_id_idx"),
        ]


class Mailing(models.Model):
    """One round of letters to participants of a survey."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    survey = models.ForeignKey(Survey, models.CASCADE, related_name="+", db_comment="The survey.")
    kind = models.CharField(max_length=20, db_comment="INVITATION or REMINDER.")
    subject = models.JSONField(db_comment="Language → subject, with placeholders.")
    text = models.JSONField(db_comment="Language → text, with placeholders.")
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who sent it; null once that user is purged.",
    )
    created_at = CreatedAtField()

    class Meta:
        """Table, constraints."""

        db_table = "data_ingestion_mailing"
        db_table_comment = "A round of invitations or reminders."
        constraints = [
            in_tenant("data_ingestion_mailing"),
            one_of("data_ingestion_mailing", "kind", MAILING_KINDS),
        ]


class Letter(models.Model):
    """One letter of a round to one participant: claimed before it is handed over, so that nobody gets it twice."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    mailing = models.ForeignKey(
        Mailing, models.CASCADE, related_name="+", db_index=False, db_comment="The round."
    )
    participant = models.ForeignKey(
        Participant, models.CASCADE, related_name="+", db_comment="Whom it is for."
    )
    status = models.CharField(
        max_length=20, db_default="PENDING", db_comment="PENDING, SENDING, SENT, FAILED or SKIPPED."
    )
    error = models.CharField(
        max_length=300, db_default="", db_comment="Why it was not sent; empty where it was."
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_letter"
        db_table_comment = (
            "A letter to a participant; SENDING for good where a process died while handing it over."
        )
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "participant"], name="data_ingestion_letter_mailing_id_participant_id_key"
            ),
            one_of("data_ingestion_letter", "status", LETTER_STATUSES),
        ]
        indexes = [
            Index(fields=["mailing", "status"], name="data_ingestion_letter_mailing_id_status_idx"),
            Index(fields=["project", "created_at"], name="data_ingestion_letter_project_id_created_at_idx"),
        ]

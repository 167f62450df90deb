"""Surveys, their published versions, and the interviews held on them."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.contrib.postgres.functions import RandomUUID
from django.db import models

from schema.accounts.models import User
from schema.data_ingestion.models.projects import Project
from schema.fields import CreatedAtField, Index, ListField, UpdatedAtField, in_tenant, one_of, unique

LAYOUT_STYLES = ("CLASSIC", "FOCUS")
SURVEY_STATUSES = ("DRAFT", "PUBLISHED", "PAUSED", "CLOSED")
RESPONSE_STATUSES = ("IN_PROGRESS", "COMPLETE", "SCREENED_OUT", "QUOTA_FULL", "ERASED")


class Survey(models.Model):
    """A questionnaire that is edited as a draft, published in versions, and answered under a public link."""

    uuid = models.UUIDField(db_default=RandomUUID(), db_comment="Public identifier for survey links.")
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    title = models.CharField(max_length=255, db_comment="Public survey title.")
    layout_style = models.CharField(
        max_length=10, db_default="CLASSIC", db_comment="CLASSIC (scroll) or FOCUS (one by one)."
    )
    theme_config = models.JSONField(db_default={}, db_comment="Colours, fonts and background image.")
    definition = models.JSONField(db_default={}, db_comment="The draft: pages, questions, logic.")
    status = models.CharField(
        max_length=20, db_default="DRAFT", db_comment="DRAFT, PUBLISHED, PAUSED or CLOSED."
    )
    published_version = models.ForeignKey(
        "SurveyVersion",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="The version that new respondents get; null before the first one.",
    )
    revision = models.IntegerField(db_default=1, db_comment="Counts edits; the entity tag of the draft.")
    dataset_includes = ListField(
        db_default=[],
        db_comment="Which interviews are rows of the dataset besides complete ones: SCREENED_OUT, QUOTA_FULL, IN_PROGRESS.",
    )
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who created it; null once that user is purged.",
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()
    published_at = models.DateTimeField(null=True, db_comment="When it was last published.")
    closed_at = models.DateTimeField(null=True, db_comment="When it was closed; null while it is not.")
    archived_at = models.DateTimeField(
        null=True, db_comment="When it was put away; null while it is worked with."
    )

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_survey"
        db_table_comment = "A questionnaire: draft, published versions, and state of its public link."
        constraints = [
            unique("data_ingestion_survey", "uuid"),
            in_tenant("data_ingestion_survey"),
            one_of("data_ingestion_survey", "layout_style", LAYOUT_STYLES),
            one_of("data_ingestion_survey", "status", SURVEY_STATUSES),
        ]
        indexes = [
            Index(fields=["project", "created_at"], name="data_ingestion_survey_project_id_created_at_idx")
        ]


class SurveyVersion(models.Model):
    """A published definition, frozen: a response belongs to the version that it was answered on."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    survey = models.ForeignKey(
        Survey, models.CASCADE, related_name="+", db_index=False, db_comment="The survey."
    )
    number = models.IntegerField(db_comment="1, 2, … within the survey.")
    title = models.CharField(max_length=255, db_comment="Title at publication.")
    layout_style = models.CharField(max_length=10, db_comment="CLASSIC or FOCUS, at publication.")
    theme_config = models.JSONField(db_default={}, db_comment="Theme at publication.")
    definition = models.JSONField(db_default={}, db_comment="Pages, questions and logic as published.")
    definition_hash = models.CharField(
        max_length=64, db_comment="SHA-256 of the canonical definition, hexadecimal."
    )
    edits = ListField(
        db_default=[], db_comment="What changed since the version before, and whether trends go on."
    )
    created_at = CreatedAtField()

    class Meta:
        """Table, constraints."""

        db_table = "data_ingestion_surveyversion"
        db_table_comment = "A published survey definition; never changed."
        constraints = [
            in_tenant("data_ingestion_surveyversion"),
            models.UniqueConstraint(
                fields=["survey", "number"], name="data_ingestion_surveyversion_survey_number_key"
            ),
            one_of("data_ingestion_surveyversion", "layout_style", LAYOUT_STYLES),
        ]


class SurveyResponse(models.Model):
    """One interview: the answers of one respondent, stored as they are given."""

    uuid = models.UUIDField(db_default=RandomUUID(), db_comment="Public identifier of the interview.")
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    survey = models.ForeignKey(
        Survey, models.CASCADE, related_name="+", db_index=False, db_comment="The survey."
    )
    survey_version = models.ForeignKey(
        SurveyVersion, models.CASCADE, related_name="+", db_comment="The version it is answered on."
    )
    token_hash = models.CharField(
        max_length=64, db_comment="SHA-256 of the respondent's session token, hexadecimal."
    )
    device_hash = models.CharField(
        max_length=64,
        db_default="",
        db_comment="SHA-256 of the browser's own token where a device submits once; else empty.",
    )
    fingerprint = models.CharField(
        max_length=64,
        db_default="",
        db_comment="Keyed hash of network, browser and languages, of use within the survey only; empty where not known.",
    )
    seed = models.BigIntegerField(
        db_comment="Seed of every random order, so that a page can be shown again as it was."
    )
    status = models.CharField(
        max_length=20,
        db_default="IN_PROGRESS",
        db_comment="IN_PROGRESS, COMPLETE, SCREENED_OUT, QUOTA_FULL or ERASED.",
    )
    answers = models.JSONField(db_default={}, db_comment="Question code → answer.")
    not_asked = ListField(db_default=[], db_comment="Codes of questions that the logic did not show.")
    flags = ListField(db_default=[], db_comment="Data quality flags with their evidence.")
    paradata = models.JSONField(db_default={}, db_comment="Times per page, device class and the like.")
    language = models.CharField(
        max_length=16, db_default="", db_comment="Language tag it is answered in (BCP 47)."
    )
    cursor = models.IntegerField(db_default=0, db_comment="Position of the page or question shown next.")
    is_test = models.BooleanField(
        db_default=False, db_comment="A preview by a member, left out of every figure."
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()
    submitted_at = models.DateTimeField(null=True, db_comment="When it was finished; null while in progress.")

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_surveyresponse"
        db_table_comment = "One interview; unchangeable once it is finished."
        constraints = [
            unique("data_ingestion_surveyresponse", "uuid"),
            unique("data_ingestion_surveyresponse", "token_hash"),
            models.UniqueConstraint(
                fields=["survey", "device_hash"],
                condition=~models.Q(device_hash="") & ~models.Q(status="IN_PROGRESS"),
                name="data_ingestion_surveyresponse_survey_id_device_hash_key",
            ),
            in_tenant("data_ingestion_surveyresponse"),
            one_of("data_ingestion_surveyresponse", "status", RESPONSE_STATUSES),
        ]
        indexes = [
            Index(
                fields=["project", "created_at"],
                name="data_ingestion_surveyresponse_project_id_created_at_idx",
            ),
            Index(fields=["survey", "status"], name="data_ingestion_surveyresponse_survey_id_status_idx"),
            Index(
                fields=["survey", "fingerprint"],
                condition=~models.Q(fingerprint="") & models.Q(status="COMPLETE", is_test=False),
                name="data_ingestion_surveyresponse_survey_id_fingerprint_idx",
            ),
        ]


class QuotaSeat(models.Model):
    """A place in a quota: leased while an interview is under way, kept once it is complete."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    survey = models.ForeignKey(
        Survey, models.CASCADE, related_name="+", db_index=False, db_comment="The survey."
    )
    survey_response = models.ForeignKey(
        SurveyResponse, models.CASCADE, related_name="+", db_index=False, db_comment="Whose seat it is."
    )
    quota = models.CharField(max_length=64, db_comment="Code of the quota in the survey's definition.")
    leased_until = models.DateTimeField(db_comment="When another may take it, unless it is kept.")
    kept_at = models.DateTimeField(null=True, db_comment="When the interview was complete; null before.")

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_quotaseat"
        db_table_comment = "A place in a quota of a survey, taken by one interview."
        constraints = [
            models.UniqueConstraint(
                fields=["survey_response", "quota"],
                name="data_ingestion_quotaseat_survey_response_id_quota_key",
            )
        ]
        indexes = [Index(fields=["survey", "quota"], name="data_ingestion_quotaseat_survey_id_quota_idx")]


class ResponseFile(models.Model):
    """A file that a respondent uploaded as an answer, or as part of one."""

    uuid = models.UUIDField(db_comment="How answers name it.")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    survey_response = models.ForeignKey(
        SurveyResponse,
        models.CASCADE,
        related_name="+",
        db_index=False,
        db_comment="The interview that it belongs to.",
    )
    question = models.CharField(max_length=64, db_comment="Code of the question that it answers.")
    object_key = models.CharField(max_length=1024, db_comment="S3 key of its bytes.")
    name = models.CharField(max_length=255, db_comment="What it is called, with an extension of its content.")
    kind = models.CharField(max_length=20, db_comment="What it is by its bytes: image, pdf, audio …")
    size_bytes = models.BigIntegerField(db_comment="Its size in bytes.")
    sha256 = models.CharField(max_length=64, db_comment="SHA-256 of its bytes, hexadecimal.")
    created_at = CreatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "data_ingestion_responsefile"
        db_table_comment = "A file uploaded in an interview; it goes when no answer names it any more."
        constraints = [
            models.UniqueConstraint(
                fields=["survey_response", "uuid"],
                name="data_ingestion_responsefile_survey_response_id_uuid_key",
            )
        ]

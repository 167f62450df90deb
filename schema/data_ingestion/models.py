"""Projects and what is collected in them: files, datasets, surveys, responses, scraped pages, experience events."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.contrib.postgres.functions import RandomUUID
from django.db import models

from schema.accounts.models import Team, User
from schema.fields import (
    CreatedAtField,
    GinIndex,
    IdentityField,
    Index,
    ListField,
    PartitionKeyField,
    UpdatedAtField,
    in_tenant,
    one_of,
    unique,
)

FILE_TYPES = ("TABULAR", "UNSTRUCTURED")
UPLOAD_STATUSES = ("PENDING", "SUCCESS", "FAILED")
LAYOUT_STYLES = ("CLASSIC", "FOCUS")
SURVEY_STATUSES = ("DRAFT", "PUBLISHED", "PAUSED", "CLOSED")
RESPONSE_STATUSES = ("IN_PROGRESS", "COMPLETE", "SCREENED_OUT", "QUOTA_FULL")
SCHEDULES = ("ONCE", "DAILY", "WEEKLY", "MONTHLY")


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

    class Meta:
        """Table, indexes."""

        db_table = "data_ingestion_project"
        db_table_comment = "A container for all research assets within a team."
        indexes = [Index(fields=["team", "created_at"], name="data_ingestion_project_team_id_created_at_idx")]


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
            GinIndex(
                fields=["columns_metadata"],
                opclasses=["jsonb_path_ops"],
                name="data_ingestion_rawdatafile_columns_metadata_gin",
            ),
        ]


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
    seed = models.BigIntegerField(
        db_comment="Seed of every random order, so that a page can be shown again as it was."
    )
    status = models.CharField(
        max_length=20,
        db_default="IN_PROGRESS",
        db_comment="IN_PROGRESS, COMPLETE, SCREENED_OUT or QUOTA_FULL.",
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
            one_of("data_ingestion_surveyresponse", "status", RESPONSE_STATUSES),
        ]
        indexes = [
            Index(
                fields=["project", "created_at"],
                name="data_ingestion_surveyresponse_project_id_created_at_idx",
            ),
            Index(fields=["survey", "status"], name="data_ingestion_surveyresponse_survey_id_status_idx"),
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

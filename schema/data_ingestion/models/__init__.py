"""Projects and what is collected in them: files, datasets, surveys, responses, scraped pages, experience events."""

from schema.data_ingestion.models.access import PasswordAttempt, SurveyAccess
from schema.data_ingestion.models.derived import DatasetChange, DatasetFilter
from schema.data_ingestion.models.erasures import ResponseErasure
from schema.data_ingestion.models.files import Dataset, DatasetExport, DatasetVersion, RawDataFile
from schema.data_ingestion.models.observed import ExperienceEvent, ScrapeTarget
from schema.data_ingestion.models.participants import Letter, Mailing, Participant
from schema.data_ingestion.models.projects import Project
from schema.data_ingestion.models.surveys import (
    QuotaSeat,
    ResponseFile,
    Survey,
    SurveyResponse,
    SurveyVersion,
)
from schema.data_ingestion.models.uploads import FileUpload

__all__ = [
    "Dataset",
    "DatasetChange",
    "DatasetExport",
    "DatasetFilter",
    "DatasetVersion",
    "ExperienceEvent",
    "FileUpload",
    "Letter",
    "Mailing",
    "Participant",
    "PasswordAttempt",
    "Project",
    "QuotaSeat",
    "RawDataFile",
    "ResponseErasure",
    "ResponseFile",
    "ScrapeTarget",
    "Survey",
    "SurveyAccess",
    "SurveyResponse",
    "SurveyVersion",
]

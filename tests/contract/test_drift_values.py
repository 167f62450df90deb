"""Words that code and database both know: values of enumerations, names of constraints."""

import importlib
import re
from enum import StrEnum

import asyncpg
import pytest

from contracts.analytics import AnalysisStatus, ReportStatus
from contracts.datasets.values import ExportFormat
from contracts.ingestion import (
    ChangeKind,
    ChangeStatus,
    ExportStatus,
    FileType,
    LayoutStyle,
    ResponseStatus,
    SurveyStatus,
    UploadStatus,
)
from contracts.seo import AuditStatus
from kernel.access import Role
from services.ingestion.schemas.uploads import OnDuplicate

ENUMERATIONS: dict[str, type[StrEnum]] = {
    "data_ingestion_rawdatafile_file_type_check": FileType,
    "data_ingestion_rawdatafile_upload_status_check": UploadStatus,
    "data_ingestion_fileupload_on_duplicate_check": OnDuplicate,
    "data_ingestion_datasetexport_format_check": ExportFormat,
    "data_ingestion_datasetexport_status_check": ExportStatus,
    "data_ingestion_datasetchange_kind_check": ChangeKind,
    "data_ingestion_datasetchange_status_check": ChangeStatus,
    "data_ingestion_survey_status_check": SurveyStatus,
    "data_ingestion_survey_layout_style_check": LayoutStyle,
    "data_ingestion_surveyversion_layout_style_check": LayoutStyle,
    "data_ingestion_surveyresponse_status_check": ResponseStatus,
    "analysis_analysisresult_status_check": AnalysisStatus,
    "analysis_report_status_check": ReportStatus,
    "intelligence_siteaudit_status_check": AuditStatus,
}


async def values_of(owner: asyncpg.Connection, constraint: str) -> set[str]:
    definition = await owner.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", constraint
    )
    return set(re.findall(r"'([^']+)'", definition))


@pytest.mark.parametrize("constraint", ENUMERATIONS)
async def test_an_enumeration_has_the_values_that_the_database_accepts(
    owner: asyncpg.Connection, constraint: str
) -> None:
    assert await values_of(owner, constraint) == set(ENUMERATIONS[constraint])


async def test_a_member_has_one_of_the_roles_that_permissions_are_written_for(
    owner: asyncpg.Connection,
) -> None:
    assert await values_of(owner, "accounts_teammembership_role_check") == set(Role) - {Role.WORKER}


@pytest.mark.parametrize("service", ["identity", "ingestion", "analytics", "seo"])
async def test_errors_are_mapped_from_constraints_that_exist(owner: asyncpg.Connection, service: str) -> None:
    mapped = set(importlib.import_module(f"services.{service}.errors").CONSTRAINTS)
    existing = await owner.fetch(
        "SELECT conname AS name FROM pg_constraint UNION SELECT relname FROM pg_class WHERE relkind = 'i'"
    )
    assert mapped - {row["name"] for row in existing} == set()

"""Two teams with one row in every tenant table, written by the owner, past all policies."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from tests.environment import Stack

SERVICE_OF = {
    "data_ingestion_project": "plugzero_ingestion",
    "data_ingestion_rawdatafile": "plugzero_ingestion",
    "data_ingestion_fileupload": "plugzero_ingestion",
    "data_ingestion_survey": "plugzero_ingestion",
    "data_ingestion_surveyversion": "plugzero_ingestion",
    "data_ingestion_surveyresponse": "plugzero_ingestion",
    "data_ingestion_quotaseat": "plugzero_ingestion",
    "data_ingestion_surveyaccess": "plugzero_ingestion",
    "data_ingestion_responseerasure": "plugzero_ingestion",
    "data_ingestion_passwordattempt": "plugzero_ingestion",
    "data_ingestion_participant": "plugzero_ingestion",
    "data_ingestion_mailing": "plugzero_ingestion",
    "data_ingestion_letter": "plugzero_ingestion",
    "data_ingestion_dataset": "plugzero_ingestion",
    "data_ingestion_datasetversion": "plugzero_ingestion",
    "data_ingestion_datasetexport": "plugzero_ingestion",
    "data_ingestion_datasetfilter": "plugzero_ingestion",
    "data_ingestion_datasetchange": "plugzero_ingestion",
    "data_ingestion_scrapetarget": "plugzero_ingestion",
    "data_ingestion_experienceevent": "plugzero_ingestion",
    "analysis_analysisresult": "plugzero_analytics",
    "analysis_researchinsight": "plugzero_analytics",
    "analysis_report": "plugzero_analytics",
    "analysis_comment": "plugzero_analytics",
    "intelligence_siteaudit": "plugzero_seo",
    "intelligence_auditpage": "plugzero_seo",
    "intelligence_auditfinding": "plugzero_seo",
}
SINGLE_ROWS: dict[str, dict[str, object]] = {
    "data_ingestion_rawdatafile": {"file": "k", "file_type": "TABULAR"},
    "data_ingestion_fileupload": {
        "object_key": "k",
        "multipart_id": "m",
        "filename": "f",
        "size_bytes": 1,
        "part_bytes": 1,
        "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
    },
    "data_ingestion_survey": {"title": "S", "status": "PUBLISHED"},
    "data_ingestion_dataset": {"name": "D"},
    "data_ingestion_scrapetarget": {"url": "https://example.com"},
    "data_ingestion_experienceevent": {"event_type": "page_view"},
    "analysis_analysisresult": {"calculation_type": "MEAN"},
    "analysis_researchinsight": {"title": "I"},
    "analysis_report": {"title": "R", "status": "PUBLISHED"},
    "intelligence_siteaudit": {"target_url": "https://example.com"},
}


@dataclass
class Tenant:
    """One team with its people, its project, and the id of its row in every table."""

    team: int
    owner: int
    member: int
    viewer: int
    project: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    survey_uuid: str = ""
    report_uuid: str = ""

    def example(self, table: str) -> dict[str, object]:
        """Values for one more row of the table, inside this tenant."""
        unique = uuid.uuid4().hex * 2
        survey, project = self.rows.get("data_ingestion_survey", 0), {"project_id": self.project}
        special: dict[str, dict[str, object]] = {
            "data_ingestion_project": {"team_id": self.team, "name": "P"},
            "data_ingestion_surveyversion": version_of(survey, number=int(unique[:6], 16)),
            "data_ingestion_surveyresponse": {
                "survey_id": survey,
                "survey_version_id": self.rows.get("data_ingestion_surveyversion", 0),
                "token_hash": unique,
                "seed": 1,
            },
            "data_ingestion_datasetversion": {
                "dataset_id": self.rows.get("data_ingestion_dataset", 0),
                "number": int(unique[:6], 16),
                "parquet_key": "k",
                "content_hash": unique,
            },
            "data_ingestion_datasetexport": {
                "dataset_id": self.rows.get("data_ingestion_dataset", 0),
                "dataset_version": 1,
                "format": "csv",
                "request_hash": unique,
            },
            "data_ingestion_quotaseat": {
                "survey_id": self.rows.get("data_ingestion_survey", 0),
                "survey_response_id": self.rows.get("data_ingestion_surveyresponse", 0),
                "quota": unique,
                "leased_until": datetime(2100, 1, 1, tzinfo=UTC),
            },
            "data_ingestion_surveyaccess": {"survey_id": survey},
            "data_ingestion_responseerasure": {
                "survey_id": survey,
                "survey_response_id": self.rows.get("data_ingestion_surveyresponse", 0),
            },
            "data_ingestion_passwordattempt": {
                "survey_id": survey,
                "key": unique,
                "n_failures": 1,
                "blocked_until": datetime(2100, 1, 1, tzinfo=UTC),
            },
            "data_ingestion_participant": {"survey_id": survey, "token_hash": unique},
            "data_ingestion_mailing": {
                "survey_id": survey,
                "kind": "INVITATION",
                "subject": "{}",
                "text": "{}",
            },
            "data_ingestion_letter": {
                "mailing_id": self.rows.get("data_ingestion_mailing", 0),
                "participant_id": self.rows.get("data_ingestion_participant", 0),
            },
            "data_ingestion_datasetfilter": {
                "dataset_id": self.rows.get("data_ingestion_dataset", 0),
                "name": unique,
                "expression": "{}",
            },
            "data_ingestion_datasetchange": {
                "dataset_id": self.rows.get("data_ingestion_dataset", 0),
                "kind": "DERIVE",
            },
            "analysis_analysisresult": {"calculation_type": "MEAN", "cache_key": unique},
            "analysis_comment": {"report_id": self.rows.get("analysis_report", 0), "body": "B"},
            "intelligence_auditpage": {
                "site_audit_id": self.rows.get("intelligence_siteaudit", 0),
                "url": "https://example.com",
                "url_hash": unique,
            },
            "intelligence_auditfinding": {
                "site_audit_id": self.rows.get("intelligence_siteaudit", 0),
                "code": "c",
                "category": "c",
                "severity": "error",
                "url": "https://example.com",
            },
        }
        values = special.get(table) or dict(SINGLE_ROWS[table])
        return values if table == "data_ingestion_project" else project | values


def version_of(survey: int, *, number: int) -> dict[str, object]:
    """Values of a survey version."""
    return {
        "survey_id": survey,
        "number": number,
        "title": "S",
        "layout_style": "FOCUS",
        "definition_hash": "h",
    }


async def insert(
    connection: asyncpg.Connection, table: str, values: dict[str, object], *, back: str = "id"
) -> int:
    """Insert a row and return a column of it."""
    columns, marks = ", ".join(values), ", ".join(f"${i}" for i in range(1, len(values) + 1))
    statement = f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING {back}"
    result: int = await connection.fetchval(statement, *values.values())
    return result


async def new_user(owner: asyncpg.Connection) -> int:
    """Insert a user and return the id."""
    return await insert(owner, "accounts_user", {"email": f"{uuid.uuid4().hex}@example.com", "password": "x"})


async def new_tenant(owner: asyncpg.Connection) -> Tenant:
    """Insert a team of three, a project, and a row in every tenant table."""
    people = [await new_user(owner) for _ in range(3)]
    team = await insert(owner, "accounts_team", {"name": "T", "owner_id": people[0]})
    for user, role in zip(people, ("OWNER", "MEMBER", "VIEWER"), strict=True):
        await insert(owner, "accounts_teammembership", {"user_id": user, "team_id": team, "role": role})
    tenant = Tenant(team, people[0], people[1], people[2])
    tenant.project = await insert(owner, "data_ingestion_project", {"team_id": team, "name": "P"})
    tenant.rows["data_ingestion_project"] = tenant.project
    for table, values in SINGLE_ROWS.items():
        row: dict[str, object] = {"project_id": tenant.project, **values}
        if table == "analysis_analysisresult":
            row["cache_key"] = uuid.uuid4().hex
        tenant.rows[table] = await insert(owner, table, row)
    for table in SERVICE_OF:
        if table not in tenant.rows:
            tenant.rows[table] = await insert(owner, table, tenant.example(table))
    ids = tenant.rows["data_ingestion_survey"], tenant.rows["analysis_report"]
    tenant.survey_uuid = str(
        await owner.fetchval("SELECT uuid FROM data_ingestion_survey WHERE id = $1", ids[0])
    )
    tenant.report_uuid = str(await owner.fetchval("SELECT uuid FROM analysis_report WHERE id = $1", ids[1]))
    return tenant


@asynccontextmanager
async def acting(stack: Stack, role: str, **settings: object) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the role in a transaction with these `app.` settings; rolled back at the end."""
    connection = await asyncpg.connect(stack.role_url(role))
    transaction = connection.transaction()
    await transaction.start()
    try:
        for name, value in settings.items():
            await connection.execute("SELECT set_config($1, $2, true)", f"app.{name}", str(value))
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


async def count(connection: asyncpg.Connection, table: str) -> int:
    """The number of rows that the connection sees."""
    result: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
    return result

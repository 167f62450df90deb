"""Who sees which result, insight, report and comment; the narrow view of a report's reader."""

from django.db import migrations

from schema.security import ACCESS, READER, access_function, grant, protect, readable, writable

ANALYTICS = "plugzero_analytics"
TABLES = [f"analysis_{name}" for name in ("analysisresult", "researchinsight", "report", "comment")]
PUBLIC_REPORT = """
    SELECT r.id
    FROM public.analysis_report r
    JOIN public.data_ingestion_project p ON p.id = r.project_id
    JOIN public.accounts_team t ON t.id = p.team_id
    WHERE r.uuid = access.report_uuid() AND r.status = 'PUBLISHED' AND t.deleted_at IS NULL
"""


class Migration(migrations.Migration):
    """Grants and policies of the analysis tables."""

    dependencies = [("analysis", "0001_initial"), ("data_ingestion", "0002_row_security")]
    operations = [
        grant("SELECT (id, uuid, project_id, status)", "analysis_report", ACCESS),
        access_function("public_report()", "bigint", PUBLIC_REPORT, roles=(READER,)),
        *protect(*TABLES),
        *(operation for table in TABLES for operation in writable(table, ANALYTICS)),
        *readable(
            "analysis_report",
            READER,
            columns="id, uuid, title, status, published_content, published_at",
            using="id = (SELECT access.public_report())",
        ),
    ]

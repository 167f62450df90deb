"""Who sees which site audit, and its pages and findings."""

from django.db import migrations

from schema.security import protect, writable

TABLES = [f"intelligence_{name}" for name in ("siteaudit", "auditpage", "auditfinding")]


class Migration(migrations.Migration):
    """Grants and policies of the intelligence tables."""

    dependencies = [("intelligence", "0001_initial"), ("data_ingestion", "0002_row_security")]
    operations = [
        *protect(*TABLES),
        *(operation for table in TABLES for operation in writable(table, "plugzero_seo")),
    ]

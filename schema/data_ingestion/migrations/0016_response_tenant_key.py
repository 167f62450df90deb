"""The index below the key of interviews that seats in quotas refer to, built while interviews go on."""

from django.db import migrations

KEY = "data_ingestion_surveyresponse_tenant_key"


class Migration(migrations.Migration):
    """A unique index, without a lock; the next migration makes the key of it."""

    atomic = False
    dependencies = [("data_ingestion", "0015_stray_objects")]
    operations = [
        migrations.RunSQL(
            f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {KEY} ON data_ingestion_surveyresponse (id, project_id)",
            f"DROP INDEX CONCURRENTLY IF EXISTS {KEY}",
        ),
    ]

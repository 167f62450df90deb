"""Files of a project by content, for the notice of duplicates; made without holding up uploads."""

from django.db import migrations

import schema.fields

NAME = "data_ingestion_rawdatafile_project_id_sha256_idx"


class Migration(migrations.Migration):
    """The index."""

    atomic = False
    dependencies = [("data_ingestion", "0011_file_upload")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {NAME} "
                    "ON data_ingestion_rawdatafile (project_id, sha256)",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
                )
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="rawdatafile", index=schema.fields.Index(fields=["project", "sha256"], name=NAME)
                )
            ],
        ),
    ]

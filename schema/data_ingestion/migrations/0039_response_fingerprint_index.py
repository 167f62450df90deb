"""Complete interviews of a survey by fingerprint; made without holding up respondents."""

from django.db import migrations, models

import schema.fields

NAME = "data_ingestion_surveyresponse_survey_id_fingerprint_idx"


class Migration(migrations.Migration):
    """The index."""

    atomic = False
    dependencies = [("data_ingestion", "0038_response_fingerprint")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {NAME} ON data_ingestion_surveyresponse "
                    "(survey_id, fingerprint) WHERE (NOT (fingerprint = '') AND NOT is_test AND status = 'COMPLETE')",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
                )
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="surveyresponse",
                    index=schema.fields.Index(
                        condition=models.Q(
                            models.Q(("fingerprint", ""), _negated=True), ("is_test", False), ("status", "COMPLETE")
                        ),
                        fields=["survey", "fingerprint"],
                        name=NAME,
                    ),
                )
            ],
        ),
    ]

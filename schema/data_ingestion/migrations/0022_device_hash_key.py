"""One finished interview per device, where a survey wants that: the index that decides between two submissions at once."""

from django.db import migrations, models

KEY = "data_ingestion_surveyresponse_survey_id_device_hash_key"


class Migration(migrations.Migration):
    """A unique index over the interviews that name a device, built without a lock."""

    atomic = False
    dependencies = [("data_ingestion", "0021_survey_access")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {KEY} ON data_ingestion_surveyresponse "
                    "(survey_id, device_hash) WHERE (NOT (device_hash = '') AND NOT (status = 'IN_PROGRESS'))",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {KEY}",
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="surveyresponse",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("device_hash", ""), _negated=True),
                            models.Q(("status", "IN_PROGRESS"), _negated=True),
                        ),
                        fields=("survey", "device_hash"),
                        name=KEY,
                    ),
                )
            ],
        ),
    ]

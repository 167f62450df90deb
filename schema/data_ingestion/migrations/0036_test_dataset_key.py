"""One dataset of simulated interviews per survey: the index that decides between two that are asked for at once."""

from django.db import migrations, models

KEY = "data_ingestion_dataset_simulated_survey_key"


class Migration(migrations.Migration):
    """A unique index, built without a lock."""

    atomic = False
    dependencies = [("data_ingestion", "0035_test_datasets")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {KEY} ON data_ingestion_dataset (simulated_survey_id)",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {KEY}",
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="dataset",
                    constraint=models.UniqueConstraint(fields=("simulated_survey",), name=KEY),
                )
            ],
        ),
    ]

"""The key and the check of 0035 hold for the rows that were there before them."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

DATASET = "data_ingestion_dataset"


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0036_test_dataset_key'),
    ]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {DATASET} VALIDATE CONSTRAINT {DATASET}_simulated_survey_id_fkey", migrations.RunSQL.noop
        ),
        ValidateConstraint(model_name='datasetchange', name='data_ingestion_datasetchange_kind_check'),
    ]

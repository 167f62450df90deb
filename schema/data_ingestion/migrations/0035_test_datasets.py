"""Datasets of simulated interviews, and the change that makes them.

The key and the check are validated apart (0037), so that no table is locked while rows are read; the index is made apart (0036).
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

DATASET, CHANGE = "data_ingestion_dataset", "data_ingestion_datasetchange"
CHECK = f"{CHANGE}_kind_check"
KIND = "DERIVE, MERGE, CORRECT, READ or SIMULATE."
REQUEST = "What is to be derived, merged, corrected, read or simulated."
SURVEY = "The survey whose simulated interviews it holds as test data, if any."


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0034_survey_archive'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='dataset',
                    name='simulated_survey',
                    field=models.ForeignKey(db_comment=SURVEY, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey'),
                ),
                migrations.AlterField(
                    model_name='datasetchange',
                    name='kind',
                    field=models.CharField(db_comment=KIND, max_length=20),
                ),
                migrations.AlterField(
                    model_name='datasetchange',
                    name='request',
                    field=models.JSONField(db_comment=REQUEST, db_default={}),
                ),
                migrations.RemoveConstraint(model_name='datasetchange', name=CHECK),
            ],
            database_operations=[
                migrations.RunSQL(
                    [
                        f'ALTER TABLE {DATASET} ADD COLUMN simulated_survey_id bigint NULL',
                        f"COMMENT ON COLUMN {DATASET}.simulated_survey_id IS '{SURVEY}'",
                        f'ALTER TABLE {DATASET} ADD CONSTRAINT {DATASET}_simulated_survey_id_fkey '
                        'FOREIGN KEY (simulated_survey_id, project_id) '
                        'REFERENCES data_ingestion_survey (id, project_id) ON DELETE CASCADE NOT VALID',
                    ],
                    [f'ALTER TABLE {DATASET} DROP COLUMN simulated_survey_id'],
                ),
                migrations.RunSQL(
                    # A wider check follows in the same transaction.
                    [f'-- squawk-ignore ban-drop-constraint\nALTER TABLE {CHANGE} DROP CONSTRAINT {CHECK}'],
                    [
                        f'ALTER TABLE {CHANGE} ADD CONSTRAINT {CHECK} '
                        "CHECK (kind IN ('DERIVE', 'MERGE', 'CORRECT', 'READ')) NOT VALID"
                    ],
                ),
                # What AlterField would send changes the type to what it is, under a lock that stops all readers.
                migrations.RunSQL(
                    [
                        f"COMMENT ON COLUMN {CHANGE}.kind IS '{KIND}'",
                        f"COMMENT ON COLUMN {CHANGE}.request IS '{REQUEST}'",
                    ],
                    migrations.RunSQL.noop,
                ),
            ],
        ),
        AddConstraintNotValid(
            model_name='datasetchange',
            constraint=models.CheckConstraint(
                condition=models.Q(('kind__in', ['DERIVE', 'MERGE', 'CORRECT', 'READ', 'SIMULATE'])), name=CHECK
            ),
        ),
    ]

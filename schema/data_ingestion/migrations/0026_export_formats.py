"""Datasets can be written as Triple-S; the check is validated apart (0027), so that no table is locked while rows are read."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

TABLE, CHECK = "data_ingestion_datasetexport", "data_ingestion_datasetexport_format_check"
COMMENT = "csv, xlsx, sav, parquet or triples."


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0025_response_file_security'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name='datasetexport', name=CHECK),
                migrations.AlterField(
                    model_name='datasetexport',
                    name='format',
                    field=models.CharField(db_comment=COMMENT, max_length=20),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    # A wider check follows in the same transaction.
                    [f'-- squawk-ignore ban-drop-constraint\nALTER TABLE "{TABLE}" DROP CONSTRAINT "{CHECK}"'],
                    [
                        f'ALTER TABLE "{TABLE}" ADD CONSTRAINT "{CHECK}" '
                        "CHECK (format IN ('csv', 'xlsx', 'sav', 'parquet')) NOT VALID"
                    ],
                ),
                # What AlterField would send changes the type to what it is, under a lock that stops all readers.
                migrations.RunSQL(
                    [f"""COMMENT ON COLUMN "{TABLE}"."format" IS '{COMMENT}'"""], migrations.RunSQL.noop
                ),
            ],
        ),
        AddConstraintNotValid(
            model_name='datasetexport',
            constraint=models.CheckConstraint(
                condition=models.Q(('format__in', ["csv", "xlsx", "sav", "parquet", "triples"])), name=CHECK
            ),
        ),
    ]

"""The check of 0026 holds for the rows that were there before it."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0026_export_formats'),
    ]

    operations = [
        ValidateConstraint(model_name='datasetexport', name='data_ingestion_datasetexport_format_check'),
    ]

"""Surveys that are put away."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0033_version_edits'),
    ]

    operations = [
        migrations.AddField(
            model_name='survey',
            name='archived_at',
            field=models.DateTimeField(db_comment='When it was put away; null while it is worked with.', null=True),
        ),
    ]

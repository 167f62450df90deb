"""What each published version changed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0032_experiments'),
    ]

    operations = [
        migrations.AddField(
            model_name='surveyversion',
            name='edits',
            field=models.JSONField(
                db_comment='What changed since the version before, and whether trends go on.', db_default=[]
            ),
        ),
    ]

"""Which interviews are rows of a survey's dataset besides complete ones."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0018_quota_seat_security'),
    ]

    operations = [
        migrations.AddField(
            model_name='survey',
            name='dataset_includes',
            field=models.JSONField(
                db_comment='Which interviews are rows of the dataset besides complete ones: SCREENED_OUT, QUOTA_FULL, IN_PROGRESS.',
                db_default=[],
            ),
        ),
    ]

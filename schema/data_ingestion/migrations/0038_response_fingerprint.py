"""What interviews from one network and browser have in common."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0037_test_datasets_valid'),
    ]

    operations = [
        migrations.AddField(
            model_name='surveyresponse',
            name='fingerprint',
            field=models.CharField(
                db_comment='Keyed hash of network, browser and languages, of use within the survey only; empty where not known.',
                db_default='',
                max_length=64,
            ),
        ),
    ]

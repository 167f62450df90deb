"""Files that respondents upload as answers."""

import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0023_survey_access_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='ResponseFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(db_comment='How answers name it.')),
                ('question', models.CharField(db_comment='Code of the question that it answers.', max_length=64)),
                ('object_key', models.CharField(db_comment='S3 key of its bytes.', max_length=1024)),
                ('name', models.CharField(db_comment='What it is called, with an extension of its content.', max_length=255)),
                ('kind', models.CharField(db_comment='What it is by its bytes: image, pdf, audio …', max_length=20)),
                ('size_bytes', models.BigIntegerField(db_comment='Its size in bytes.')),
                ('sha256', models.CharField(db_comment='SHA-256 of its bytes, hexadecimal.', max_length=64)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('survey_response', models.ForeignKey(db_comment='The interview that it belongs to.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.surveyresponse')),
            ],
            options={
                'db_table': 'data_ingestion_responsefile',
                'db_table_comment': 'A file uploaded in an interview; it goes when no answer names it any more.',
                'constraints': [models.UniqueConstraint(fields=('survey_response', 'uuid'), name='data_ingestion_responsefile_survey_response_id_uuid_key')],
            },
        ),
    ]

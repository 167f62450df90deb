"""When a survey takes answers and from whom; counts of wrong passwords; the device of an interview."""

import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0020_dataset_behind_by_scope'),
    ]

    operations = [
        migrations.CreateModel(
            name='PasswordAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(db_comment='Keyed hash of what is counted: an address, or everybody.', max_length=64)),
                ('n_failures', models.IntegerField(db_comment='Attempts that failed, or are being judged.')),
                ('blocked_until', models.DateTimeField(db_comment='Until then no attempt is judged.')),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('survey', models.ForeignKey(db_comment='The survey.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
            ],
            options={
                'db_table': 'data_ingestion_passwordattempt',
                'db_table_comment': 'Wrong passwords of respondents, counted so that guessing takes long.',
            },
        ),
        migrations.CreateModel(
            name='SurveyAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opens_at', models.DateTimeField(db_comment='Before it nobody may answer.', null=True)),
                ('closes_at', models.DateTimeField(db_comment='From then on no interview begins.', null=True)),
                ('grace_minutes', models.IntegerField(db_comment='How long interviews under way may be finished after closes_at.', db_default=30)),
                ('max_responses', models.IntegerField(db_comment='Complete interviews that are wanted at most.', null=True)),
                ('one_per', models.CharField(db_comment='DEVICE or PARTICIPANT: what submits one interview at most; empty: no limit.', db_default='', max_length=20)),
                ('password_hash', models.CharField(db_comment='Argon2id hash of the password; empty where none is asked.', db_default='', max_length=255)),
                ('revision', models.IntegerField(db_comment='Counts edits; the entity tag of the rules.', db_default=1)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('survey', models.ForeignKey(db_comment='The survey.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
            ],
            options={
                'db_table': 'data_ingestion_surveyaccess',
                'db_table_comment': 'When a survey takes answers, how many, and from whom.',
            },
        ),
        migrations.AddField(
            model_name='surveyresponse',
            name='device_hash',
            field=models.CharField(db_comment="SHA-256 of the browser's own token where a device submits once; else empty.", db_default='', max_length=64),
        ),
        migrations.AddConstraint(
            model_name='passwordattempt',
            constraint=models.UniqueConstraint(fields=('survey', 'key'), name='data_ingestion_passwordattempt_survey_id_key_key'),
        ),
        migrations.AddConstraint(
            model_name='surveyaccess',
            constraint=models.UniqueConstraint(fields=('survey',), name='data_ingestion_surveyaccess_survey_key'),
        ),
        migrations.AddConstraint(
            model_name='surveyaccess',
            constraint=models.CheckConstraint(condition=models.Q(('one_per__in', ['', 'DEVICE', 'PARTICIPANT'])), name='data_ingestion_surveyaccess_one_per_check'),
        ),
    ]

"""Erasures of single interviews, and the state of what is left of one."""

import django.contrib.postgres.functions
import django.db.models.deletion
import schema.fields
from django.conf import settings
from django.db import migrations, models


RESPONSE = "data_ingestion_surveyresponse"
CHECK = f"{RESPONSE}_status_check"


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0029_participants_security'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ResponseErasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began_at', models.DateTimeField(db_comment='When the interview began: no older version can hold it; null once all is removed.', null=True)),
                ('waiting', models.JSONField(db_comment='Datasets that may hold the interview, with the change that makes them anew.', db_default={})),
                ('object_keys', models.JSONField(db_comment="Keys of the respondent's files, to be removed.", db_default=[])),
                ('receipt', models.JSONField(db_comment='What was removed where, by whom and when.', db_default={})),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('completed_at', models.DateTimeField(db_comment='When nothing was left; null before.', null=True)),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('requested_by', models.ForeignKey(db_comment='Who asked for it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('survey', models.ForeignKey(db_comment='The survey.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
                ('survey_response', models.ForeignKey(db_comment='What is left of the interview.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.surveyresponse')),
            ],
            options={
                'db_table': 'data_ingestion_responseerasure',
                'db_table_comment': 'The erasure of one interview, with its receipt.',
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                # The check comes back in the same statement, wider.
                migrations.RunSQL(
                    [
                        "-- squawk-ignore ban-drop-constraint\n"
                        f"ALTER TABLE {RESPONSE} DROP CONSTRAINT {CHECK}, ADD CONSTRAINT {CHECK} CHECK "
                        "(status IN ('IN_PROGRESS', 'COMPLETE', 'SCREENED_OUT', 'QUOTA_FULL', 'ERASED')) NOT VALID"
                    ],
                    f"ALTER TABLE {RESPONSE} DROP CONSTRAINT {CHECK}, ADD CONSTRAINT {CHECK} CHECK "
                    "(status IN ('IN_PROGRESS', 'COMPLETE', 'SCREENED_OUT', 'QUOTA_FULL')) NOT VALID",
                ),
                # Django would alter the type with the comment, which no column may that a policy looks at.
                migrations.RunSQL(
                    f"COMMENT ON COLUMN {RESPONSE}.status IS 'IN_PROGRESS, COMPLETE, SCREENED_OUT, QUOTA_FULL or ERASED.'",
                    f"COMMENT ON COLUMN {RESPONSE}.status IS 'IN_PROGRESS, COMPLETE, SCREENED_OUT or QUOTA_FULL.'",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='surveyresponse',
                    name='status',
                    field=models.CharField(db_comment='IN_PROGRESS, COMPLETE, SCREENED_OUT, QUOTA_FULL or ERASED.', db_default='IN_PROGRESS', max_length=20),
                ),
                migrations.RemoveConstraint(model_name='surveyresponse', name=CHECK),
                migrations.AddConstraint(
                    model_name='surveyresponse',
                    constraint=models.CheckConstraint(condition=models.Q(('status__in', ['IN_PROGRESS', 'COMPLETE', 'SCREENED_OUT', 'QUOTA_FULL', 'ERASED'])), name='data_ingestion_surveyresponse_status_check'),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='responseerasure',
            index=schema.fields.Index(condition=models.Q(('completed_at__isnull', True)), fields=['survey'], name='data_ingestion_responseerasure_survey_id_idx'),
        ),
        migrations.AddConstraint(
            model_name='responseerasure',
            constraint=models.UniqueConstraint(fields=('survey_response',), name='data_ingestion_responseerasure_survey_response_id_key'),
        ),
    ]

"""Seats in quotas."""

import django.db.models.deletion
import schema.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0016_response_tenant_key'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE data_ingestion_surveyresponse ADD CONSTRAINT data_ingestion_surveyresponse_tenant_key "
                    "UNIQUE USING INDEX data_ingestion_surveyresponse_tenant_key",
                    # The index goes with the constraint; the migration before leaves out what is gone.
                    "ALTER TABLE data_ingestion_surveyresponse DROP CONSTRAINT data_ingestion_surveyresponse_tenant_key",
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name='surveyresponse',
                    constraint=models.UniqueConstraint(
                        fields=('id', 'project'), name='data_ingestion_surveyresponse_tenant_key'
                    ),
                )
            ],
        ),
        migrations.CreateModel(
            name='QuotaSeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quota', models.CharField(db_comment="Code of the quota in the survey's definition.", max_length=64)),
                ('leased_until', models.DateTimeField(db_comment='When another may take it, unless it is kept.')),
                ('kept_at', models.DateTimeField(db_comment='When the interview was complete; null before.', null=True)),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('survey', models.ForeignKey(db_comment='The survey.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
                ('survey_response', models.ForeignKey(db_comment='Whose seat it is.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.surveyresponse')),
            ],
            options={
                'db_table': 'data_ingestion_quotaseat',
                'db_table_comment': 'A place in a quota of a survey, taken by one interview.',
            },
        ),
        migrations.AddIndex(
            model_name='quotaseat',
            index=schema.fields.Index(fields=['survey', 'quota'], name='data_ingestion_quotaseat_survey_id_quota_idx'),
        ),
        migrations.AddConstraint(
            model_name='quotaseat',
            constraint=models.UniqueConstraint(fields=('survey_response', 'quota'), name='data_ingestion_quotaseat_survey_response_id_quota_key'),
        ),
    ]

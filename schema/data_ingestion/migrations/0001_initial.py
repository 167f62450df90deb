import django.contrib.postgres.functions
import django.db.models.deletion
import schema.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(db_comment='The team that owns everything below.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
                ('created_by', models.ForeignKey(db_comment='Who created it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(db_comment='Project title.', max_length=255)),
                ('description', models.TextField(db_comment='Background context for the AI engine.', db_default='')),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'data_ingestion_project',
                'db_table_comment': 'A container for all research assets within a team.',
                'indexes': [schema.fields.Index(fields=['team', 'created_at'], name='data_ingestion_project_team_id_created_at_idx')],
            },
        ),
        migrations.CreateModel(
            name='RawDataFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('uploaded_by', models.ForeignKey(db_comment='Who uploaded it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('file', models.CharField(db_comment='S3 key of the original object.', max_length=1024)),
                ('file_type', models.CharField(db_comment='TABULAR or UNSTRUCTURED.', max_length=20)),
                ('upload_status', models.CharField(db_comment='PENDING, SUCCESS or FAILED.', db_default='PENDING', max_length=20)),
                ('columns_metadata', models.JSONField(db_comment='Map of detected column names and types.', db_default={})),
                ('original_name', models.CharField(db_comment="The file's name where it came from.", db_default='', max_length=255)),
                ('content_type', models.CharField(db_comment='Media type as sent.', db_default='', max_length=255)),
                ('size_bytes', models.BigIntegerField(db_comment='Size of the original, in bytes.', db_default=0)),
                ('sha256', models.CharField(db_comment='SHA-256 of the original, hexadecimal.', db_default='', max_length=64)),
                ('error', models.JSONField(db_comment='Why reading it failed, as a problem; null otherwise.', null=True)),
                ('progress', models.JSONField(db_comment='Progress of the reader: done, total, phase.', db_default={})),
                ('import_report', models.JSONField(db_comment='How the file was read, and which lines were not.', db_default={})),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'data_ingestion_rawdatafile',
                'db_table_comment': 'An uploaded file; the original stays untouched in the object store.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='data_ingestion_rawdatafile_project_id_created_at_idx'), schema.fields.GinIndex(fields=['columns_metadata'], name='data_ingestion_rawdatafile_columns_metadata_gin', opclasses=['jsonb_path_ops'])],
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='data_ingestion_rawdatafile_tenant_key'), models.CheckConstraint(condition=models.Q(('file_type__in', ['TABULAR', 'UNSTRUCTURED'])), name='data_ingestion_rawdatafile_file_type_check'), models.CheckConstraint(condition=models.Q(('upload_status__in', ['PENDING', 'SUCCESS', 'FAILED'])), name='data_ingestion_rawdatafile_upload_status_check')],
            },
        ),
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(db_comment='Public identifier for survey links.', db_default=django.contrib.postgres.functions.RandomUUID())),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('title', models.CharField(db_comment='Public survey title.', max_length=255)),
                ('layout_style', models.CharField(db_comment='CLASSIC (scroll) or FOCUS (one by one).', db_default='CLASSIC', max_length=10)),
                ('theme_config', models.JSONField(db_comment='Colours, fonts and background image.', db_default={})),
                ('definition', models.JSONField(db_comment='The draft: pages, questions, logic.', db_default={})),
                ('status', models.CharField(db_comment='DRAFT, PUBLISHED, PAUSED or CLOSED.', db_default='DRAFT', max_length=20)),
                ('revision', models.IntegerField(db_comment='Counts edits; the entity tag of the draft.', db_default=1)),
                ('created_by', models.ForeignKey(db_comment='Who created it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('published_at', models.DateTimeField(db_comment='When it was last published.', null=True)),
                ('closed_at', models.DateTimeField(db_comment='When it was closed; null while it is not.', null=True)),
            ],
            options={
                'db_table': 'data_ingestion_survey',
                'db_table_comment': 'A questionnaire: draft, published versions, and state of its public link.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='data_ingestion_survey_project_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('uuid',), name='data_ingestion_survey_uuid_key'), models.UniqueConstraint(fields=('id', 'project'), name='data_ingestion_survey_tenant_key'), models.CheckConstraint(condition=models.Q(('layout_style__in', ['CLASSIC', 'FOCUS'])), name='data_ingestion_survey_layout_style_check'), models.CheckConstraint(condition=models.Q(('status__in', ['DRAFT', 'PUBLISHED', 'PAUSED', 'CLOSED'])), name='data_ingestion_survey_status_check')],
            },
        ),
        migrations.CreateModel(
            name='SurveyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('survey', models.ForeignKey(db_comment='The survey.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
                ('number', models.IntegerField(db_comment='1, 2, … within the survey.')),
                ('title', models.CharField(db_comment='Title at publication.', max_length=255)),
                ('layout_style', models.CharField(db_comment='CLASSIC or FOCUS, at publication.', max_length=10)),
                ('theme_config', models.JSONField(db_comment='Theme at publication.', db_default={})),
                ('definition', models.JSONField(db_comment='Pages, questions and logic as published.', db_default={})),
                ('definition_hash', models.CharField(db_comment='SHA-256 of the canonical definition, hexadecimal.', max_length=64)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'data_ingestion_surveyversion',
                'db_table_comment': 'A published survey definition; never changed.',
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='data_ingestion_surveyversion_tenant_key'), models.UniqueConstraint(fields=('survey', 'number'), name='data_ingestion_surveyversion_survey_number_key'), models.CheckConstraint(condition=models.Q(('layout_style__in', ['CLASSIC', 'FOCUS'])), name='data_ingestion_surveyversion_layout_style_check')],
            },
        ),
        migrations.AddField(
            model_name='survey',
            name='published_version',
            field=models.ForeignKey(db_comment='The version that new respondents get; null before the first one.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='data_ingestion.surveyversion'),
        ),
        migrations.CreateModel(
            name='SurveyResponse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(db_comment='Public identifier of the interview.', db_default=django.contrib.postgres.functions.RandomUUID())),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('survey', models.ForeignKey(db_comment='The survey.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
                ('survey_version', models.ForeignKey(db_comment='The version it is answered on.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.surveyversion')),
                ('token_hash', models.CharField(db_comment="SHA-256 of the respondent's session token, hexadecimal.", max_length=64)),
                ('seed', models.BigIntegerField(db_comment='Seed of every random order, so that a page can be shown again as it was.')),
                ('status', models.CharField(db_comment='IN_PROGRESS, COMPLETE, SCREENED_OUT or QUOTA_FULL.', db_default='IN_PROGRESS', max_length=20)),
                ('answers', models.JSONField(db_comment='Question code → answer.', db_default={})),
                ('not_asked', models.JSONField(db_comment='Codes of questions that the logic did not show.', db_default=[])),
                ('flags', models.JSONField(db_comment='Data quality flags with their evidence.', db_default=[])),
                ('paradata', models.JSONField(db_comment='Times per page, device class and the like.', db_default={})),
                ('language', models.CharField(db_comment='Language tag it is answered in (BCP 47).', db_default='', max_length=16)),
                ('cursor', models.IntegerField(db_comment='Position of the page or question shown next.', db_default=0)),
                ('is_test', models.BooleanField(db_comment='A preview by a member, left out of every figure.', db_default=False)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('submitted_at', models.DateTimeField(db_comment='When it was finished; null while in progress.', null=True)),
            ],
            options={
                'db_table': 'data_ingestion_surveyresponse',
                'db_table_comment': 'One interview; unchangeable once it is finished.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='data_ingestion_surveyresponse_project_id_created_at_idx'), schema.fields.Index(fields=['survey', 'status'], name='data_ingestion_surveyresponse_survey_id_status_idx')],
                'constraints': [models.UniqueConstraint(fields=('uuid',), name='data_ingestion_surveyresponse_uuid_key'), models.UniqueConstraint(fields=('token_hash',), name='data_ingestion_surveyresponse_token_hash_key'), models.CheckConstraint(condition=models.Q(('status__in', ['IN_PROGRESS', 'COMPLETE', 'SCREENED_OUT', 'QUOTA_FULL'])), name='data_ingestion_surveyresponse_status_check')],
            },
        ),
        migrations.CreateModel(
            name='Dataset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('name', models.CharField(db_comment='Display name.', max_length=255)),
                ('raw_data_file', models.ForeignKey(db_comment='The file it was read from, if any.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.rawdatafile')),
                ('survey', models.ForeignKey(db_comment='The survey whose responses it holds, if any.', db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
                ('version', models.IntegerField(db_comment='Number of the current version; 0 before the first one.', db_default=0)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'data_ingestion_dataset',
                'db_table_comment': 'A table that can be analysed.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='data_ingestion_dataset_project_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='data_ingestion_dataset_tenant_key'), models.UniqueConstraint(fields=('survey',), name='data_ingestion_dataset_survey_key')],
            },
        ),
        migrations.CreateModel(
            name='DatasetVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('dataset', models.ForeignKey(db_comment='The dataset.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.dataset')),
                ('number', models.IntegerField(db_comment='1, 2, … within the dataset.')),
                ('parquet_key', models.CharField(db_comment='S3 key of the rows.', max_length=1024)),
                ('codebook', models.JSONField(db_comment='Variables with kinds, labels, codes and missing kinds.', db_default={})),
                ('n_rows', models.BigIntegerField(db_comment='Number of rows.', db_default=0)),
                ('content_hash', models.CharField(db_comment='SHA-256 over rows and codebook, hexadecimal.', max_length=64)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'data_ingestion_datasetversion',
                'db_table_comment': 'One state of a dataset; never changed.',
                'constraints': [models.UniqueConstraint(fields=('dataset', 'number'), name='data_ingestion_datasetversion_dataset_number_key')],
            },
        ),
        migrations.CreateModel(
            name='ScrapeTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('url', models.CharField(db_comment='The address.', max_length=2048)),
                ('name', models.CharField(db_comment='Display name.', db_default='', max_length=255)),
                ('selectors', models.JSONField(db_comment='Field name → CSS selector.', db_default={})),
                ('schedule', models.CharField(db_comment='ONCE, DAILY, WEEKLY or MONTHLY.', db_default='ONCE', max_length=20)),
                ('is_active', models.BooleanField(db_comment='False pauses the schedule.', db_default=True)),
                ('created_by', models.ForeignKey(db_comment='Who created it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'data_ingestion_scrapetarget',
                'db_table_comment': 'An address to collect data from.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='data_ingestion_scrapetarget_project_id_created_at_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(('schedule__in', ['ONCE', 'DAILY', 'WEEKLY', 'MONTHLY'])), name='data_ingestion_scrapetarget_schedule_check')],
            },
        ),
        migrations.CreateModel(
            name='ExperienceEvent',
            fields=[
                ('pk', models.CompositePrimaryKey('id', 'created_at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('id', schema.fields.IdentityField(db_comment='Number of the event.')),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('created_at', schema.fields.PartitionKeyField(db_comment='When it happened; the partition key.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('event_type', models.CharField(db_comment='Kind of event, such as page_view.', max_length=50)),
                ('name', models.CharField(db_comment='What it concerns, such as a path.', db_default='', max_length=255)),
                ('session_key', models.CharField(db_comment='Groups the events of one visit.', db_default='', max_length=64)),
                ('properties', models.JSONField(db_comment='Whatever else the sender knows.', db_default={})),
            ],
            options={
                'db_table': 'data_ingestion_experienceevent',
                'db_table_comment': 'A time series of what visitors did; one partition per month.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='data_ingestion_experienceevent_project_id_created_at_idx'), schema.fields.GinIndex(fields=['properties'], name='data_ingestion_experienceevent_properties_gin', opclasses=['jsonb_path_ops'])],
            },
        ),
    ]

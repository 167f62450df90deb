"""Participants with personal links, and the letters that are sent to them."""

import django.contrib.postgres.functions
import django.db.models.deletion
import schema.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_ingestion', '0027_export_formats_valid'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Mailing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(db_comment='INVITATION or REMINDER.', max_length=20)),
                ('subject', models.JSONField(db_comment='Language → subject, with placeholders.')),
                ('text', models.JSONField(db_comment='Language → text, with placeholders.')),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('created_by', models.ForeignKey(db_comment='Who sent it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('survey', models.ForeignKey(db_comment='The survey.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
            ],
            options={
                'db_table': 'data_ingestion_mailing',
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='data_ingestion_mailing_tenant_key')],
                'db_table_comment': 'A round of invitations or reminders.',
            },
        ),
        migrations.CreateModel(
            name='Participant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(db_comment='What the token of the personal link is made from.', db_default=django.contrib.postgres.functions.RandomUUID())),
                ('email', models.CharField(db_comment='Address in small letters; empty where letters go elsewhere.', db_default='', max_length=254)),
                ('external_id', models.CharField(db_comment="What the researcher's own lists call them; may be empty.", db_default='', max_length=100)),
                ('language', models.CharField(db_comment="Language tag (BCP 47); empty: the survey's first.", db_default='', max_length=35)),
                ('attributes', models.JSONField(db_comment='Name → text: for placeholders of letters, and hidden fields of that code.', db_default={})),
                ('token_hash', models.CharField(db_comment='SHA-256 of the token of the personal link, hexadecimal.', max_length=64)),
                ('invited_at', models.DateTimeField(db_comment='When a letter was last handed over; null before.', null=True)),
                ('unsubscribed_at', models.DateTimeField(db_comment='When they asked for no more letters.', null=True)),
                ('mail_error', models.CharField(db_comment='Why the last letter could not be sent; empty where it was.', db_default='', max_length=300)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('survey', models.ForeignKey(db_comment='The survey.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.survey')),
                ('survey_response', models.ForeignKey(db_comment='The one interview of the link; null before it began.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='data_ingestion.surveyresponse')),
            ],
            options={
                'db_table': 'data_ingestion_participant',
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='data_ingestion_participant_tenant_key')],
                'db_table_comment': 'Somebody who is asked personally, with a link of their own.',
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(db_comment='PENDING, SENDING, SENT, FAILED or SKIPPED.', db_default='PENDING', max_length=20)),
                ('error', models.CharField(db_comment='Why it was not sent; empty where it was.', db_default='', max_length=300)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('mailing', models.ForeignKey(db_comment='The round.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.mailing')),
                ('participant', models.ForeignKey(db_comment='Whom it is for.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.participant')),
            ],
            options={
                'db_table': 'data_ingestion_letter',
                'db_table_comment': 'A letter to a participant; SENDING for good where a process died while handing it over.',
            },
        ),
        migrations.AddConstraint(
            model_name='mailing',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['INVITATION', 'REMINDER'])), name='data_ingestion_mailing_kind_check'),
        ),
        migrations.AddIndex(
            model_name='participant',
            index=schema.fields.Index(fields=['survey', 'id'], name='data_ingestion_participant_survey_id_id_idx'),
        ),
        migrations.AddIndex(
            model_name='participant',
            index=schema.fields.Index(fields=['project'], name='data_ingestion_participant_project_id_idx'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(fields=('token_hash',), name='data_ingestion_participant_token_hash_key'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('survey', 'email'), name='data_ingestion_participant_survey_id_email_key'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('survey', 'external_id'), name='data_ingestion_participant_survey_id_external_id_key'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=schema.fields.Index(fields=['mailing', 'status'], name='data_ingestion_letter_mailing_id_status_idx'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=schema.fields.Index(fields=['project', 'created_at'], name='data_ingestion_letter_project_id_created_at_idx'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.UniqueConstraint(fields=('mailing', 'participant'), name='data_ingestion_letter_mailing_id_participant_id_key'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['PENDING', 'SENDING', 'SENT', 'FAILED', 'SKIPPED'])), name='data_ingestion_letter_status_check'),
        ),
    ]

import django.contrib.postgres.functions
import schema.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Outbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField(db_comment='Attribute `id` of the CloudEvent.')),
                ('type', models.CharField(db_comment='Attribute `type`, such as file-uploaded.', max_length=100)),
                ('source', models.CharField(db_comment='Attribute `source`: the publishing service.', max_length=100)),
                ('subject', models.CharField(db_comment='The NATS subject it is published under.', max_length=255)),
                ('team_id', models.BigIntegerField(db_comment='The team it belongs to.')),
                ('project_id', models.BigIntegerField(db_comment='The project it belongs to, if one.', null=True)),
                ('envelope', models.JSONField(db_comment='The whole CloudEvent.')),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('published_at', models.DateTimeField(db_comment='When the stream acknowledged it; null before.', null=True)),
            ],
            options={
                'db_table': 'messaging_outbox',
                'db_table_comment': 'Events recorded by committed transactions; the relay publishes them.',
                'indexes': [schema.fields.Index(condition=models.Q(('published_at__isnull', True)), fields=['id'], name='messaging_outbox_unpublished_idx'), schema.fields.Index(fields=['created_at'], name='messaging_outbox_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('event_id',), name='messaging_outbox_event_id_key')],
            },
        ),
        migrations.CreateModel(
            name='Inbox',
            fields=[
                ('pk', models.CompositePrimaryKey('consumer', 'source', 'event_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('consumer', models.CharField(db_comment='Durable name of the consumer.', max_length=100)),
                ('source', models.CharField(db_comment='Attribute `source` of the CloudEvent.', max_length=100)),
                ('event_id', models.UUIDField(db_comment='Attribute `id` of the CloudEvent.')),
                ('processed_at', models.DateTimeField(db_comment='When the effect was committed.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'messaging_inbox',
                'db_table_comment': 'Events whose effect is committed, per consumer: a second delivery has none.',
                'indexes': [schema.fields.Index(fields=['processed_at'], name='messaging_inbox_processed_at_idx')],
            },
        ),
        migrations.CreateModel(
            name='DeadLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consumer', models.CharField(db_comment='Durable name of the consumer.', max_length=100)),
                ('event_id', models.UUIDField(db_comment='Attribute `id` of the CloudEvent.')),
                ('type', models.CharField(db_comment='Attribute `type` of the CloudEvent.', max_length=100)),
                ('subject', models.CharField(db_comment='The NATS subject it came under.', max_length=255)),
                ('envelope', models.JSONField(db_comment='The whole CloudEvent.')),
                ('cause', models.TextField(db_comment='Why the last attempt failed.')),
                ('attempts', models.IntegerField(db_comment='Number of attempts made.')),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('redriven_at', models.DateTimeField(db_comment='When it was sent again; null before.', null=True)),
            ],
            options={
                'db_table': 'messaging_deadletter',
                'db_table_comment': 'Events that a consumer gave up on.',
                'indexes': [schema.fields.Index(fields=['event_id', 'consumer'], name='messaging_deadletter_event_id_consumer_idx')],
            },
        ),
        migrations.CreateModel(
            name='ScheduledJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(db_comment='Name of the job.', max_length=100)),
                ('interval_s', models.IntegerField(db_comment='Time between two runs, in seconds.')),
                ('next_run_at', models.DateTimeField(db_comment='When it is due.')),
                ('last_run_at', models.DateTimeField(db_comment='When it last ran; null before the first time.', null=True)),
                ('last_error', models.TextField(db_comment='Why the last run failed; empty when it did not.', db_default='')),
            ],
            options={
                'db_table': 'messaging_scheduledjob',
                'db_table_comment': 'Recurring work: one row per job.',
                'constraints': [models.UniqueConstraint(fields=('name',), name='messaging_scheduledjob_name_key')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('pk', models.CompositePrimaryKey('caller', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('caller', models.CharField(db_comment='Who sent it.', max_length=100)),
                ('key', models.CharField(db_comment="The client's key for the request.", max_length=255)),
                ('request_hash', models.CharField(db_comment='SHA-256 of method, path and body, hexadecimal.', max_length=64)),
                ('status_code', models.IntegerField(db_comment='HTTP status of the answer; null while it is worked on.', null=True)),
                ('headers', models.JSONField(db_comment='Headers of the answer.', db_default={})),
                ('body', models.BinaryField(db_comment='Body of the answer.', null=True)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'messaging_idempotencykey',
                'db_table_comment': 'Requests that clients may repeat, with their answers.',
                'indexes': [schema.fields.Index(fields=['created_at'], name='messaging_idempotencykey_created_at_idx')],
            },
        ),
    ]

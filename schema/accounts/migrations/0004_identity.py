"""Recovery codes, invitations, API keys, throttling and the activity log; how a session was authenticated."""

import django.contrib.postgres.functions
import django.db.models.deletion
import schema.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_row_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActivityHead',
            fields=[
                ('chain', models.CharField(db_comment='The chain.', max_length=40, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(db_comment='Position of its last row; 0 before the first.')),
                ('hash', models.CharField(db_comment='Hash of its last row; zeros before the first.', max_length=64)),
            ],
            options={
                'db_table': 'accounts_activityhead',
                'db_table_comment': 'The present end of each chain of the activity log.',
            },
        ),
        migrations.AddField(
            model_name='session',
            name='methods',
            field=models.JSONField(db_comment='How it was authenticated (RFC 8176): pwd, otp, kba for a recovery code.', db_default=['pwd']),
        ),
        migrations.CreateModel(
            name='ActivityLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.CharField(db_comment='The chain it belongs to: team:<id>, user:<id> or anonymous:<0..63>.', max_length=40)),
                ('position', models.BigIntegerField(db_comment='Its place in the chain, from 1 without gaps.')),
                ('team_id', models.BigIntegerField(db_comment='The team it concerns; null for accounts.', null=True)),
                ('actor_id', models.BigIntegerField(db_comment='The acting user; null when nobody is known.', null=True)),
                ('actor', models.CharField(db_comment='Who acted: user:<id>, key:<id>, anonymous.', max_length=100)),
                ('action', models.CharField(db_comment='What was done, such as member.removed.', max_length=60)),
                ('target', models.CharField(db_comment='On what, such as user:7.', db_default='', max_length=100)),
                ('outcome', models.CharField(db_comment='SUCCESS, FAILURE or DENIED.', max_length=10)),
                ('ip_address', models.CharField(db_comment='From which address.', db_default='', max_length=45)),
                ('user_agent', models.CharField(db_comment='With which device or program.', db_default='', max_length=512)),
                ('request_id', models.CharField(db_comment='X-Request-Id of the request.', db_default='', max_length=64)),
                ('details', models.JSONField(db_comment='What else is worth knowing, such as the factor.', db_default={})),
                ('created_at', models.DateTimeField(db_comment='When it happened.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('previous_hash', models.CharField(db_comment='Hash of the row before; zeros for the first.', max_length=64)),
                ('hash', models.CharField(db_comment='SHA-256 over the row and previous_hash, in hexadecimal digits.', max_length=64)),
            ],
            options={
                'db_table': 'accounts_activitylog',
                'db_table_comment': 'Who did what, hash-chained; rows are only added.',
                'indexes': [schema.fields.Index(fields=['team_id', 'created_at'], name='accounts_activitylog_team_id_created_at_idx'), schema.fields.Index(fields=['actor_id', 'created_at'], name='accounts_activitylog_actor_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('chain', 'position'), name='accounts_activitylog_chain_position_key'), models.CheckConstraint(condition=models.Q(('outcome__in', ['SUCCESS', 'FAILURE', 'DENIED'])), name='accounts_activitylog_outcome_check')],
            },
        ),
        migrations.CreateModel(
            name='LoginThrottle',
            fields=[
                ('key', models.CharField(db_comment='SHA-256 of what is counted: an account, an address, both.', max_length=64, primary_key=True, serialize=False)),
                ('n_failures', models.IntegerField(db_comment='Attempts that have not been followed by a success.')),
                ('blocked_until', models.DateTimeField(db_comment='Attempts before this moment are refused.')),
                ('updated_at', models.DateTimeField(db_comment='Last attempt.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'accounts_loginthrottle',
                'db_table_comment': 'Counts of failed log-ins, shared by all replicas.',
                'indexes': [schema.fields.Index(fields=['updated_at'], name='accounts_loginthrottle_updated_at_idx')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(db_comment='What it is for, as its maker says.', max_length=100)),
                ('prefix', models.CharField(db_comment='Its first characters, which identify it to people.', max_length=20)),
                ('key_hash', models.CharField(db_comment='SHA-256 of the key, in hexadecimal digits.', max_length=64)),
                ('scopes', models.JSONField(db_comment="What it may do: a list such as ['surveys:read'].")),
                ('created_at', models.DateTimeField(db_comment='When it was made.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('expires_at', models.DateTimeField(db_comment='When it stops; null: never by itself.', null=True)),
                ('last_used_at', models.DateTimeField(db_comment='Last use, to the minute; null before.', null=True)),
                ('revoked_at', models.DateTimeField(db_comment='When it was revoked; null while it works.', null=True)),
                ('team', models.ForeignKey(db_comment='The team.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
                ('user', models.ForeignKey(db_comment='In whose name it acts.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'accounts_apikey',
                'db_table_comment': "Keys with which programs call the API in a member's name.",
                'indexes': [schema.fields.Index(fields=['team', 'created_at'], name='accounts_apikey_team_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('key_hash',), name='accounts_apikey_key_hash_key')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(db_comment='The invited address, in lower case.', max_length=255)),
                ('role', models.CharField(db_comment='ADMIN, MEMBER or VIEWER.', max_length=20)),
                ('token_hash', models.CharField(db_comment='SHA-256 of the mailed token, hexadecimal.', max_length=64)),
                ('created_at', models.DateTimeField(db_comment='When it was made.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('sent_at', models.DateTimeField(db_comment='When the letter last left.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('expires_at', models.DateTimeField(db_comment='When the token stops working.')),
                ('accepted_at', models.DateTimeField(db_comment='When it was accepted; null before.', null=True)),
                ('revoked_at', models.DateTimeField(db_comment='When it was taken back; null otherwise.', null=True)),
                ('invited_by', models.ForeignKey(db_comment='Who invited; null once purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(db_comment='The team.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
            options={
                'db_table': 'accounts_invitation',
                'db_table_comment': 'Roles in teams that were offered by mail.',
                'indexes': [schema.fields.Index(fields=['team', 'created_at'], name='accounts_invitation_team_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('token_hash',), name='accounts_invitation_token_hash_key'), models.UniqueConstraint(condition=models.Q(('accepted_at__isnull', True), ('revoked_at__isnull', True)), fields=('team', 'email'), name='accounts_invitation_open_key'), models.CheckConstraint(condition=models.Q(('role__in', ['ADMIN', 'MEMBER', 'VIEWER'])), name='accounts_invitation_role_check')],
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_hash', models.CharField(db_comment='SHA-256 of the code, in hexadecimal digits.', max_length=64)),
                ('created_at', models.DateTimeField(db_comment='When the codes were made.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('used_at', models.DateTimeField(db_comment='When it was used up; null before.', null=True)),
                ('user', models.ForeignKey(db_comment='Whose it is.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'accounts_recoverycode',
                'db_table_comment': "One-time codes for a log-in without the second factor's device.",
                'constraints': [models.UniqueConstraint(fields=('user', 'code_hash'), name='accounts_recoverycode_user_code_hash_key')],
            },
        ),
    ]

import django.contrib.auth.models
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import schema.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(db_comment='Argon2id hash of the password.', max_length=255)),
                ('last_login', models.DateTimeField(db_comment='Last completed login.', null=True)),
                ('is_superuser', models.BooleanField(db_comment='Kept for AbstractUser; grants nothing.', db_default=False)),
                ('username', models.CharField(db_comment='Kept for AbstractUser: a random name, never shown; people log in by email.', db_default=django.db.models.functions.comparison.Cast(django.contrib.postgres.functions.RandomUUID(), models.CharField(max_length=150)), max_length=150)),
                ('first_name', models.CharField(db_comment='Given name.', db_default='', max_length=150)),
                ('last_name', models.CharField(db_comment='Family name.', db_default='', max_length=150)),
                ('is_staff', models.BooleanField(db_comment='Kept for AbstractUser; grants nothing.', db_default=False)),
                ('is_active', models.BooleanField(db_comment='False keeps the person from logging in.', db_default=True)),
                ('date_joined', models.DateTimeField(db_comment='When the account was registered.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('email', models.CharField(db_comment='The login identifier, unique in any spelling of case.', max_length=255)),
                ('segment', models.CharField(db_comment='User tier: STUDENT, SMB, ENTERPRISE.', db_default='SMB', max_length=20)),
                ('institution', models.CharField(db_comment='University or company name.', db_default='', max_length=255)),
                ('is_2fa_enabled', models.BooleanField(db_comment='Whether a login asks for a one-time code.', db_default=False)),
                ('totp_secret', models.CharField(db_comment='Seed of the one-time codes, encrypted; empty without one.', db_default='', max_length=255)),
                ('totp_last_step', models.BigIntegerField(db_comment='Last accepted time step (RFC 6238): a code counts once, so only a later one is accepted.', null=True)),
                ('email_verified_at', models.DateTimeField(db_comment='When the address was confirmed; null before.', null=True)),
                ('deleted_at', models.DateTimeField(db_comment='When the account was closed; null while it is open.', null=True)),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'db_table': 'accounts_user',
                'db_table_comment': 'A person with a login; closed accounts are marked, then purged by a job.',
                'abstract': False,
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='accounts_user_email_key'), models.UniqueConstraint(fields=('username',), name='accounts_user_username_key'), models.CheckConstraint(condition=models.Q(('segment__in', ['STUDENT', 'SMB', 'ENTERPRISE'])), name='accounts_user_segment_check')],
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(db_comment='Display name of the team workspace.', max_length=255)),
                ('owner', models.ForeignKey(db_comment='The user who owns the team.', on_delete=django.db.models.deletion.RESTRICT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the team was created.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('deleted_at', models.DateTimeField(db_comment='When the team was deleted; null while it exists.', null=True)),
            ],
            options={
                'db_table': 'accounts_team',
                'db_table_comment': 'A workspace: the root of data ownership; deleted ones are marked, then purged by a job.',
            },
        ),
        migrations.CreateModel(
            name='TeamMembership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(db_comment='The member.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(db_comment='The team.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
                ('role', models.CharField(db_comment='OWNER, ADMIN, MEMBER or VIEWER.', max_length=20)),
                ('created_at', models.DateTimeField(db_comment='When the user joined.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'accounts_teammembership',
                'db_table_comment': "A user's role in a team.",
                'constraints': [models.UniqueConstraint(fields=('user', 'team'), name='accounts_teammembership_user_team_key'), models.UniqueConstraint(condition=models.Q(('role', 'OWNER')), fields=('team',), name='accounts_teammembership_one_owner_key'), models.CheckConstraint(condition=models.Q(('role__in', ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER'])), name='accounts_teammembership_role_check')],
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(db_comment='Claim `sid` of its access tokens.', db_default=django.contrib.postgres.functions.RandomUUID(), primary_key=True, serialize=False)),
                ('user', models.ForeignKey(db_comment='Who is logged in.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the login was completed.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('expires_at', models.DateTimeField(db_comment='End of the session, however often it is refreshed.')),
                ('last_used_at', models.DateTimeField(db_comment='Last refresh.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('ended_at', models.DateTimeField(db_comment='When it was ended or revoked; null while it is open.', null=True)),
                ('user_agent', models.CharField(db_comment='The device, as it named itself.', db_default='', max_length=512)),
                ('ip_address', models.CharField(db_comment='Address of the last use.', db_default='', max_length=45)),
            ],
            options={
                'db_table': 'accounts_session',
                'db_table_comment': 'One login on one device, and the family of its refresh tokens.',
            },
        ),
        migrations.CreateModel(
            name='RefreshToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session', models.ForeignKey(db_comment='The login it belongs to.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.session')),
                ('token_hash', models.CharField(db_comment='SHA-256 of the token, in hexadecimal digits.', max_length=64)),
                ('issued_at', models.DateTimeField(db_comment='When the token was issued.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('rotated_at', models.DateTimeField(db_comment='When it was exchanged for its successor; null before.', null=True)),
                ('successor', models.TextField(db_comment='The successor, encrypted: tabs that refresh at the same time get the same one.', null=True)),
            ],
            options={
                'db_table': 'accounts_refreshtoken',
                'db_table_comment': 'A refresh token: rotated at each use; reuse ends its session.',
                'constraints': [models.UniqueConstraint(fields=('token_hash',), name='accounts_refreshtoken_token_hash_key')],
            },
        ),
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('kid', models.CharField(db_comment='Key id in the header of its tokens.', max_length=64, primary_key=True, serialize=False)),
                ('public_jwk', models.JSONField(db_comment='The public half as a JSON Web Key (RFC 7517).')),
                ('private_key_encrypted', models.TextField(db_comment='The private half, encrypted.')),
                ('created_at', models.DateTimeField(db_comment='When the key was made.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('retires_at', models.DateTimeField(db_comment='When it leaves the published key set; null while it signs.', null=True)),
            ],
            options={
                'db_table': 'accounts_signingkey',
                'db_table_comment': 'A key pair that signs access tokens.',
                'indexes': [schema.fields.Index(fields=['created_at'], name='accounts_signingkey_created_at_idx')],
            },
        ),
    ]

import django.contrib.postgres.functions
import django.db.models.deletion
import schema.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('data_ingestion', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SiteAudit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('target_url', models.CharField(db_comment='The base URL being audited.', max_length=2048)),
                ('status_codes', models.JSONField(db_comment='Breakdown of 200, 404, 500 … counts.', db_default={})),
                ('score', models.IntegerField(db_comment='Calculated health score (0-100); null until there is one.', null=True)),
                ('status', models.CharField(db_comment='PENDING, RUNNING, SUCCESS, FAILED or CANCELLED.', db_default='PENDING', max_length=20)),
                ('progress', models.JSONField(db_comment='Progress of the crawl: done, total, phase.', db_default={})),
                ('max_pages', models.IntegerField(db_comment='The crawl stops after so many pages.', db_default=100)),
                ('max_depth', models.IntegerField(db_comment='The crawl follows so many links from the start.', db_default=5)),
                ('summary', models.JSONField(db_comment='Counts and figures over all pages.', db_default={})),
                ('error', models.JSONField(db_comment='Why it failed, as a problem; null otherwise.', null=True)),
                ('created_by', models.ForeignKey(db_comment='Who asked for it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('started_at', models.DateTimeField(db_comment='When the crawl began.', null=True)),
                ('completed_at', models.DateTimeField(db_comment='When it succeeded, failed or was cancelled.', null=True)),
            ],
            options={
                'db_table': 'intelligence_siteaudit',
                'db_table_comment': 'The head record of a technical website scan.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='intelligence_siteaudit_project_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='intelligence_siteaudit_tenant_key'), models.CheckConstraint(condition=models.Q(('status__in', ['PENDING', 'RUNNING', 'SUCCESS', 'FAILED', 'CANCELLED'])), name='intelligence_siteaudit_status_check'), models.CheckConstraint(condition=models.Q(('score__gte', 0), ('score__lte', 100)), name='intelligence_siteaudit_score_check')],
            },
        ),
        migrations.CreateModel(
            name='AuditPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('site_audit', models.ForeignKey(db_comment='The audit.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='intelligence.siteaudit')),
                ('url', models.CharField(db_comment='The normalised address.', max_length=2048)),
                ('url_hash', models.CharField(db_comment='SHA-256 of the normalised address, hexadecimal.', max_length=64)),
                ('depth', models.IntegerField(db_comment='Number of links from the start.', db_default=0)),
                ('state', models.CharField(db_comment='QUEUED, LEASED or DONE.', db_default='QUEUED', max_length=20)),
                ('leased_until', models.DateTimeField(db_comment='Until when a crawler has it to itself.', null=True)),
                ('status_code', models.IntegerField(db_comment='HTTP status; null when there was no answer.', null=True)),
                ('outcome', models.CharField(db_comment='ok, http_error, timeout, dns_error, …', db_default='', max_length=30)),
                ('final_url', models.CharField(db_comment='The address after redirects.', db_default='', max_length=2048)),
                ('content_type', models.CharField(db_comment='Media type as sent.', db_default='', max_length=255)),
                ('title', models.TextField(db_comment="The page's title.", db_default='')),
                ('size_bytes', models.BigIntegerField(db_comment='Size of the body, in bytes.', null=True)),
                ('load_time_ms', models.IntegerField(db_comment='Time until the body was read, in milliseconds.', null=True)),
                ('is_indexable', models.BooleanField(db_comment='Whether a search engine may list it; null if unknown.', null=True)),
                ('facts', models.JSONField(db_comment='What was extracted: headings, links, directives.', db_default={})),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('fetched_at', models.DateTimeField(db_comment='When it was fetched; null before.', null=True)),
            ],
            options={
                'db_table': 'intelligence_auditpage',
                'db_table_comment': 'One address of an audit.',
                'indexes': [schema.fields.Index(condition=models.Q(('state', 'DONE'), _negated=True), fields=['site_audit', 'id'], name='intelligence_auditpage_frontier_idx')],
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='intelligence_auditpage_tenant_key'), models.UniqueConstraint(fields=('site_audit', 'url_hash'), name='intelligence_auditpage_site_audit_url_hash_key'), models.CheckConstraint(condition=models.Q(('state__in', ['QUEUED', 'LEASED', 'DONE'])), name='intelligence_auditpage_state_check')],
            },
        ),
        migrations.CreateModel(
            name='AuditFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('site_audit', models.ForeignKey(db_comment='The audit.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='intelligence.siteaudit')),
                ('audit_page', models.ForeignKey(db_comment='The page; null for the whole site.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='intelligence.auditpage')),
                ('code', models.CharField(db_comment='Code of the rule.', max_length=60)),
                ('category', models.CharField(db_comment='Group of the rule.', max_length=30)),
                ('severity', models.CharField(db_comment='error, warning or notice.', max_length=10)),
                ('url', models.CharField(db_comment='The address it concerns.', max_length=2048)),
                ('evidence', models.JSONField(db_comment='What was seen.', db_default={})),
                ('rule_version', models.IntegerField(db_comment='Version of the rule that found it.', db_default=1)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'intelligence_auditfinding',
                'db_table_comment': 'A rule that a page or the whole site breaks.',
                'indexes': [schema.fields.Index(fields=['site_audit', 'code'], name='intelligence_auditfinding_site_audit_id_code_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(('severity__in', ['error', 'warning', 'notice'])), name='intelligence_auditfinding_severity_check')],
            },
        ),
    ]

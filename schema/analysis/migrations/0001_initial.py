import django.contrib.postgres.functions
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
import schema.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('data_ingestion', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(
            sql='CREATE EXTENSION IF NOT EXISTS vector',
            reverse_sql='',
        ),
        migrations.CreateModel(
            name='AnalysisResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('dataset', models.ForeignKey(db_comment='The dataset it was computed from.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.dataset')),
                ('dataset_version', models.IntegerField(db_comment="Number of the dataset's version.", db_default=0)),
                ('calculation_type', models.CharField(db_comment='MEAN, CROSSTAB, SENTIMENT, …', max_length=50)),
                ('parameters', models.JSONField(db_comment='Variable selections, such as column X by column Y.', db_default={})),
                ('filter', models.JSONField(db_comment='Which rows count; null for all.', null=True)),
                ('weight', models.CharField(db_comment='Alias of the weight variable; null for none.', max_length=255, null=True)),
                ('result_data', models.JSONField(db_comment='The final statistical table; null until there is one.', null=True)),
                ('status', models.CharField(db_comment='PENDING, RUNNING, SUCCESS, FAILED or CANCELLED.', db_default='PENDING', max_length=20)),
                ('progress', models.JSONField(db_comment='Progress of the computation: done, total, phase.', db_default={})),
                ('error', models.JSONField(db_comment='Why it failed, as a problem; null otherwise.', null=True)),
                ('lineage', models.JSONField(db_comment='What the figures came from: hashes, engine, formulas.', db_default={})),
                ('cache_key', models.CharField(db_comment='SHA-256 of everything the result depends on, hexadecimal.', max_length=64)),
                ('created_by', models.ForeignKey(db_comment='Who asked for it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('completed_at', models.DateTimeField(db_comment='When it succeeded, failed or was cancelled.', null=True)),
            ],
            options={
                'db_table': 'analysis_analysisresult',
                'db_table_comment': 'A computed result, kept under a hash of everything it depends on.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='analysis_analysisresult_project_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='analysis_analysisresult_tenant_key'), models.UniqueConstraint(condition=models.Q(('status__in', ['FAILED', 'CANCELLED']), _negated=True), fields=('project', 'cache_key'), name='analysis_analysisresult_cache_key'), models.CheckConstraint(condition=models.Q(('status__in', ['PENDING', 'RUNNING', 'SUCCESS', 'FAILED', 'CANCELLED'])), name='analysis_analysisresult_status_check')],
            },
        ),
        migrations.CreateModel(
            name='ResearchInsight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('analysis_result', models.ForeignKey(db_comment='The result it was drawn from, if any.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='analysis.analysisresult')),
                ('title', models.CharField(db_comment='The headline finding.', max_length=255)),
                ('body', models.TextField(db_comment='The finding in full, Markdown.', db_default='')),
                ('ai_generated', models.BooleanField(db_comment='True when a model drafted it, false for a person.', db_default=False)),
                ('embedding', models.JSONField(db_comment='Vector representation for semantic search: an array of 384 numbers.', null=True)),
                ('embedding_vector', models.GeneratedField(db_comment='The embedding in the form that can be searched by distance.', db_persist=True, expression=django.db.models.functions.comparison.Cast(django.db.models.functions.comparison.Cast('embedding', models.TextField()), schema.fields.VectorField()), null=True, output_field=schema.fields.VectorField())),
                ('search_vector', models.GeneratedField(db_comment='Words of title and body: English stems and, for other languages and names, the words themselves.', db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector('title', config='english', weight='A'), '||', django.contrib.postgres.search.SearchVector('body', config='english', weight='B'), django.contrib.postgres.search.SearchConfig('english')), '||', django.contrib.postgres.search.SearchVector('title', config='simple', weight='C'), django.contrib.postgres.search.SearchConfig('english')), '||', django.contrib.postgres.search.SearchVector('body', config='simple', weight='D'), django.contrib.postgres.search.SearchConfig('english')), null=True, output_field=django.contrib.postgres.search.SearchVectorField())),
                ('evidence', models.JSONField(db_comment='The figures that support it, with where they came from.', db_default={})),
                ('revision', models.IntegerField(db_comment='Counts edits; the entity tag.', db_default=1)),
                ('created_by', models.ForeignKey(db_comment='Who wrote it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'analysis_researchinsight',
                'db_table_comment': 'A finding, searchable by word and by meaning.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='analysis_researchinsight_project_id_created_at_idx'), schema.fields.GinIndex(fields=['search_vector'], name='analysis_researchinsight_search_vector_gin'), schema.fields.HnswIndex(fields=['embedding_vector'], name='analysis_researchinsight_embedding_vector_hnsw', opclasses=['vector_cosine_ops'])],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(db_comment='Public identifier for report links.', db_default=django.contrib.postgres.functions.RandomUUID())),
                ('project', models.ForeignKey(db_comment='Its project.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('title', models.CharField(db_comment='Title.', max_length=255)),
                ('blocks', models.JSONField(db_comment='The draft: text, chart and table blocks in order.', db_default=[])),
                ('status', models.CharField(db_comment='DRAFT or PUBLISHED.', db_default='DRAFT', max_length=20)),
                ('published_content', models.JSONField(db_comment='Blocks as published, charts drawn; null before.', null=True)),
                ('published_at', models.DateTimeField(db_comment='When it was last published.', null=True)),
                ('revision', models.IntegerField(db_comment='Counts edits; the entity tag.', db_default=1)),
                ('created_by', models.ForeignKey(db_comment='Who created it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'analysis_report',
                'db_table_comment': 'A document of text and figures.',
                'indexes': [schema.fields.Index(fields=['project', 'created_at'], name='analysis_report_project_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('uuid',), name='analysis_report_uuid_key'), models.UniqueConstraint(fields=('id', 'project'), name='analysis_report_tenant_key'), models.CheckConstraint(condition=models.Q(('status__in', ['DRAFT', 'PUBLISHED'])), name='analysis_report_status_check')],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(db_comment='Its project.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='data_ingestion.project')),
                ('report', models.ForeignKey(db_comment='The report.', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='analysis.report')),
                ('parent', models.ForeignKey(db_comment='The comment it answers; null for a first one.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='analysis.comment')),
                ('author', models.ForeignKey(db_comment='Who wrote it; null once that user is purged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('anchor', models.JSONField(db_comment='The range it is about: block, quoted text, surroundings.', db_default={})),
                ('body', models.TextField(db_comment='The remark, Markdown.')),
                ('resolved_at', models.DateTimeField(db_comment='When it was settled; null while it is open.', null=True)),
                ('resolved_by', models.ForeignKey(db_comment='Who settled it; null while it is open.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_comment='When the row was inserted.', db_default=django.contrib.postgres.functions.TransactionNow())),
                ('updated_at', models.DateTimeField(db_comment='When the row was last changed.', db_default=django.contrib.postgres.functions.TransactionNow())),
            ],
            options={
                'db_table': 'analysis_comment',
                'db_table_comment': 'A remark on a range of a report.',
                'indexes': [schema.fields.Index(fields=['report', 'created_at'], name='analysis_comment_report_id_created_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('id', 'project'), name='analysis_comment_tenant_key')],
            },
        ),
    ]

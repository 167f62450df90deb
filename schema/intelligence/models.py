"""Audits of web sites: the head record, the pages visited, and what was found on them."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.accounts.models import User
from schema.data_ingestion.models import Project
from schema.fields import CreatedAtField, Index, in_tenant, one_of

AUDIT_STATUSES = ("PENDING", "RUNNING", "SUCCESS", "FAILED", "CANCELLED")
PAGE_STATES = ("QUEUED", "LEASED", "DONE")
SEVERITIES = ("error", "warning", "notice")


class SiteAudit(models.Model):
    """Head record for technical website scans."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_comment="Its project."
    )
    target_url = models.CharField(max_length=2048, db_comment="The base URL being audited.")
    status_codes = models.JSONField(db_default={}, db_comment="Breakdown of 200, 404, 500 … counts.")
    score = models.IntegerField(
        null=True, db_comment="Calculated health score (0-100); null until there is one."
    )
    status = models.CharField(
        max_length=20, db_default="PENDING", db_comment="PENDING, RUNNING, SUCCESS, FAILED or CANCELLED."
    )
    progress = models.JSONField(db_default={}, db_comment="Progress of the crawl: done, total, phase.")
    max_pages = models.IntegerField(db_default=100, db_comment="The crawl stops after so many pages.")
    max_depth = models.IntegerField(
        db_default=5, db_comment="The crawl follows so many links from the start."
    )
    summary = models.JSONField(db_default={}, db_comment="Counts and figures over all pages.")
    error = models.JSONField(null=True, db_comment="Why it failed, as a problem; null otherwise.")
    created_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_comment="Who asked for it; null once that user is purged.",
    )
    created_at = CreatedAtField()
    started_at = models.DateTimeField(null=True, db_comment="When the crawl began.")
    completed_at = models.DateTimeField(null=True, db_comment="When it succeeded, failed or was cancelled.")

    class Meta:
        """Table, constraints, indexes."""

        db_table = "intelligence_siteaudit"
        db_table_comment = "The head record of a technical website scan."
        constraints = [
            in_tenant("intelligence_siteaudit"),
            one_of("intelligence_siteaudit", "status", AUDIT_STATUSES),
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=100), name="intelligence_siteaudit_score_check"
            ),
        ]
        indexes = [
            Index(fields=["project", "created_at"], name="intelligence_siteaudit_project_id_created_at_idx")
        ]


class AuditPage(models.Model):
    """One address of an audit: queued, leased to a crawler, or fetched."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    site_audit = models.ForeignKey(
        SiteAudit, models.CASCADE, related_name="+", db_index=False, db_comment="The audit."
    )
    url = models.CharField(max_length=2048, db_comment="The normalised address.")
    url_hash = models.CharField(max_length=64, db_comment="SHA-256 of the normalised address, hexadecimal.")
    depth = models.IntegerField(db_default=0, db_comment="Number of links from the start.")
    state = models.CharField(max_length=20, db_default="QUEUED", db_comment="QUEUED, LEASED or DONE.")
    leased_until = models.DateTimeField(null=True, db_comment="Until when a crawler has it to itself.")
    status_code = models.IntegerField(null=True, db_comment="HTTP status; null when there was no answer.")
    outcome = models.CharField(
        max_length=30, db_default="", db_comment="ok, http_error, timeout, dns_error, …"
    )
    final_url = models.CharField(max_length=2048, db_default="", db_comment="The address after redirects.")
    content_type = models.CharField(max_length=255, db_default="", db_comment="Media type as sent.")
    title = models.TextField(db_default="", db_comment="The page's title.")
    size_bytes = models.BigIntegerField(null=True, db_comment="Size of the body, in bytes.")
    load_time_ms = models.IntegerField(null=True, db_comment="Time until the body was read, in milliseconds.")
    is_indexable = models.BooleanField(
        null=True, db_comment="Whether a search engine may list it; null if unknown."
    )
    facts = models.JSONField(db_default={}, db_comment="What was extracted: headings, links, directives.")
    created_at = CreatedAtField()
    fetched_at = models.DateTimeField(null=True, db_comment="When it was fetched; null before.")

    class Meta:
        """Table, constraints, indexes."""

        db_table = "intelligence_auditpage"
        db_table_comment = "One address of an audit."
        constraints = [
            in_tenant("intelligence_auditpage"),
            models.UniqueConstraint(
                fields=["site_audit", "url_hash"], name="intelligence_auditpage_site_audit_url_hash_key"
            ),
            one_of("intelligence_auditpage", "state", PAGE_STATES),
        ]
        indexes = [
            Index(
                fields=["site_audit", "id"],
                condition=~models.Q(state="DONE"),
                name="intelligence_auditpage_frontier_idx",
            )
        ]


class AuditFinding(models.Model):
    """A rule that a page or the whole site breaks."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_comment="Its project.")
    site_audit = models.ForeignKey(
        SiteAudit, models.CASCADE, related_name="+", db_index=False, db_comment="The audit."
    )
    audit_page = models.ForeignKey(
        AuditPage,
        models.CASCADE,
        null=True,
        related_name="+",
        db_comment="The page; null for the whole site.",
    )
    code = models.CharField(max_length=60, db_comment="Code of the rule.")
    category = models.CharField(max_length=30, db_comment="Group of the rule.")
    severity = models.CharField(max_length=10, db_comment="error, warning or notice.")
    url = models.CharField(max_length=2048, db_comment="The address it concerns.")
    evidence = models.JSONField(db_default={}, db_comment="What was seen.")
    rule_version = models.IntegerField(db_default=1, db_comment="Version of the rule that found it.")
    created_at = CreatedAtField()

    class Meta:
        """Table, constraints, indexes."""

        db_table = "intelligence_auditfinding"
        db_table_comment = "A rule that a page or the whole site breaks."
        constraints = [one_of("intelligence_auditfinding", "severity", SEVERITIES)]
        indexes = [
            Index(fields=["site_audit", "code"], name="intelligence_auditfinding_site_audit_id_code_idx")
        ]

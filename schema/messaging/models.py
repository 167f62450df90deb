"""What makes events exactly-once and requests repeatable. No foreign keys: rows outlive what they speak of."""

# Rows are never printed: Django only migrates.
# ruff: noqa: DJ008

from django.db import models

from schema.fields import CreatedAtField, Index, unique


class Outbox(models.Model):
    """An event of a committed transaction, until and after its publication."""

    event_id = models.UUIDField(db_comment="Attribute `id` of the CloudEvent.")
    type = models.CharField(max_length=100, db_comment="Attribute `type`, such as file-uploaded.")
    source = models.CharField(max_length=100, db_comment="Attribute `source`: the publishing service.")
    subject = models.CharField(max_length=255, db_comment="The NATS subject it is published under.")
    team_id = models.BigIntegerField(db_comment="The team it belongs to.")
    project_id = models.BigIntegerField(null=True, db_comment="The project it belongs to, if one.")
    envelope = models.JSONField(db_comment="The whole CloudEvent.")
    created_at = CreatedAtField()
    published_at = models.DateTimeField(null=True, db_comment="When the stream acknowledged it; null before.")

    class Meta:
        """Table, constraints, indexes."""

        db_table = "messaging_outbox"
        db_table_comment = "Events recorded by committed transactions; the relay publishes them."
        constraints = [unique("messaging_outbox", "event_id")]
        indexes = [
            Index(
                fields=["id"],
                condition=models.Q(published_at__isnull=True),
                name="messaging_outbox_unpublished_idx",
            ),
            Index(fields=["created_at"], name="messaging_outbox_created_at_idx"),
        ]


class Inbox(models.Model):
    """An event whose effect a consumer has committed."""

    pk = models.CompositePrimaryKey("consumer", "source", "event_id")
    consumer = models.CharField(max_length=100, db_comment="Durable name of the consumer.")
    source = models.CharField(max_length=100, db_comment="Attribute `source` of the CloudEvent.")
    event_id = models.UUIDField(db_comment="Attribute `id` of the CloudEvent.")
    processed_at = CreatedAtField(db_comment="When the effect was committed.")

    class Meta:
        """Table, indexes."""

        db_table = "messaging_inbox"
        db_table_comment = "Events whose effect is committed, per consumer: a second delivery has none."
        indexes = [Index(fields=["processed_at"], name="messaging_inbox_processed_at_idx")]


class DeadLetter(models.Model):
    """An event that a consumer gave up on."""

    consumer = models.CharField(max_length=100, db_comment="Durable name of the consumer.")
    event_id = models.UUIDField(db_comment="Attribute `id` of the CloudEvent.")
    type = models.CharField(max_length=100, db_comment="Attribute `type` of the CloudEvent.")
    subject = models.CharField(max_length=255, db_comment="The NATS subject it came under.")
    envelope = models.JSONField(db_comment="The whole CloudEvent.")
    cause = models.TextField(db_comment="Why the last attempt failed.")
    attempts = models.IntegerField(db_comment="Number of attempts made.")
    created_at = CreatedAtField()
    redriven_at = models.DateTimeField(null=True, db_comment="When it was sent again; null before.")

    class Meta:
        """Table, constraints, indexes."""

        db_table = "messaging_deadletter"
        db_table_comment = "Events that a consumer gave up on."
        indexes = [Index(fields=["event_id", "consumer"], name="messaging_deadletter_event_id_consumer_idx")]


class ScheduledJob(models.Model):
    """Recurring work, claimed by one of the replicas."""

    name = models.CharField(max_length=100, db_comment="Name of the job.")
    interval_s = models.IntegerField(db_comment="Time between two runs, in seconds.")
    next_run_at = models.DateTimeField(db_comment="When it is due.")
    last_run_at = models.DateTimeField(null=True, db_comment="When it last ran; null before the first time.")
    last_error = models.TextField(db_default="", db_comment="Why the last run failed; empty when it did not.")

    class Meta:
        """Table, constraints."""

        db_table = "messaging_scheduledjob"
        db_table_comment = "Recurring work: one row per job."
        constraints = [unique("messaging_scheduledjob", "name")]


class IdempotencyKey(models.Model):
    """A request that a client may repeat, and the answer that it gets again."""

    pk = models.CompositePrimaryKey("caller", "key")
    caller = models.CharField(max_length=100, db_comment="Who sent it.")
    key = models.CharField(max_length=255, db_comment="The client's key for the request.")
    request_hash = models.CharField(
        max_length=64, db_comment="SHA-256 of method, path and body, hexadecimal."
    )
    status_code = models.IntegerField(
        null=True, db_comment="HTTP status of the answer; null while it is worked on."
    )
    headers = models.JSONField(db_default={}, db_comment="Headers of the answer.")
    body = models.BinaryField(null=True, db_comment="Body of the answer.")
    created_at = CreatedAtField()

    class Meta:
        """Table, indexes."""

        db_table = "messaging_idempotencykey"
        db_table_comment = "Requests that clients may repeat, with their answers."
        indexes = [Index(fields=["created_at"], name="messaging_idempotencykey_created_at_idx")]

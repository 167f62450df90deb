"""The database backend that settings.ENGINE names; only the schema editor differs from Django's own."""

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper

from schema.postgresql.schema import SchemaEditor


class DatabaseWrapper(PostgresWrapper):
    """Django's PostgreSQL connection whose DDL puts `ON DELETE` and partitioning into the database."""

    SchemaEditorClass = SchemaEditor

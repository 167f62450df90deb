"""The DDL that Django 5.2 does not write: `ON DELETE`, tenant-safe foreign keys, partitions, PostgreSQL's own names.

Deletes cascade in the database, because services delete through SQLAlchemy and never through Django.
A foreign key between two tables that both carry `project_id` includes it: a row cannot point into another tenant's project,
whatever a service forgets to check. Constraints are named as PostgreSQL itself names them (`<table>_<columns>_fkey`),
since `errors.CONSTRAINTS` of the services refers to them.
"""

from typing import Any

from django.db import models
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from schema.fields import PartitionKeyField, options

ON_DELETE = {
    models.CASCADE: "CASCADE",
    models.SET_NULL: "SET NULL",
    models.RESTRICT: "RESTRICT",
    models.DO_NOTHING: "NO ACTION",
}
TENANT_COLUMN = "project_id"


def has_column(model: type[models.Model], column: str) -> bool:
    """Whether the model has a column of this name."""
    return any(field.column == column for field in options(model).local_fields)


class SchemaEditor(DatabaseSchemaEditor):
    """Django's schema editor with database-level deletes, tenant-safe keys and partitioned tables."""

    # Added columns get their key by ALTER TABLE as well, so that there is one place that writes it.
    sql_create_column_inline_fk = None

    def table_sql(self, model: type[models.Model]) -> tuple[str, list[Any]]:
        """`CREATE TABLE`, partitioned by range where the model has a partition key."""
        sql, params = super().table_sql(model)
        for field in options(model).local_fields:
            if isinstance(field, PartitionKeyField):
                sql += f" PARTITION BY RANGE ({self.quote_name(field.column)})"
        return sql, params

    def create_model(self, model: type[models.Model]) -> None:
        """Creates the table; foreign keys wait until the unique keys that they refer to exist."""
        super().create_model(model)
        self.deferred_sql.sort(key=lambda statement: " FOREIGN KEY " in str(statement))

    def _create_fk_sql(self, model: type[models.Model], field: Any, _suffix: str) -> str:
        """`ADD CONSTRAINT … FOREIGN KEY … ON DELETE`, with `project_id` where both sides have it.

        Not deferrable: a dangling key is refused by the statement that writes it.
        """
        target = field.target_field.model
        table, column = options(model).db_table, field.column
        columns, to_columns = [column], [field.target_field.column]
        action = ON_DELETE[field.remote_field.on_delete]
        if column != TENANT_COLUMN and has_column(model, TENANT_COLUMN) and has_column(target, TENANT_COLUMN):
            columns.append(TENANT_COLUMN)
            to_columns.append(TENANT_COLUMN)
            if action == "SET NULL":
                action += f" ({self.quote_name(column)})"
        quoted, to_quoted = (", ".join(map(self.quote_name, names)) for names in (columns, to_columns))
        return (
            f"ALTER TABLE {self.quote_name(table)} ADD CONSTRAINT {self.quote_name(f'{table}_{column}_fkey')} "
            f"FOREIGN KEY ({quoted}) REFERENCES {self.quote_name(options(target).db_table)} ({to_quoted}) ON DELETE {action}"
        )

    def _create_index_name(self, table_name: str, column_names: list[str], suffix: str = "") -> str:
        """The name PostgreSQL itself would choose for the index of a foreign key: `<table>_<columns>_idx`."""
        return "_".join([table_name, *column_names, suffix.strip("_") or "idx"])

    def _create_like_index_sql(self, _model: type[models.Model], _field: Any) -> None:
        """No second index for LIKE: keys are compared for equality."""

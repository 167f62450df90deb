"""A variable of a dataset that is being written: where its values come from, and what is told about it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Imported:
    """One variable, whatever format it came from.

    `value_sql` and `missing_sql` are expressions over the table of texts and numbers; `missing_sql` says why a value is
    missing (the column `<alias>__missing`), None where nothing is known. `entry` is the codebook's, `described` that of
    `columns_metadata`; the rest goes into the import report.
    """

    alias: str
    kind: str
    value_sql: str
    sql_type: str
    entry: dict[str, Any]
    described: dict[str, Any]
    missing_sql: str | None = None
    coerced: dict[str, Any] | None = None
    markers: dict[str, Any] | None = None
    doubts: list[str] = field(default_factory=list)

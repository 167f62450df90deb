"""Cells that a spreadsheet would take for a formula: guarded when written as text, freed when read again.

OWASP, "CSV Injection": a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return may be run. Such a *text* gets
an apostrophe in front, which spreadsheets take as "this is text". Numbers are no texts and stay as they are. A text that
looks guarded already gets one more, so that reading takes exactly one away.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.ingestion.domain.quoting import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

GUARDED = r"^'+[=+\-@\t\r]"
"""Regular expression (RE2 and Python) of a cell that was guarded."""
_DANGEROUS = r"^'*[=+\-@\t\r]"


def guarded_sql(text: str) -> str:
    """Return the SQL expression of a text, guarded where a spreadsheet would take it for a formula."""
    mark = literal("'")
    return f"CASE WHEN regexp_matches({text}, {literal(_DANGEROUS)}) THEN {mark} || {text} ELSE {text} END"


def free_guarded(connection: "DuckDBPyConnection", table: str, columns: Sequence[str]) -> int:
    """Take the apostrophe off the guarded cells of columns; returns how many there were."""
    mark, pattern = literal("'"), literal(GUARDED)
    guarded = [f"starts_with({name}, {mark}) AND regexp_matches({name}, {pattern})" for name in columns]
    counts = ", ".join(f"count(*) FILTER ({condition})" for condition in guarded)
    found = connection.execute(f"SELECT {counts} FROM {table}").fetchall()[0]
    for name, condition, n_guarded in zip(columns, guarded, found, strict=True):
        if n_guarded:
            connection.execute(f"UPDATE {table} SET {name} = substr({name}, 2) WHERE {condition}")
    return int(sum(found))

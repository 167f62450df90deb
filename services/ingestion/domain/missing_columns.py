"""Columns `<name>__missing` beside a column `<name>`: why its values are missing, as our own exports say it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from services.ingestion.domain.delimited import RAW_TABLE, RawTable, column
from services.ingestion.domain.imported import Imported

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SUFFIX = "__missing"


def merge_missing(
    connection: "DuckDBPyConnection", table: RawTable, variables: list[Imported]
) -> list[Imported]:
    """Return the variables, one per column of the table, with such columns taken for what they say.

    A column whose texts stand beside values too says nothing about missing ones, and stays a variable.
    """
    places = {name: place for place, name in enumerate(table.header.names)}
    merged = list(variables)
    gone = set()
    for name, place in places.items():
        of = places.get(name.removesuffix(_SUFFIX)) if name.endswith(_SUFFIX) else None
        if of is None:
            continue
        kind = f"nullif(trim(CAST({column(place)} AS VARCHAR)), '')"
        value = variables[of].value_sql
        rows = connection.execute(
            f"SELECT {kind} AS kind, count(*), count({value}) FROM {RAW_TABLE} WHERE kind IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall()
        if any(n_values for _, _, n_values in rows):
            continue
        counts = {str(word): int(n) for word, n, _ in rows}
        entry = {**merged[of].entry, "missing": merged[of].entry["missing"] | counts}
        merged[of] = replace(merged[of], entry=entry, missing_sql=kind)
        gone.add(place)
    return [variable for place, variable in enumerate(merged) if place not in gone]

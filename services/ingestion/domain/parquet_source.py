"""A Parquet file → its columns with the types that they have; texts are understood like those of any file.

DuckDB reads it. Numbers, days and times keep their type, lists of plain values are multiple responses, structures become
JSON. What has no place in a dataset (pictures and other bytes) is left out, which the report says.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.categories import MAX_DISTINCT
from services.ingestion.domain.codebook import json_value
from services.ingestion.domain.delimited import MAX_COLUMNS, RAW_TABLE, Progress, RawTable, column
from services.ingestion.domain.headers import Header, unique_aliases
from services.ingestion.domain.imported import Imported
from services.ingestion.domain.own_codebook import find_codebook, variables_of_codebook
from services.ingestion.domain.quoting import identifier, literal
from services.ingestion.domain.records import LineReport
from services.ingestion.domain.refusals import DAMAGED, TOO_COMPLEX, FileRefused
from services.ingestion.domain.scales import natural_order

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# SQL type → (SQL that loads it, kind, SQL of its value where `{v}` is what was loaded, type of the value).
_TYPES: tuple[tuple[re.Pattern[str], tuple[str, str, str, str]], ...] = tuple(
    (re.compile(pattern), plan)
    for pattern, plan in (
        (r"U?(?:TINYINT|SMALLINT|INTEGER)|BIGINT", ("CAST({c} AS BIGINT)", "integer", "{v}", "BIGINT")),
        (
            r"FLOAT|DOUBLE|DECIMAL\(.*",
            ("CAST({c} AS DOUBLE)", "decimal", "CASE WHEN isfinite({v}) THEN {v} END", "DOUBLE"),
        ),
        (r"BOOLEAN", ("{c}", "boolean", "{v}", "BOOLEAN")),
        (r"DATE", ("{c}", "date", "{v}", "DATE")),
        (r"TIME", ("{c}", "time", "{v}", "TIME")),
        (r"TIMESTAMP WITH TIME ZONE", ("{c}", "datetime", "{v}", "TIMESTAMP")),
        (r"TIMESTAMP.*", ("CAST({c} AS TIMESTAMP) AT TIME ZONE 'UTC'", "datetime", "{v}", "TIMESTAMP")),
        (r"INTERVAL", ("epoch({c})", "duration", "{v}", "DOUBLE")),
        (
            r"(?:VARCHAR|BOOLEAN|U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)|DOUBLE|FLOAT|DATE|ENUM\(.*\))\[\]",
            ("CAST({c} AS VARCHAR[])", "multiple", "{v}", "VARCHAR[]"),
        ),
    )
)
_TEXTS = re.compile(r"VARCHAR|UBIGINT|U?HUGEINT|UUID|ENUM\(.*\)")
_EXACT_DIGITS = 15
_MAX_EXAMPLES = 5


Columns = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column that says what it is: kind, the SQL of its value over the table, and the type of that value."""

    index: int
    kind: str
    value_sql: str
    sql_type: str


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """The table, and those of its columns that are no texts."""

    table: RawTable
    typed: tuple[TypedColumn, ...]
    own: list[Imported] | None = None
    """The variables of the codebook that the file holds, where it fits."""


def read_parquet(connection: "DuckDBPyConnection", source: Path, progress: Progress) -> ParquetTable:
    """Load the file as the table of texts and typed values; raises FileRefused when it cannot be read."""
    import duckdb

    file = f"read_parquet({literal(str(source))})"
    try:
        found = connection.execute(f"DESCRIBE SELECT * FROM {file}").fetchall()
        columns = [(name, kind) for name, kind, *_ in found]
        entries = find_codebook(connection, str(source))
        own = variables_of_codebook(entries, columns) if entries else None
        table = (
            _with_codebook(connection, file, columns, own) if own else _by_types(connection, file, columns)
        )
    except duckdb.Error as error:
        words = str(error).partition("\n")[0]
        raise FileRefused(
            DAMAGED,
            f"The Parquet file cannot be read: {words}.",
            "Write it again; the upload may have been cut off. Encrypted files cannot be read.",
        ) from error
    progress("reading rows", table.table.n_rows, table.table.n_rows)
    return table


def _with_codebook(
    connection: "DuckDBPyConnection", file: str, columns: Columns, own: list[Imported]
) -> ParquetTable:
    n_rows = _load(connection, file, [f"{identifier(name)}" for name, _ in columns])
    reason = "the file holds the codebook of a dataset"
    names, aliases = tuple(v.entry["name"] for v in own), tuple(v.alias for v in own)
    how = {"header": {"present": True, "reason": reason, "repairs": []}}
    header = Header(0, True, names, aliases, reason=reason)
    return ParquetTable(RawTable(header, n_rows, "", LineReport(), how=how, texts=()), (), own)


def _by_types(connection: "DuckDBPyConnection", file: str, columns: Columns) -> ParquetTable:
    doubts = [f"{name}: left out, since it holds bytes" for name, kind in columns if kind == "BLOB"]
    kept = [(name, kind) for name, kind in columns if kind != "BLOB"]
    if not 0 < len(kept) <= MAX_COLUMNS:
        raise FileRefused(
            TOO_COMPLEX,
            f"The file has {len(kept)} columns that can be read; from 1 to {MAX_COLUMNS} are possible.",
            "Keep the columns that you need and write the file again.",
        )
    doubts += [
        f"{name}: more than {_EXACT_DIGITS} digits are rounded" for name, kind in kept if _is_rounded(kind)
    ]
    plans = [_plan(i, kind) for i, (_, kind) in enumerate(kept)]
    loads = [load.replace("{c}", identifier(name)) for (name, _), (load, _) in zip(kept, plans, strict=True)]
    n_rows = _load(connection, file, loads)
    names = [name for name, _ in kept]
    aliases, repairs = unique_aliases(names)
    header = Header(0, True, tuple(names), aliases, tuple(repairs), "the file names its columns")
    typed = tuple(plan for _, plan in plans if plan is not None)
    texts = [i for i, (_, plan) in enumerate(plans) if plan is None]
    how = {"header": {"present": True, "reason": header.reason, "repairs": repairs}}
    table = RawTable(header, n_rows, "", LineReport(), how=how, texts=texts, doubts=doubts)
    return ParquetTable(table, typed)


def _load(connection: "DuckDBPyConnection", file: str, loads: Sequence[str]) -> int:
    """Fill the table, column by column as SQL says; returns the number of rows."""
    select = ", ".join(f"{load} AS {column(i)}" for i, load in enumerate(loads))
    connection.execute(f"CREATE TABLE {RAW_TABLE} AS SELECT {select} FROM {file}")
    return int(connection.execute(f"SELECT count(*) FROM {RAW_TABLE}").fetchall()[0][0])


def _is_rounded(kind: str) -> bool:
    found = re.fullmatch(r"DECIMAL\((\d+),\d+\)", kind)
    return found is not None and int(found[1]) > _EXACT_DIGITS


def _plan(index: int, kind: str) -> tuple[str, TypedColumn | None]:
    """SQL that loads a column of this type, and what it is, None for a text."""
    for pattern, (load, meaning, value, sql_type) in _TYPES:
        if pattern.fullmatch(kind):
            return load, TypedColumn(index, meaning, value.replace("{v}", column(index)), sql_type)
    return ("CAST({c} AS VARCHAR)" if _TEXTS.fullmatch(kind) else "CAST(to_json({c}) AS VARCHAR)"), None


def import_typed(connection: "DuckDBPyConnection", parquet: ParquetTable) -> Iterator[tuple[int, Imported]]:
    """Yield (index, variable) of each column that says itself what it is."""
    for typed in parquet.typed:
        yield typed.index, _imported(connection, parquet.table, typed)


def _imported(connection: "DuckDBPyConnection", table: RawTable, typed: TypedColumn) -> Imported:
    value = typed.value_sql
    text = f"CAST({value} AS VARCHAR)"
    extremes = (
        f"min({value}), max({value})" if typed.kind in {"integer", "decimal"} else f"min({text}), max({text})"
    )
    mean = f"avg({value})" if typed.kind in {"integer", "decimal"} else "NULL"
    n_valid, n_distinct, low, high, average = connection.execute(
        f"SELECT count({value}), approx_count_distinct({value}), {extremes}, {mean} FROM {RAW_TABLE}"
    ).fetchall()[0]
    rows = connection.execute(
        f"SELECT DISTINCT {text} AS v FROM {RAW_TABLE} WHERE v IS NOT NULL ORDER BY 1 LIMIT {_MAX_EXAMPLES}"
    ).fetchall()
    header = table.header
    entry: dict[str, Any] = {
        "alias": header.aliases[typed.index],
        "name": header.names[typed.index],
        "label": header.names[typed.index],
        "kind": typed.kind,
        "missing": {"n": table.n_rows - n_valid},
        "role": None,
        "source": {"column": header.names[typed.index]},
    }
    if typed.kind == "multiple":
        entry["codes"] = _answers(connection, value)
    described = {
        **{name: entry[name] for name in ("name", "alias", "label", "kind")},
        "confidence": 1.0,
        "reason": "the file says so",
        "missing": entry["missing"]["n"],
        "distinct": n_distinct,
        "distinct_is_exact": False,
        "examples": [row[0] for row in rows],
    }
    if typed.kind not in {"multiple", "boolean"}:
        described |= {"min": json_value(low), "max": json_value(high), "mean": json_value(average)}
    return Imported(entry["alias"], typed.kind, value, typed.sql_type, entry, described)


def _answers(connection: "DuckDBPyConnection", value: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        f"SELECT DISTINCT unnest({value}) AS answer FROM {RAW_TABLE} ORDER BY 1 LIMIT {MAX_DISTINCT}"
    ).fetchall()
    answers = natural_order(row[0] for row in rows if row[0] is not None)
    return [{"code": answer, "label": answer, "value": None} for answer in answers]

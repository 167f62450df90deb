"""A stored file → Parquet, codebook, metadata, preview and import report: the whole understanding in one call.

Works on files in a folder that the caller owns and removes. Runs in a process of its own with limited memory and time
(`import_child`), since a hostile or broken file may exhaust either.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.codebook import codebook, columns_metadata, doubts
from services.ingestion.domain.delimited import Progress, RawTable, read_delimited
from services.ingestion.domain.kinds import understand
from services.ingestion.domain.parquet import Variable, coerced_examples, preview, write_parquet
from services.ingestion.domain.profiles import profile
from services.ingestion.domain.quoting import literal
from services.ingestion.domain.refusals import EMPTY, NO_TABLE, NOT_SUPPORTED, NOT_TEXT, FileRefused
from services.ingestion.domain.signatures import HEAD_BYTES, Format, Signature, judge
from services.ingestion.domain.workbook import read_workbook

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WORKBOOKS = frozenset({Format.XLSX, Format.XLSB, Format.ODS, Format.OLE})
_DELIMITED_HINT = "Save the table as CSV in UTF-8 (or as an Excel workbook) and upload that."


@dataclass(frozen=True, slots=True)
class Limits:
    """What one import may use."""

    memory_bytes: int
    n_threads: int = 2


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """What came of a file; JSON-ready except for the path."""

    parquet: Path
    content_hash: str
    n_rows: int
    n_columns: int
    codebook: dict[str, Any]
    columns_metadata: dict[str, Any]
    preview: dict[str, Any]
    report: dict[str, Any]


def import_table(source: Path, work: Path, limits: Limits, progress: Progress) -> ImportedTable:
    """Return the dataset in a file; raises FileRefused with a reason and a hint when there is none."""
    with source.open("rb") as file:
        signature = judge(file.read(HEAD_BYTES))
    _refuse_unreadable(signature)
    connection = _engine(work, limits)
    try:
        read = read_workbook if signature.format in _WORKBOOKS else read_delimited
        table = read(connection, source, work, progress)
        if table.n_rows == 0:
            raise FileRefused(
                NO_TABLE,
                "The file has a header, but no row below it.",
                "Export the table with its rows and upload it again.",
            )
        return _understood(connection, table, work, signature, progress)
    finally:
        connection.close()


def _refuse_unreadable(signature: Signature) -> None:
    if signature.format is Format.EMPTY:
        raise FileRefused(
            EMPTY, "The file is empty: 0 bytes.", "Export it again; the upload may have been cut off."
        )
    if signature.format is Format.BINARY:
        raise FileRefused(
            NOT_TEXT, "The file holds binary data, not a table of text, whatever its name.", _DELIMITED_HINT
        )
    if signature.format is not Format.TEXT and signature.format not in _WORKBOOKS:
        raise FileRefused(
            NOT_SUPPORTED,
            f"By its content this is {signature.name}; that is not supported yet. "
            "Supported are delimited text (CSV, TSV; any delimiter and encoding) and workbooks (.xlsx, .xls, .xlsb, .ods).",
            _DELIMITED_HINT,
        )


def _engine(work: Path, limits: Limits) -> "DuckDBPyConnection":
    import duckdb

    spill = work / "spill"
    # On disk: its columns are compressed and leave memory when they must; tables in memory grow with the file.
    connection = duckdb.connect(
        str(work / "texts.duckdb"),
        config={
            "memory_limit": f"{limits.memory_bytes}B",
            "threads": limits.n_threads,
            "temp_directory": str(spill),
            # Nothing in a file may make the engine fetch or load anything.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute(f"SET TimeZone = {literal('UTC')}")
    return connection


def _understood(
    connection: "DuckDBPyConnection", table: RawTable, work: Path, signature: Signature, progress: Progress
) -> ImportedTable:
    n_columns = table.header.n_columns
    variables: list[Variable] = []
    for cells, facts in profile(connection, table):
        variables.append(Variable(cells, facts, understand(facts)))
        progress("understanding columns", len(variables), n_columns)
    progress("writing", 0, table.n_rows)
    target = work / "dataset.parquet"
    write_parquet(connection, variables, target)
    progress("writing", table.n_rows, table.n_rows)
    return ImportedTable(
        parquet=target,
        content_hash=_sha256(target),
        n_rows=table.n_rows,
        n_columns=n_columns,
        codebook=codebook(variables, table.n_rows),
        columns_metadata=columns_metadata(variables),
        preview=preview(connection, target, variables),
        report=_report(connection, table, variables, signature),
    )


def _report(
    connection: "DuckDBPyConnection", table: RawTable, variables: list[Variable], signature: Signature
) -> dict[str, Any]:
    lines = table.lines
    return {
        "format": signature.format.value,
        **table.how,
        "rows": {
            "read": table.n_rows,
            "rejected": lines.n_rejected,
            "repaired": lines.n_repaired,
            "blank": lines.n_blank,
        },
        "rejected": [note.as_json() for note in lines.rejected],
        "repaired": [note.as_json() for note in lines.repaired],
        "coerced": [
            {
                "column": v.facts.alias,
                "kind": v.meaning.kind,
                "n": v.n_coerced,
                "share": round(v.n_coerced / v.facts.n_filled, 6),
                "examples": coerced_examples(connection, v),
            }
            for v in variables
            if v.n_coerced
        ],
        "markers": [
            {"column": v.facts.alias, "n": v.facts.n_markers}
            for v in variables
            if v.meaning.facts and v.facts.n_markers
        ],
        "doubts": doubts(variables),
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

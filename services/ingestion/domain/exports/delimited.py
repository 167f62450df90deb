"""A dataset as CSV (RFC 4180): UTF-8 with a byte order mark, which Excel needs; texts guarded against being run."""

from pathlib import Path
from typing import TYPE_CHECKING

from services.ingestion.domain.exports.request import NUMBERS, Exported, Source, text_sql
from services.ingestion.domain.guarding import guarded_sql
from services.ingestion.domain.quoting import identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MARK = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 20
_PLAIN = NUMBERS | {"boolean", "date", "time", "datetime"}


def export_csv(connection: "DuckDBPyConnection", source: Source, work: Path) -> Exported:
    """Write one column per variable, behind it why values are missing where that is known."""
    cells = []
    for entry in source.entries:
        text = text_sql(entry, source.answers)
        cells.append(f"{text if entry['kind'] in _PLAIN else guarded_sql(text)} AS {_header(entry['alias'])}")
        missing = source.missing_column(entry)
        if missing:
            cells.append(f"{guarded_sql(identifier(missing))} AS {_header(missing)}")
    body = work / "body.csv"
    connection.execute(
        f"COPY (SELECT {', '.join(cells)} FROM {source.table_sql}) TO {literal(str(body))} (FORMAT csv, HEADER, DELIMITER ',')"
    )
    target = work / "export.csv"
    with target.open("wb") as out, body.open("rb") as written:
        out.write(_MARK)
        while block := written.read(_BLOCK_BYTES):
            out.write(block)
    body.unlink()
    n_rows = int(connection.execute(f"SELECT count(*) FROM {source.table_sql}").fetchall()[0][0])
    return Exported(target, "text/csv; charset=utf-8", n_rows)


def _header(name: str) -> str:
    return identifier(f"'{name}" if name[:1] in tuple("=+-@\t\r") else name)

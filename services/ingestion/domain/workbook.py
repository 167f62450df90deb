"""The sheets of a workbook that hold a table (`sheets`) → the same table of texts that a delimited file becomes.

Cells are written as text in one fixed way (whole numbers without ".0", dates as ISO 8601), so that the one
understanding of columns serves all formats.
"""

import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from services.ingestion.domain.delimited import (
    MAX_COLUMNS,
    Progress,
    RawTable,
    drop_told_markers,
    load_strict,
    write_strict,
)
from services.ingestion.domain.headers import Header, detect_header
from services.ingestion.domain.reading_options import ReadingOptions
from services.ingestion.domain.records import LineReport, fitted
from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused
from services.ingestion.domain.sheets import Cell, read_sheets
from services.ingestion.domain.signatures import HEAD_BYTES, Format, judge
from services.ingestion.domain.told_shape import told_header

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SAMPLE_ROWS = 500
MAX_UNPACKED_BYTES = 1 << 30


def read_workbook(
    connection: "DuckDBPyConnection",
    source: Path,
    work: Path,
    progress: Progress,
    options: ReadingOptions,
) -> RawTable:
    """Return the table of texts of the first sheet with rows, or of the told ones below each other, which `sheet` names.

    Raises FileRefused when the workbook cannot be read, or its told sheets have different headers.
    """
    _refuse_bomb(source)
    sheets = read_sheets(_with_ending(source, work), options, lambda cell: _text(cell, is_moment=False))
    rows = sheets.rows
    moments = {i for row in rows for i, cell in enumerate(row) if _has_time(cell)}
    texts = [[_text(cell, is_moment=i in moments) for i, cell in enumerate(row)] for row in rows]
    sample = [row for row in texts[:_SAMPLE_ROWS] if any(row)]
    shape = [_without_tail(row) for row in sample]
    header = told_header(shape, options) or detect_header(shape)
    if header.n_columns > MAX_COLUMNS:
        raise FileRefused(
            TOO_COMPLEX,
            f"The sheet has {header.n_columns} columns; at most {MAX_COLUMNS} can be read.",
            "Turn the table so that each row is one case and each column one variable.",
        )
    lines = LineReport()
    strict = work / "strict.csv"
    with strict.open("w", encoding="utf-8", newline="") as out:
        write_strict(_body(texts, header, lines, progress), out)
    n_rows = load_strict(connection, strict, header)
    drop_told_markers(connection, header.n_columns, options)
    how = {
        "workbook": sheets.how,
        "header": header.as_json(),
    }
    return RawTable(header, n_rows, "", lines, how=how, options=options)


def _refuse_bomb(source: Path) -> None:
    # A small archive may unfold to any size. Its directory can lie; then the memory limit of the process holds.
    # What is no archive (.xls) or a broken one is left to the reader.
    try:
        with zipfile.ZipFile(source) as archive:
            n_bytes = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        return
    if n_bytes > MAX_UNPACKED_BYTES:
        raise FileRefused(
            TOO_COMPLEX,
            f"The workbook unfolds to {n_bytes >> 20} MiB; at most {MAX_UNPACKED_BYTES >> 20} MiB can be read.",
            "Save the table as CSV and upload that; CSV may be much larger.",
        )


def _with_ending(source: Path, work: Path) -> Path:
    """The file under a name with its format's ending: without one, calamine says of any fault "cannot detect"."""
    with source.open("rb") as file:
        found = judge(file.read(HEAD_BYTES)).format
    link = work / f"workbook.{'xls' if found is Format.OLE else found.value}"
    link.unlink(missing_ok=True)
    link.symlink_to(source.resolve())
    return link


def _without_tail(row: list[str]) -> list[str]:
    used = max((i + 1 for i, cell in enumerate(row) if cell), default=0)
    return row[:used]


def _has_time(cell: Cell) -> bool:
    return isinstance(cell, dt.datetime) and cell.time() != dt.time()


def _text(cell: Cell, *, is_moment: bool) -> str:
    """The cell as text. A day is a date, unless other cells of its column (`is_moment`) have a time of day."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004 - digits a double keeps
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ") if is_moment else cell.date().isoformat()
    if isinstance(cell, dt.time | dt.date):
        return f"{cell.isoformat()} 00:00:00" if is_moment and isinstance(cell, dt.date) else cell.isoformat()
    # Old workbooks may hold NUL characters, which no table of text can.
    return str(cell).replace("\x00", "")


def _body(
    texts: Iterable[list[str]], header: Header, lines: LineReport, progress: Progress
) -> Iterator[list[str]]:
    n_seen = 0
    for line, row in enumerate(texts, 1):
        if not any(row):
            lines.n_blank += 1
            continue
        n_seen += 1
        if n_seen <= header.n_skipped:
            continue
        if n_seen % 10_000 == 0:
            progress("reading rows", n_seen, 0)
        tidy = _without_tail(row)
        # A sheet is a rectangle: rows end where their last filled cell is, which is no fault of the row.
        fitting = fitted(tidy + [""] * (header.n_columns - len(tidy)), line, header.n_columns, lines)
        if fitting is not None:
            yield fitting

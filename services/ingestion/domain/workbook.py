"""The first sheet of a workbook that holds a table → the same table of texts that a delimited file becomes.

Cells are written as text in one fixed way (whole numbers without ".0", dates as ISO 8601), so that the one
understanding of columns serves all formats.
"""

import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from services.ingestion.domain.delimited import MAX_COLUMNS, Progress, RawTable, load_strict, write_strict
from services.ingestion.domain.headers import Header, detect_header
from services.ingestion.domain.records import LineReport, fitted
from services.ingestion.domain.refusals import DAMAGED, NO_TABLE, TOO_COMPLEX, FileRefused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
_SAMPLE_ROWS = 500
MAX_UNPACKED_BYTES = 1 << 30


def read_workbook(connection: "DuckDBPyConnection", source: Path, work: Path, progress: Progress) -> RawTable:
    """Return the table of texts of the first sheet with rows; raises FileRefused when the workbook cannot be read."""
    _refuse_bomb(source)
    name, others, rows = _first_sheet(source)
    texts = [[_text(cell) for cell in row] for row in rows]
    sample = [row for row in texts[:_SAMPLE_ROWS] if any(row)]
    header = detect_header([_without_tail(row) for row in sample])
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
    how = {
        "workbook": {"sheet": name, "other_sheets": others},
        "header": {"present": header.has_header, "reason": header.reason, "repairs": list(header.repairs)},
    }
    return RawTable(header, n_rows, "", lines, how=how)


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


def _first_sheet(source: Path) -> tuple[str, list[str], list[list[Cell]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(source))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python()
            if rows:
                return name, [other for other in book.sheet_names if other != name], rows
    except (CalamineError, OSError) as error:
        raise FileRefused(
            DAMAGED,
            f"The workbook cannot be opened: {error}.",
            "If it is protected by a password, remove the protection; else save it again and upload the copy.",
        ) from error
    raise FileRefused(NO_TABLE, "No sheet of the workbook has a row.", "Put the table on the first sheet.")


def _without_tail(row: list[str]) -> list[str]:
    used = max((i + 1 for i, cell in enumerate(row) if cell), default=0)
    return row[:used]


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004 - digits a double keeps
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    if isinstance(cell, dt.time | dt.date):
        return cell.isoformat()
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

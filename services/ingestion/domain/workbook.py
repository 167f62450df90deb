"""The sheets of a workbook that hold a table (`sheets`) → the same table of texts that a delimited file becomes.

Cells are written as text in one fixed way (whole numbers without ".0", dates as ISO 8601), so that the one
understanding of columns serves all formats.
"""

import datetime as dt
import gc
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import compress, islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, cast

from services.ingestion.domain.delimited import (
    MAX_COLUMNS,
    Progress,
    RawTable,
    drop_told_markers,
    load_strict,
    write_strict_columns,
)
from services.ingestion.domain.headers import Header, detect_header
from services.ingestion.domain.reading_options import ReadingOptions
from services.ingestion.domain.records import MAX_RECORD_BYTES, MOST_BYTES_PER_CHARACTER, LineReport, fitted
from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused
from services.ingestion.domain.sheets import (
    MOST_WHOLE,
    Cell,
    cell_text,
    number_text,
    read_sheets,
    refuse_bomb,
)
from services.ingestion.domain.signatures import HEAD_BYTES, Format, judge
from services.ingestion.domain.told_shape import told_header

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SAMPLE_ROWS = 500
MAX_UNPACKED_BYTES = 1 << 30
_CHUNK_BYTES = 1 << 20
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_ERROR_TYPE = b' t="e"'


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
    refuse_bomb(source, MAX_UNPACKED_BYTES, "Save the table as CSV and upload that; CSV may be much larger.")
    with _uncollected():
        # The parser of sheets leaves Python alone meanwhile.
        with ThreadPoolExecutor(1) as beside:
            counted = beside.submit(_n_errors, source)
            sheets = read_sheets(
                _with_ending(source, work), options, lambda cell: cell_text(cell, is_moment=False)
            )
            n_errors = counted.result()
        columns = [_texts(cells) for cells in zip_longest(*sheets.rows, fillvalue="")]
        sample = [list(row) for row in islice(zip(*columns, strict=True), _SAMPLE_ROWS) if any(row)]
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
            write_strict_columns(_body(columns, header, lines, progress), out)
    n_rows = load_strict(connection, strict, header)
    drop_told_markers(connection, header, options)
    how = {
        "workbook": sheets.how,
        "header": header.as_json(),
    }
    if n_errors:
        how["workbook"] = {**sheets.how, "error_cells": n_errors}
    return RawTable(header, n_rows, "", lines, how=how, options=options, doubts=_doubts(n_errors))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector of cycles rest: millions of cells have none, and it would look through them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _doubts(n_errors: int) -> list[str]:
    if not n_errors:
        return []
    return [f"{n_errors} cells of the workbook hold errors such as #DIV/0!; there they are missing"]


def _n_errors(source: Path) -> int:
    """How many cells of an .xlsx workbook hold an error, which the reader gives as blanks; 0 for other formats.

    ISO/IEC 29500-1, 18.18.11: such a cell has the type `e`.
    """
    n = 0
    try:
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                if _SHEET_PART.fullmatch(name):
                    n += _n_error_cells(archive, name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError):
        return 0
    return n


def _n_error_cells(archive: zipfile.ZipFile, name: str) -> int:
    n, tail = 0, b""
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK_BYTES):
            piece = tail + chunk
            n += piece.count(_ERROR_TYPE)
            # A type that is torn apart between two chunks is counted with the second.
            tail = piece[-len(_ERROR_TYPE) + 1 :]
    return n


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


def _texts(cells: Sequence[Cell]) -> Sequence[str]:
    """A column's cells as texts; most columns hold one type, or one and blanks."""
    types = set(map(type, cells))
    if types <= {str, float}:
        texts = _numbers(cells) if float in types else cast("Sequence[str]", cells)
        # Old workbooks may hold NUL characters, which no table of text can.
        return [text.replace("\x00", "") for text in texts] if "\x00" in "".join(texts) else texts
    is_moment = any(map(_has_time, cells))
    return [cell_text(cell, is_moment=is_moment) for cell in cells]


def _numbers(cells: Sequence[Cell]) -> list[str]:
    """Numbers, and texts between them, as texts; columns of whole numbers, which are many, without a look at each."""
    floats = [cell for cell in cells if type(cell) is float]
    try:
        whole = list(map(int, floats))
    except (OverflowError, ValueError):  # infinite, or no number
        whole = []
    if whole == floats and max(map(abs, floats)) < MOST_WHOLE:
        texts = map(str, whole)
        return [next(texts) if type(cell) is float else cast("str", cell) for cell in cells]
    return [number_text(cell) if type(cell) is float else cast("str", cell) for cell in cells]


def _all_fit(columns: Sequence[Sequence[str]], header: Header) -> bool:
    """True where each row fits as it is: nothing stands right of the table, and no row can be too long."""
    longest = sum(max(map(len, cells), default=0) for cells in columns[: header.n_columns])
    is_short = longest * MOST_BYTES_PER_CHARACTER < MAX_RECORD_BYTES
    return is_short and len(columns) >= header.n_columns and not any(map(any, columns[header.n_columns :]))


def _body(
    columns: Sequence[Sequence[str]], header: Header, lines: LineReport, progress: Progress
) -> list[Sequence[str]]:
    """The columns of the table below its header, all of one length, without rows that are blank."""
    if not _all_fit(columns, header):
        rows = list(_fitting(columns, header, lines, progress))
        return [*zip(*rows, strict=True)] if rows else [() for _ in range(header.n_columns)]
    table = columns[: header.n_columns]
    filled = _filled(table)
    lines.n_blank = filled.count(False)
    kept = [list(compress(cells, filled)) for cells in table] if lines.n_blank else table
    return [cells[header.n_skipped :] for cells in kept]


def _filled(columns: Sequence[Sequence[str]]) -> list[bool]:
    """Which rows have a cell that is not blank."""
    if any("" not in cells for cells in columns):
        return [True] * len(columns[0])
    return [any(row) for row in zip(*columns, strict=True)]


def _fitting(
    columns: Sequence[Sequence[str]], header: Header, lines: LineReport, progress: Progress
) -> Iterator[Sequence[str]]:
    """The rows below the header one by one, made to fit where they can be."""
    n_seen = 0
    for line, row in enumerate(zip(*columns, strict=True), 1):
        if not any(row):
            lines.n_blank += 1
            continue
        n_seen += 1
        if n_seen <= header.n_skipped:
            continue
        if n_seen % 10_000 == 0:
            progress("reading rows", n_seen, 0)
        # Rows end where their last filled cell is, which is no fault of the row.
        tidy = _without_tail(list(row))
        fitting = fitted(tidy + [""] * (header.n_columns - len(tidy)), line, header.n_columns, lines)
        if fitting is not None:
            yield fitting

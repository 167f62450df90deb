"""The sheets of a workbook: which are read, which are left, merged cells filled, several sheets below each other."""

import datetime as dt
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.headers import detect_header
from services.ingestion.domain.reading_options import ReadingOptions
from services.ingestion.domain.refusals import (
    DAMAGED,
    NO_SUCH_SHEET,
    NO_TABLE,
    PROTECTED,
    TOO_COMPLEX,
    FileRefused,
)

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
Row = list[Cell]
SHEET_COLUMN = "sheet"
_SAMPLE_ROWS = 500
_N_LISTED = 20
MOST_WHOLE = 1e15
"""A double keeps so many digits of a whole number."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """The rows that are read, and what the import report says of the workbook."""

    rows: list[Row]
    how: dict[str, Any]


def read_sheets(source: Path, options: ReadingOptions, text: Callable[[Cell], str]) -> Sheets:
    """Return the rows of the first visible sheet that has any, or of those that a person has told.

    Several sheets come below each other under one header, with a column that names the sheet. `text` shows a cell as text.
    Raises FileRefused where the workbook cannot be opened, a sheet is not there, or headers differ.
    """
    with opened_workbook(source) as book:
        # A sheet is parsed when it is opened, which is the dearest part of all.
        opened = cache(book.get_sheet_by_name)
        names = _chosen(book, opened, options)
        tables = [_rows(opened(name)) for name in names]
    how = {
        "sheet": ", ".join(names),
        "other_sheets": [name for name in book.sheet_names if name not in names],
        "hidden_sheets": _hidden(book),
        "merged_cells_filled": sum(n for _, n in tables),
    }
    if len(names) == 1:
        return Sheets(tables[0][0], how)
    return Sheets(_combined(names, [rows for rows, _ in tables], text), how)


@contextmanager
def opened_workbook(source: Path) -> Iterator["CalamineWorkbook"]:
    """Yield the workbook; raises FileRefused where it, or a sheet that is parsed meanwhile, cannot be read."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        yield CalamineWorkbook.from_path(str(source))
    except PasswordError as error:
        raise FileRefused(
            PROTECTED,
            "The workbook is protected by a password.",
            "Open it where it was made, remove the password, save it and upload it again.",
        ) from error
    except (CalamineError, OSError) as error:
        raise FileRefused(
            DAMAGED,
            f"The workbook cannot be opened: {str(error).strip() or 'it ends too early'}.",
            "If it is protected by a password, remove the protection; else save it again and upload the copy.",
        ) from error


def refuse_bomb(source: Path, most_bytes: int, hint: str) -> None:
    """Raise FileRefused for a workbook that unfolds to more than `most_bytes`.

    A small archive may unfold to any size. Its directory can lie; then the memory limit of the process holds.
    What is no archive (.xls) or a broken one is left to the reader.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            n_bytes = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        return
    if n_bytes > most_bytes:
        raise FileRefused(
            TOO_COMPLEX,
            f"The workbook unfolds to {n_bytes >> 20} MiB; at most {most_bytes >> 20} MiB can be read.",
            hint,
        )


def cell_text(cell: Cell, *, is_moment: bool) -> str:
    """The cell as text. A day is a date, unless other cells of its column (`is_moment`) have a time of day."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return number_text(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ") if is_moment else cell.date().isoformat()
    if isinstance(cell, dt.time | dt.date):
        return f"{cell.isoformat()} 00:00:00" if is_moment and isinstance(cell, dt.date) else cell.isoformat()
    # Old workbooks may hold NUL characters, which no table of text can.
    return str(cell).replace("\x00", "")


def number_text(cell: float) -> str:
    """A number as text, whole ones without a point."""
    # The comparison is the shortest way to ask for a whole number, and false for what is none.
    return str(int(cell)) if -MOST_WHOLE < cell < MOST_WHOLE and cell % 1 == 0 else str(cell)


def _hidden(book: "CalamineWorkbook") -> list[str]:
    return [sheet.name for sheet in book.sheets_metadata if not str(sheet.visible).endswith("Visible")]


def _chosen(
    book: "CalamineWorkbook", opened: Callable[[str], "CalamineSheet"], options: ReadingOptions
) -> list[str]:
    if options.sheets:
        return list(dict.fromkeys(_named(book.sheet_names, told) for told in options.sheets))
    hidden = set(_hidden(book))
    for name in sorted(book.sheet_names, key=lambda name: name in hidden):
        if opened(name).height:
            return [name]
    raise FileRefused(NO_TABLE, "No sheet of the workbook has a row.", "Put the table on the first sheet.")


def _named(names: Sequence[str], told: str) -> str:
    """The sheet of that name, or at that position from 1."""
    if told in names:
        return told
    if told.isdecimal() and 1 <= int(told) <= len(names):
        return names[int(told) - 1]
    listed = ", ".join(names[:_N_LISTED])
    raise FileRefused(
        NO_SUCH_SHEET,
        f"The workbook has no sheet {told!r}; it has {listed}.",
        "Give a name as it is written there, or a position from 1.",
    )


def _rows(sheet: "CalamineSheet") -> tuple[list[Row], int]:
    """The sheet's rows, cells that are merged downwards filled, and how many were."""
    rows: list[Row] = sheet.to_python()
    if not rows:
        raise FileRefused(NO_TABLE, f"The sheet {sheet.name!r} has no row.", "Choose another sheet.")
    top, left = sheet.start or (0, 0)
    filled = 0
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        place = column - left
        value = rows[first - top][place] if 0 <= first - top < len(rows) and place >= 0 else ""
        for row in rows[first - top + 1 : last - top + 1]:
            if value != "" and place < len(row) and row[place] == "":
                row[place] = value
                filled += 1
    return rows, filled


def _combined(names: Sequence[str], tables: Sequence[list[Row]], text: Callable[[Cell], str]) -> list[Row]:
    headers = []
    for rows in tables:
        sample = [
            [text(cell) for cell in row] for row in rows[:_SAMPLE_ROWS] if any(cell != "" for cell in row)
        ]
        headers.append(detect_header(sample))
    first = headers[0]
    for name, header in zip(names[1:], headers[1:], strict=True):
        if header.names != first.names or not header.has_header:
            odd = next(iter(set(header.names).symmetric_difference(first.names)), "the order of columns")
            raise FileRefused(
                NO_TABLE,
                f"The sheets {names[0]!r} and {name!r} have different headers: {odd}.",
                "Read them as datasets of their own, then append these by alias.",
            )
    combined: list[Row] = [[*first.names, SHEET_COLUMN]]
    for name, header, rows in zip(names, headers, tables, strict=True):
        filled = [row for row in rows if any(cell != "" for cell in row)][header.n_skipped :]
        padded = (row[: header.n_columns] + [""] * (header.n_columns - len(row)) for row in filled)
        combined += [[*row, name] for row in padded]
    return combined

"""JSON lines, or one JSON list of objects → the same table of texts that a delimited file becomes.

Each object is a row, each name a column, in the order in which names appear first. Objects inside are taken apart
(`address.city`), lists of plain values become one cell with `;` between them, other lists stay JSON. A line that is no
object is rejected with its number.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from services.ingestion.domain.delimited import (
    MAX_COLUMNS,
    Progress,
    RawTable,
    drop_told_markers,
    load_strict,
    write_strict,
)
from services.ingestion.domain.headers import Header, unique_aliases
from services.ingestion.domain.reading_options import ReadingOptions
from services.ingestion.domain.records import MAX_CELL_CHARACTERS, LineReport, too_large
from services.ingestion.domain.refusals import DAMAGED, NO_TABLE, TOO_COMPLEX, FileRefused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SEPARATOR = ";"
_MAX_LIST_BYTES = 256 << 20
_MAX_DEPTH = 8
_MAX_REJECTED_RATIO = 0.5
_MARK = b"\xef\xbb\xbf"
Row = dict[str, str]


def read_json(
    connection: "DuckDBPyConnection",
    source: Path,
    work: Path,
    progress: Progress,
    options: ReadingOptions,
) -> RawTable:
    """Return the table of texts; raises FileRefused when most of the file is no JSON, or holds no object."""
    lines = LineReport()
    names: dict[str, None] = {}
    n_rows = 0
    for row in _rows(source, lines):
        names.update(dict.fromkeys(row))
        n_rows += 1
        if len(names) > MAX_COLUMNS:
            raise FileRefused(
                TOO_COMPLEX,
                f"The objects have more than {MAX_COLUMNS} different names; so many columns cannot be read.",
                "Give every object the same names; put what varies into lists of values.",
            )
        if n_rows % 10_000 == 0:
            progress("looking for names", n_rows, 0)
    _refuse_unless_most(n_rows, lines)
    aliases, repairs = unique_aliases(list(names))
    header = Header(0, True, tuple(names), aliases, tuple(repairs), "the objects name their values")
    strict = work / "strict.csv"
    with strict.open("w", encoding="utf-8", newline="") as out:
        write_strict(_cells(_rows(source, LineReport()), names, n_rows, progress), out)
    n_loaded = load_strict(connection, strict, header)
    strict.unlink()
    how = {"header": {"present": True, "reason": header.reason, "repairs": list(header.repairs)}}
    drop_told_markers(connection, header, options)
    return RawTable(header, n_loaded, "", lines, how=how, options=options)


def _refuse_unless_most(n_rows: int, lines: LineReport) -> None:
    if lines.n_rejected > (n_rows + lines.n_rejected) * _MAX_REJECTED_RATIO:
        first = lines.rejected[0]
        raise FileRefused(
            DAMAGED,
            f"{lines.n_rejected} of {n_rows + lines.n_rejected} lines are no JSON objects; the first is line {first.line}: {first.reason}.",
            "Write one object per line (JSON lines), or a list of objects, in UTF-8.",
        )
    if n_rows == 0:
        raise FileRefused(NO_TABLE, "There is no object in the file.", "Write one object per row.")


def _cells(rows: Iterable[Row], names: Iterable[str], n_rows: int, progress: Progress) -> Iterator[list[str]]:
    ordered = list(names)
    for number, row in enumerate(rows):
        if number % 10_000 == 0:
            progress("reading rows", number, n_rows)
        yield [row.get(name, "") for name in ordered]


def _rows(source: Path, lines: LineReport) -> Iterator[Row]:
    with source.open("rb") as file:
        start = file.read(len(_MARK))
        file.seek(len(_MARK) if start == _MARK else 0)
        begin = file.tell()
        is_list = file.read(4096).lstrip().startswith(b"[")
        file.seek(begin)
        objects = _list_items(source, file.read()) if is_list else _lines(file, lines)
        for number, item in objects:
            row = _flat(number, item, lines)
            if row is not None:
                yield row


def _lines(file: Iterable[bytes], lines: LineReport) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            lines.n_blank += 1
            continue
        try:
            yield number, orjson.loads(line)
        except orjson.JSONDecodeError as error:
            lines.reject(number, f"no JSON: {error.msg}", line.decode("utf-8", "replace").strip())


def _list_items(source: Path, content: bytes) -> Iterator[tuple[int, Any]]:
    if source.stat().st_size > _MAX_LIST_BYTES:
        raise FileRefused(
            TOO_COMPLEX,
            f"A list of objects is read whole, up to {_MAX_LIST_BYTES >> 20} MiB.",
            "Write one object per line (JSON lines); such a file may be much larger.",
        )
    try:
        items = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise FileRefused(
            DAMAGED,
            f"The file begins as a JSON list and is none: {error.msg} at character {error.pos}.",
            "Export it again; the upload may have been cut off.",
        ) from error
    yield from enumerate(items, 1)


def _flat(number: int, item: Any, lines: LineReport) -> Row | None:
    if not isinstance(item, dict):
        lines.reject(number, "JSON, but no object", orjson.dumps(item).decode()[:200])
        return None
    row: Row = {}
    _take_apart(item, "", row, 0)
    too_long = next((name for name, cell in row.items() if len(cell) > MAX_CELL_CHARACTERS), None)
    if too_long is not None:
        lines.reject(number, f"{too_long} has more than {MAX_CELL_CHARACTERS:,} characters", row[too_long])
        return None
    reason = too_large(row.values())
    if reason is not None:
        lines.reject(number, reason, "")
        return None
    return row


def _take_apart(item: dict[str, Any], prefix: str, row: Row, depth: int) -> None:
    for name, value in item.items():
        full = f"{prefix}{name}".replace("\x00", "")
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            _take_apart(value, f"{full}.", row, depth + 1)
        else:
            row[full] = _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return _SEPARATOR.join(_text(item) for item in value)
    return orjson.dumps(value).decode()

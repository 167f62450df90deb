"""A delimited text file → a table of texts in DuckDB, every row read, every row that does not fit reported.

DuckDB reads with the dialect prescribed (its own detection turns ragged rows into one column). Where it rejects
anything, the file is read again record by record (`records`), rewritten in a strict dialect and loaded from there.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.bytescan import BLANKS, LineEndings, line_endings
from services.ingestion.domain.dialects import (
    NAMES,
    NO_DELIMITER,
    SAMPLE_CHARACTERS,
    Dialect,
    detect_dialect,
    excel_directive,
    sample_rows,
)
from services.ingestion.domain.encodings import Encoding, decode_chunks, detect_encoding
from services.ingestion.domain.guarding import free_guarded
from services.ingestion.domain.headers import Header, detect_header
from services.ingestion.domain.quoting import literal
from services.ingestion.domain.reading_options import ReadingOptions
from services.ingestion.domain.records import LineReport, fitted, records
from services.ingestion.domain.refusals import DAMAGED, NO_TABLE, NOT_TEXT, TOO_COMPLEX, FileRefused
from services.ingestion.domain.told_shape import told_dialect, told_encoding, told_header

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RAW_TABLE = "raw"
MAX_COLUMNS = 5000
_CHUNK_BYTES = 1 << 20
_MAX_UNDECODABLE_RATIO = 0.01
_MAX_REJECTED_RATIO = 0.5
_MIN_ROWS_TO_JUDGE = 10
_GIANT_LINE_CHARACTERS = 100_000
_ROWS_AT_ONCE = 50_000
_STRICT = Dialect(",", '"', None, "rewritten")

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class RawTable:
    """A table of texts in DuckDB (`raw`, columns c0, c1 …) and how it came about."""

    header: Header
    n_rows: int
    delimiter: str
    lines: LineReport
    # The kinds of blanks that occur in the file: only these can stand around a cell.
    blanks: str = BLANKS
    how: dict[str, Any] = field(default_factory=dict)
    # Which columns are texts whose meaning is yet to be found; None: all of them.
    texts: Sequence[int] | None = None
    # What a person should check about the file as a whole.
    doubts: list[str] = field(default_factory=list)
    # What a person has told about reading it.
    options: ReadingOptions = field(default_factory=ReadingOptions)

    @property
    def text_indices(self) -> Sequence[int]:
        """The columns whose cells are texts."""
        return range(self.header.n_columns) if self.texts is None else self.texts


def column(index: int) -> str:
    """Return the name of a column of the table of texts."""
    return f"c{index}"


def read_delimited(
    connection: "DuckDBPyConnection",
    source: Path,
    work: Path,
    progress: Progress,
    options: ReadingOptions,
) -> RawTable:
    """Return a text file's table of texts; raises FileRefused when there is none in it."""
    encoding = told_encoding(source, options) or detect_encoding(_chunks(source, progress))
    path, n_undecodable = _as_plain_utf8(source, work, encoding)
    endings = line_endings(_chunks(path), _CHUNK_BYTES)
    sample = _sample(path)
    dialect = told_dialect(sample, options) or detect_dialect(sample)
    rows = sample_rows(sample, dialect)
    header = told_header(rows, options) or detect_header(
        rows, has_directive=excel_directive(sample) is not None
    )
    if not rows or header.n_columns > MAX_COLUMNS:
        raise _no_table(header, n_rows=len(rows), sample=sample)
    text = _Text(path, dialect, header, has_crlf=endings.has_crlf)
    lines = LineReport()
    plain = text.obeys and endings.uniform and header.n_above == 0
    if not (plain and _load_fast(connection, text, lines)):
        lines = LineReport()
        _load_slowly(connection, text, work / "strict.csv", lines, progress)
    drop_told_markers(connection, header, options)
    n_rows = _count(connection)
    _refuse_rubbish(n_rows, lines, dialect)
    how = _describe(encoding, n_undecodable, endings, dialect, header)
    if endings.has_apostrophe:
        n_freed = free_guarded(connection, RAW_TABLE, [column(i) for i in range(header.n_columns)])
        how |= {"freed_of_apostrophes": n_freed} if n_freed else {}
    doubts = _doubts_about_the_end(path, dialect)
    return RawTable(
        header, n_rows, dialect.delimiter, lines, endings.blanks, how, doubts=doubts, options=options
    )


def drop_told_markers(connection: "DuckDBPyConnection", header: Header, options: ReadingOptions) -> None:
    """Empty the cells that hold a text which, as a person has told, means that there is no value."""
    for index, alias in enumerate(header.aliases):
        told = (*options.missing, *options.missing_of.get(alias, ()))
        if told:
            cell = f"trim({column(index)}, {literal(BLANKS)})"
            markers = ", ".join(map(literal, told))
            connection.execute(f"UPDATE {RAW_TABLE} SET {column(index)} = NULL WHERE {cell} IN ({markers})")


def _doubts_about_the_end(path: Path, dialect: Dialect) -> list[str]:
    """What speaks for a file that was cut off: a quote that opens a cell of the last line and does not close."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _CHUNK_BYTES))
        last = file.read().rpartition(b"\n")[2]
    begin, quote = re.escape(dialect.delimiter.encode()), re.escape(dialect.quote.encode())
    opens = re.search(rb"(?:^|%b)%b(?:[^%b]|%b%b)*$" % (begin, quote, quote, quote, quote), last)
    is_cut = opens is not None and dialect.escape is None
    return ["the last line ends within a quoted cell: the file may have been cut off"] if is_cut else []


def _chunks(path: Path, progress: Progress | None = None) -> Iterator[bytes]:
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            done += len(chunk)
            if progress:
                progress("reading", done, total)
            yield chunk


def _as_plain_utf8(source: Path, work: Path, encoding: Encoding) -> tuple[Path, int]:
    if encoding.name == "utf-8" and encoding.mark_bytes == 0 and encoding.is_exact:
        return source, 0
    target = work / "text.csv"
    n_undecodable = n_characters = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        for text in decode_chunks(_chunks(source), encoding):
            # In an exact encoding U+FFFD is a character that somebody wrote, not one that could not be read.
            n_undecodable += 0 if encoding.is_exact else text.count("\ufffd")
            n_characters += len(text)
            file.write(text)
    if n_undecodable > n_characters * _MAX_UNDECODABLE_RATIO:
        raise FileRefused(
            NOT_TEXT,
            f"{n_undecodable} of {n_characters} characters cannot be read as {encoding.name}.",
            "Save the file as CSV in UTF-8 and upload it again.",
        )
    return target, n_undecodable


def _sample(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        sample = file.read(SAMPLE_CHARACTERS)
        if file.read(1):
            sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    return sample


@dataclass(frozen=True, slots=True)
class _Text:
    """A UTF-8 text without mark, how it is cut, and the shape of the table in it."""

    path: Path
    dialect: Dialect
    header: Header
    has_crlf: bool = False

    @property
    def line_end_option(self) -> str:
        """How DuckDB is told where lines end.

        Left to guess, it may take a carriage return inside the first cells for the end of a line, and reject the
        rows. Told CRLF, version 2.0.0 does not find the ends, so there it has to guess.
        """
        return "" if self.has_crlf else "new_line='\\n', "

    @property
    def obeys(self) -> bool:
        """True when DuckDB's reader knows the dialect."""
        dialect = self.dialect
        return dialect.escape is None and dialect.quote == '"' and dialect.delimiter != NO_DELIMITER


def _load_fast(connection: "DuckDBPyConnection", text: _Text, lines: LineReport) -> bool:
    """Load all rows with DuckDB's own reader; False when it rejects any, and nothing is left behind then."""
    import duckdb

    try:
        _read_csv(connection, text)
    except duckdb.Error:
        connection.execute(f"DROP TABLE IF EXISTS {RAW_TABLE}")
        return False
    if _n_rejected(connection):
        connection.execute(f"DROP TABLE {RAW_TABLE}")
        return False
    blank = " AND ".join(f"{column(i)} IS NULL" for i in range(text.header.n_columns))
    lines.n_blank = connection.execute(f"DELETE FROM {RAW_TABLE} WHERE {blank}").fetchall()[0][0]
    if text.header.has_header:
        first = f"SELECT rowid FROM {RAW_TABLE} ORDER BY rowid LIMIT {text.header.n_rows}"
        connection.execute(f"DELETE FROM {RAW_TABLE} WHERE rowid IN ({first})")
    return True


def _read_csv(connection: "DuckDBPyConnection", text: _Text) -> None:
    columns = ", ".join(f"'{column(i)}': 'VARCHAR'" for i in range(text.header.n_columns))
    connection.execute(
        f"CREATE OR REPLACE TABLE {RAW_TABLE} AS SELECT * FROM read_csv({literal(str(text.path))}, "
        f"delim={literal(text.dialect.delimiter)}, quote='\"', escape='\"', header=false, auto_detect=false, "
        f"{text.line_end_option}columns={{{columns}}}, store_rejects=true, rejects_limit=1, strict_mode=true)"
    )


def _load_slowly(
    connection: "DuckDBPyConnection", text: _Text, strict: Path, lines: LineReport, progress: Progress
) -> None:
    size = text.path.stat().st_size
    with text.path.open("rb") as raw, strict.open("w", encoding="utf-8", newline="") as out:
        wrapped = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        rows = records(wrapped, text.dialect, lines)
        write_strict(_body(rows, text.header, lines, lambda: progress("repairing", raw.tell(), size)), out)
    load_strict(connection, strict, text.header)
    strict.unlink()


def _body(
    rows: Iterator[tuple[int, list[str]]], header: Header, lines: LineReport, tick: Callable[[], None]
) -> Iterator[list[str]]:
    for number, (line, row) in enumerate(rows):
        if number < header.n_skipped:
            continue
        if number % 10_000 == 0:
            tick()
        fitting = fitted(row, line, header.n_columns, lines)
        if fitting is not None:
            yield fitting


def write_strict(rows: Iterable[Sequence[str]], out: io.TextIOBase) -> None:
    """Write rows in the dialect that `load_strict` reads back equal: commas, all cells quoted."""
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)


def write_strict_columns(columns: Sequence[Sequence[str]], out: io.TextIOBase) -> None:
    """Write a table given by its columns, none of whose rows is blank, for `load_strict`; five times faster than row by row."""
    written = [_quoted(cells) if _needs_quotes("".join(cells)) else cells for cells in columns]
    for start in range(0, len(written[0]), _ROWS_AT_ONCE):
        piece = zip(*(cells[start : start + _ROWS_AT_ONCE] for cells in written), strict=True)
        out.write("".join(f"{','.join(row)}\n" for row in piece))


def _needs_quotes(text: str) -> bool:
    return any(character in text for character in ',"\n\r')


def _quoted(cells: Sequence[str]) -> list[str]:
    return ['"' + cell.replace('"', '""') + '"' if cell else "" for cell in cells]


def load_strict(connection: "DuckDBPyConnection", path: Path, header: Header) -> int:
    """Load the rows that `write_strict` wrote, header left out, as the table of texts; returns their number."""
    _read_csv(connection, _Text(path, _STRICT, header))
    if _n_rejected(connection):
        raise RuntimeError(
            "DuckDB rejects rows of a file that was written for it: they would be lost silently"
        )
    return _count(connection)


def _n_rejected(connection: "DuckDBPyConnection") -> int:
    n_rejected = int(connection.execute("SELECT count(*) FROM reject_errors").fetchall()[0][0])
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    return n_rejected


def _count(connection: "DuckDBPyConnection") -> int:
    return int(connection.execute(f"SELECT count(*) FROM {RAW_TABLE}").fetchall()[0][0])


def _no_table(header: Header, *, n_rows: int, sample: str) -> FileRefused:
    if n_rows == 0 and max(map(len, sample.splitlines()), default=0) > _GIANT_LINE_CHARACTERS:
        return FileRefused(
            TOO_COMPLEX,
            f"The first line has a cell of more than {_GIANT_LINE_CHARACTERS:,} characters, which no table begins with.",
            "Check the delimiter, the quotes and the line ends, then export the file again.",
        )
    if n_rows == 0:
        return FileRefused(
            NO_TABLE, "There is no row in the file.", "Export the table with its rows and upload it again."
        )
    return FileRefused(
        TOO_COMPLEX,
        f"The table has {header.n_columns} columns; at most {MAX_COLUMNS} can be read.",
        "Split the table, or turn it so that each row is one case and each column one variable.",
    )


def _refuse_rubbish(n_rows: int, lines: LineReport, dialect: Dialect) -> None:
    n_seen = n_rows + lines.n_rejected
    if n_seen >= _MIN_ROWS_TO_JUDGE and lines.n_rejected > n_seen * _MAX_REJECTED_RATIO:
        raise FileRefused(
            DAMAGED,
            f"{lines.n_rejected} of {n_seen} rows do not fit the columns (delimiter {NAMES[dialect.delimiter]}); "
            f"the first is line {lines.rejected[0].line}: {lines.rejected[0].reason}.",
            "Check that cells holding the delimiter or a quote are quoted, then export the file again.",
        )


def _describe(
    encoding: Encoding, n_undecodable: int, endings: LineEndings, dialect: Dialect, header: Header
) -> dict[str, Any]:
    return {
        "encoding": {
            "name": encoding.name,
            "reason": encoding.reason,
            "alternatives": list(encoding.alternatives),
            "byte_order_mark": encoding.mark_bytes > 0,
            "undecodable_characters": n_undecodable,
        },
        "dialect": {
            "delimiter": NAMES[dialect.delimiter],
            "quote": dialect.quote,
            "escape": dialect.escape,
            "reason": dialect.reason,
            "alternatives": list(dialect.alternatives),
            "line_endings": endings.name,
        },
        "header": header.as_json(),
    }

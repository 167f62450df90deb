"""Encoding, dialect and header as a person has told them, instead of what would be detected."""

import codecs
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from services.ingestion.domain.dialects import Dialect, detect_dialect
from services.ingestion.domain.encodings import MARKS, Encoding
from services.ingestion.domain.headers import Header, detect_header, header_of_layout, unique_aliases
from services.ingestion.domain.reading_options import ReadingOptions
from services.ingestion.domain.survey_headers import find_layout, join_rows

REASON = "you told so"
_LONGEST_MARK = 4


def told_encoding(source: Path, options: ReadingOptions) -> Encoding | None:
    """Return the told encoding, with the length of its mark where the file begins with one; None where nothing was told."""
    if options.encoding is None:
        return None
    name = codecs.lookup(options.encoding).name
    with source.open("rb") as file:
        head = file.read(_LONGEST_MARK)
    marks = [
        len(mark) for mark, marked in MARKS if head.startswith(mark) and codecs.lookup(marked).name == name
    ]
    return Encoding(name, marks[0] if marks else 0, REASON, is_exact=False)


def told_dialect(sample: str, options: ReadingOptions) -> Dialect | None:
    """Return the told dialect; what was not told of it is detected. None where nothing was told."""
    if options.delimiter is None and options.quote is None:
        return None
    found = detect_dialect(sample)
    delimiter = options.delimiter_character or found.delimiter
    return replace(found, delimiter=delimiter, quote=options.quote or found.quote, reason=REASON)


def told_header(rows: Sequence[Sequence[str]], options: ReadingOptions) -> Header | None:
    """Return the told shape of a table by its first rows; None where nothing was told."""
    if options.header is None and options.rows_above is None and options.header_rows is None:
        return None
    n_above = options.rows_above or 0
    if options.header_rows is not None and options.header_rows > 1:
        return _header_of_rows(rows, n_above, options.header_rows)
    if options.header is None and options.header_rows is None:
        found = detect_header(rows[n_above:])
        return replace(found, n_skipped=found.n_skipped + n_above)
    body = rows[n_above:]
    width = max((len(row) for row in body), default=1)
    is_named = options.header is not False
    first = [cell.strip() for cell in body[0]] if is_named and body else []
    names = tuple(first + [""] * (width - len(first)))
    aliases, repairs = unique_aliases(names, explicit=is_named)
    return Header(n_above + is_named, is_named, names, aliases, tuple(repairs), REASON)


def _header_of_rows(rows: Sequence[Sequence[str]], n_above: int, n_rows: int) -> Header:
    """The header that so many rows form: like that of a survey program, where they are one, else questions above items."""
    body = rows[n_above:] or [[""]]
    found = find_layout(body)
    layout = found if found is not None and found.n_rows == n_rows else join_rows(body, n_rows)
    return replace(header_of_layout(layout, rows, n_above), reason=REASON)

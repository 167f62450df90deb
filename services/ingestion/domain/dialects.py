"""How a delimited text is cut into cells: delimiter, quote and escape, proposed by CleverCSV and then verified.

CleverCSV (van den Burg, Nazábal & Sutton 2019, "Wrangling messy CSV files by detecting row and type patterns")
judges by patterns of rows and types; its answer is only taken when the sample really falls into rows of one width.
"""

import _csv
import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
# Stands for "one column": a character that no text contains (ASCII 31, unit separator).
NO_DELIMITER = "\x1f"
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", NO_DELIMITER: "none (one column)"}
# CleverCSV is quadratic in places; this much shows the dialect.
_CLEVERCSV_CHARACTERS = 32_000
SAMPLE_CHARACTERS = 200_000
# How many of the first rows must have one width: fewer where the very first (the header) has it too; more, and three
# columns at least, where titles may stand above the table.
_MIN_CONSISTENCY = 0.5
_MIN_CONSISTENCY_BELOW_TITLES = 0.7
_MIN_QUOTED_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class Dialect:
    """Delimiter, quote and escape characters of a delimited text, and why they were chosen."""

    delimiter: str
    quote: str
    escape: str | None
    reason: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A sample as one dialect reads it: the commonest width, the share of rows that have it, the first row's fit."""

    delimiter: str
    width: int
    consistency: float
    first_row_fits: bool

    @property
    def holds(self) -> bool:
        if self.first_row_fits:
            return self.width > 1 and self.consistency >= _MIN_CONSISTENCY
        return self.width > 2 and self.consistency >= _MIN_CONSISTENCY_BELOW_TITLES  # noqa: PLR2004 - one more than two

    def rank(self, favourite: str) -> tuple[bool, float, bool, int]:
        return (self.first_row_fits, round(self.consistency, 2), self.delimiter == favourite, self.width)


def excel_directive(sample: str) -> str | None:
    """Return the delimiter that a first line such as `sep=;` prescribes (Excel's convention), or None."""
    first = sample.split("\n", 1)[0].strip("\r").lower()
    delimiter = first[4:].strip('"') or None if first.startswith("sep=") else None
    return delimiter if delimiter in DELIMITERS else None


def detect_dialect(sample: str) -> Dialect:
    """Return the dialect of a text by its first `SAMPLE_CHARACTERS`, whole lines; linear in the sample."""
    prescribed = excel_directive(sample)
    if prescribed:
        return Dialect(prescribed, '"', None, "the first line prescribes it (sep=)")
    favourite, quote, escape = "", '"', None
    holding = _holding(sample, quote, escape)
    if len(holding) > 1 or _may_quote_or_escape_otherwise(sample):
        favourite, quote, escape = _clevercsv_opinion(sample)
        holding = _holding(sample, quote, escape)
    holding.sort(key=lambda r: r.rank(favourite), reverse=True)
    if not holding:
        return Dialect(NO_DELIMITER, quote, escape, "no delimiter cuts the lines into rows of one width")
    best = holding[0]
    percent = round(best.consistency * 100)
    reason = f"{percent} % of the first rows have {best.width} cells with it"
    return Dialect(best.delimiter, quote, escape, reason, tuple(NAMES[r.delimiter] for r in holding[1:]))


def _holding(sample: str, quote: str, escape: str | None) -> list[_Reading]:
    readings = [_read(sample, delimiter, quote, escape) for delimiter in DELIMITERS if delimiter in sample]
    return [reading for reading in readings if reading.holds]


def _may_quote_or_escape_otherwise(sample: str) -> bool:
    # Its opinion takes a quarter of a second: asked only where an answer of its could be followed (see there).
    head = sample[:_CLEVERCSV_CHARACTERS]
    return "\\" in head or ("'" in head and '"' not in head)


def _clevercsv_opinion(sample: str) -> tuple[str, str, str | None]:
    import clevercsv

    head = sample[:_CLEVERCSV_CHARACTERS]
    try:
        found = clevercsv.Detector().detect(head, delimiters=list(DELIMITERS))
    except clevercsv.exceptions.NoDetectionResult:
        found = None
    if found is None:
        return "", '"', None
    quote = "'" if found.quotechar == "'" and _apostrophes_quote(head, found.delimiter or "") else '"'
    escape = "\\" if found.escapechar == "\\" and "\\" + quote in head else None
    return found.delimiter or "", quote, escape


def _apostrophes_quote(head: str, delimiter: str) -> bool:
    """True when apostrophes stand around cells throughout, and are not just characters of words."""
    if '"' in head or not delimiter:
        return False
    cells = [cell.strip() for line in head.splitlines() for cell in line.split(delimiter)]
    words = [cell for cell in cells if cell and not cell.lstrip("+-").replace(".", "").isdecimal()]
    quoted = [word for word in words if len(word) > 1 and word.startswith("'") and word.endswith("'")]
    return len(quoted) > max(1, len(words) * _MIN_QUOTED_RATIO)


def _read(sample: str, delimiter: str, quote: str, escape: str | None) -> _Reading:
    widths = [len(row) for row in sample_rows(sample, Dialect(delimiter, quote, escape, ""))]
    if not widths:
        return _Reading(delimiter, 0, 0.0, first_row_fits=False)
    width, n_rows = max(Counter(widths).items(), key=lambda item: (item[1], item[0] == widths[0], item[0]))
    return _Reading(delimiter, width, n_rows / len(widths), first_row_fits=widths[0] == width)


def sample_rows(sample: str, dialect: Dialect) -> list[list[str]]:
    """Return the sample's rows that are not blank, cut by a dialect; cells too large for a table end the sample."""
    rows: list[list[str]] = []
    try:
        for row in reader(io.StringIO(sample, newline=""), dialect):
            if any(row):
                rows.append(row)  # noqa: PERF401 - keeps the rows before an error
    except csv.Error:
        pass
    return rows


def reader(lines: Iterable[str], dialect: Dialect) -> "_csv.Reader":
    """Return Python's reader of a dialect; lenient: a quote inside an unquoted cell is a character like others."""
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=True,
        strict=False,
    )

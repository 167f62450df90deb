"""Where a table begins and what its columns are called: preamble, header row, repaired names.

Aliases are the names that analyses use. Engines compare column names without regard to case, so `Age` and `age`
cannot both stay; each repair is reported.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.ingestion.domain.survey_headers import Layout, Title, find_layout, is_value

_MAX_PREAMBLE_ROWS = 20
_MIN_WIDTH_BELOW_TITLES = 3
_MIN_ROWS_TO_COMPARE = 3
_YEAR = re.compile(r"(?:19|20)\d\d")
# Reserved by the dataset contract for the parallel column of missing kinds.
_RESERVED_SUFFIX = "__missing"


@dataclass(frozen=True, slots=True)
class Header:
    """The shape of a table: rows to skip before the data, and for each column its name as found and its alias."""

    n_skipped: int
    has_header: bool
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    repairs: tuple[str, ...] = field(default=())
    reason: str = ""
    n_rows: int = 1
    """How many rows name the columns, where any does."""
    program: str = ""
    """Whose header of several rows it looks like."""
    titles: tuple[Title, ...] = field(default=())
    """What each column asks, where the header says so in rows of its own."""

    @property
    def n_columns(self) -> int:
        """The number of columns."""
        return len(self.names)

    @property
    def n_above(self) -> int:
        """Rows of titles and notes above the table."""
        return self.n_skipped - self.n_rows * self.has_header

    def as_json(self) -> dict[str, Any]:
        """Return the header as the import report shows it."""
        return {
            "present": self.has_header,
            "reason": self.reason,
            "rows": self.n_rows * self.has_header,
            "rows_above": self.n_above,
            "layout": self.program or None,
            "repairs": list(self.repairs),
        }


def detect_header(rows: Sequence[Sequence[str]], *, has_directive: bool = False) -> Header:
    """Return a table's shape by its first rows (none of them blank); linear in the sample."""
    first = 1 if has_directive else 0
    n_preamble = _count_preamble(rows, first)
    for start in range(first, n_preamble + 1):
        layout = find_layout(rows[start:], below_titles=start < n_preamble)
        if layout is not None:
            return header_of_layout(layout, rows, start)
    body = rows[n_preamble:]
    named, reason = _first_row_names(body)
    header = list(body[0]) if body and named else []
    width = _width(header, body[1:] if named else body)
    names = tuple(name.strip() for name in _fit(header, body[1:], width))
    aliases, repairs = unique_aliases(names, explicit=named)
    return Header(n_preamble + named, named, names, aliases, tuple(repairs), reason)


def header_of_layout(layout: Layout, rows: Sequence[Sequence[str]], start: int) -> Header:
    """Return the shape of a table whose header of several rows begins at row `start`."""
    n_skipped = start + layout.n_rows
    width = _width(layout.names, rows[n_skipped:])
    surplus = width - len(layout.names)
    names = layout.names + ("",) * surplus
    titles = layout.titles + (Title(""),) * surplus
    aliases, repairs = unique_aliases(names)
    found = (n_skipped, True, names, aliases, tuple(repairs), layout.reason)
    return Header(*found, n_rows=layout.n_rows, program=layout.program, titles=titles)


def _count_preamble(rows: Sequence[Sequence[str]], first: int) -> int:
    # Titles and notes above a table have one or two cells where the table has many.
    widths = [_used_width(row) for row in rows[first:]]
    usual = Counter(widths).most_common(1)[0][0] if widths else 0
    if usual < _MIN_WIDTH_BELOW_TITLES:
        return first
    for i, width in enumerate(widths[:_MAX_PREAMBLE_ROWS]):
        if width > usual / 2:
            return first + i
    return first


def _used_width(row: Sequence[str]) -> int:
    return max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=0)


def _first_row_names(body: Sequence[Sequence[str]]) -> tuple[bool, str]:
    if not body:
        return False, "there is no row"
    first = [cell.strip() for cell in body[0]]
    below = [{row[i].strip() for row in body[1:] if i < len(row)} for i in range(len(first))]
    values = [cell for cell in first if is_value(cell)]
    if values and not _are_years(values, first):
        return False, f"the first row holds values such as {values[0]!r}"
    if (
        len(body) >= _MIN_ROWS_TO_COMPARE
        and sum(_recurs(cell, seen) for cell, seen in zip(first, below, strict=True) if cell) > len(first) / 2
    ):
        return False, "the first row's texts come again below it"
    return True, "the first row holds names, not values"


def _recurs(cell: str, seen: set[str]) -> bool:
    # A column with nothing but its own name, or a blank, is an option that was chosen or not.
    return cell in seen and seen != {cell, ""}


def _are_years(values: list[str], first: list[str]) -> bool:
    # `country;2019;2020` names its columns by years.
    return all(map(_YEAR.fullmatch, values)) and values == sorted(set(values)) and len(values) < len(first)


def _width(header: Sequence[str], data: Sequence[Sequence[str]]) -> int:
    usual = Counter(len(row) for row in data).most_common(1)
    used = max((_used_width(row) for row in data if len(row) == usual[0][0]), default=0) if usual else 0
    return max(len(header), used, 1)


def _fit(header: list[str], data: Sequence[Sequence[str]], width: int) -> list[str]:
    if header and len(header) == width - 1 and all(row[:1] != [""] for row in data):
        # R's write.table names all columns but the first, which holds the row names.
        return ["", *header]
    return header + [""] * (width - len(header))


def unique_aliases(names: Sequence[str], *, explicit: bool = True) -> tuple[tuple[str, ...], list[str]]:
    """Return one alias per name, unique without regard to case, and a sentence for each repair."""
    taken: set[str] = set()
    wanted = {name.casefold() for name in names}
    aliases: list[str] = []
    repairs: list[str] = []
    for number, name in enumerate(names, 1):
        base = _usable(name) or f"column_{number}"
        alias = _free(base, taken, wanted)
        taken.add(alias.casefold())
        aliases.append(alias)
        if explicit and alias != name:
            what = "has no name" if not name else f"is called {name!r}"
            repairs.append(f"column {number} {what}; it is used as {alias!r}")
    return tuple(aliases), repairs


def _usable(name: str) -> str:
    return "".join(" " if ch.isspace() else ch for ch in name if ch.isprintable() or ch.isspace()).strip()


def _free(base: str, taken: set[str], wanted: set[str]) -> str:
    clash = base.casefold().endswith(_RESERVED_SUFFIX)
    if base.casefold() not in taken and not clash:
        return base
    number = 2
    while f"{base}_{number}".casefold() in taken | wanted:
        number += 1
    return f"{base}_{number}"

"""Where a table begins and what its columns are called: preamble, header row, repaired names.

Aliases are the names that analyses use. Engines compare column names without regard to case, so `Age` and `age`
cannot both stay; each repair is reported.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_MAX_PREAMBLE_ROWS = 20
_MIN_WIDTH_BELOW_TITLES = 3
_MIN_ROWS_TO_COMPARE = 3
_VALUE = re.compile(
    r"[+\-]?[\d.,\s]*\d[\d.,\s]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\S+@\S+\.\S+|https?://\S+"
)
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

    @property
    def n_columns(self) -> int:
        """The number of columns."""
        return len(self.names)


def detect_header(rows: Sequence[Sequence[str]], *, has_directive: bool = False) -> Header:
    """Return a table's shape by its first rows (none of them blank); linear in the sample."""
    n_preamble = _count_preamble(rows, 1 if has_directive else 0)
    body = rows[n_preamble:]
    named, reason = _first_row_names(body)
    header = list(body[0]) if body and named else []
    width = _width(header, body[1:] if named else body)
    names = tuple(name.strip() for name in _fit(header, body[1:], width))
    aliases, repairs = unique_aliases(names, explicit=named)
    return Header(n_preamble + named, named, names, aliases, tuple(repairs), reason)


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
    values = [cell for cell in first if _VALUE.fullmatch(cell)]
    if values and not _are_years(values, first):
        return False, f"the first row holds values such as {values[0]!r}"
    if (
        len(body) >= _MIN_ROWS_TO_COMPARE
        and sum(cell in seen for cell, seen in zip(first, below, strict=True) if cell) > len(first) / 2
    ):
        return False, "the first row's texts come again below it"
    return True, "the first row holds names, not values"


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

"""How a person says a file is to be read: what detection would decide otherwise, in one checked value.

Every alternative that the import report lists can be chosen here. What is left out is detected.
"""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.ingestion.domain.corrections import KINDS

DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
DATE_ORDERS: Final = ("dmy", "mdy", "ymd")
MOST_TEXTS: Final = 100
MOST_COLUMNS: Final = 5000
_MOST_ROWS_ABOVE: Final = 1000
_MOST_HEADER_ROWS: Final = 5
_LONGEST_TEXT: Final = 255
_LONGEST_SEPARATOR: Final = 10
_OF_ALL: Final = frozenset({"leave_out"})
_OF_ROWS: Final = _OF_ALL | {
    "header", "header_rows", "rows_above", "decimal", "date_order", "missing", "missing_of", "kinds", "separators",
}  # fmt: skip
BY_COLUMN: Final = ("kinds", "missing_of", "separators")
"""Options that are told column by column, and add up."""
_HEEDED: Final[Mapping[str, frozenset[str]]] = {
    "text": _OF_ROWS | {"encoding", "delimiter", "quote"},
    "json": _OF_ROWS - {"header", "header_rows", "rows_above"},
    **dict.fromkeys(("xlsx", "xlsb", "ods", "ole"), _OF_ROWS | {"sheets"}),
}
_MEMBERS: Final = (
    "encoding", "delimiter", "quote", "header", "header_rows", "rows_above", "decimal", "date_order", "missing", "missing_of", "sheets",
    "kinds", "separators", "leave_out",
)  # fmt: skip


class OptionsError(Exception):
    """Some options do not make sense; `errors` lists (JSON Pointer, sentence)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer}: {detail}" for pointer, detail in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What a person has decided about reading a file; None and empty: to be detected."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    header_rows: int | None = None
    rows_above: int | None = None
    decimal: str | None = None
    date_order: str | None = None
    missing: tuple[str, ...] = ()
    missing_of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    separators: Mapping[str, str] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()

    @property
    def delimiter_character(self) -> str | None:
        """The character between cells."""
        return DELIMITERS[self.delimiter] if self.delimiter else None

    def columns_told(self) -> list[tuple[str, str]]:
        """Return each column that an option names, after the name of the option."""
        by_column = [(name, alias) for name in BY_COLUMN for alias in getattr(self, name)]
        return [*by_column, *(("leave_out", alias) for alias in self.leave_out)]

    def told(self) -> dict[str, Any]:
        """Return what was told, by name."""
        return {name: value for name in _MEMBERS if (value := getattr(self, name)) not in (None, (), {})}


def merged_options(before: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with new ones above the old, as JSON Merge Patch: null takes one back, those by column add up."""
    found = {**before, **asked}
    for name in BY_COLUMN:
        if name in asked and asked[name] is None:
            continue
        told = {**before.get(name, {}), **(asked.get(name) or {})}
        found[name] = {alias: value for alias, value in told.items() if value is not None}
    return {name: value for name, value in found.items() if value is not None and value != {}}


def require_heeded(asked: Mapping[str, Any], file_format: str, *, pointer: str = "/options") -> None:
    """Raise OptionsError for options that change nothing in files of a format; null takes one back and always may."""
    heeded = _HEEDED.get(file_format, _OF_ALL)
    said = f"files of format {file_format} heed {', '.join(sorted(heeded))}"
    faults = [
        (f"{pointer}/{name}", said)
        for name, value in asked.items()
        if value not in (None, {}) and name not in heeded
    ]
    if faults:
        raise OptionsError(faults)


def read_options(given: Mapping[str, Any], *, pointer: str = "/options") -> ReadingOptions:
    """Return the typed options; raises OptionsError with every fault and its pointer."""
    faults = [
        (f"{pointer}/{name}", f"known: {', '.join(_MEMBERS)}") for name in given if name not in _MEMBERS
    ]
    for name, check in _CHECKS.items():
        fault = check(given[name]) if given.get(name) is not None else None
        if fault:
            faults.append((f"{pointer}/{name}", fault))
    if given.get("header") is False and given.get("header_rows") is not None:
        faults.append((f"{pointer}/header_rows", "`header` is false: no row names the columns"))
    if faults:
        raise OptionsError(faults)
    found: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in ("missing", "sheets", "leave_out"):
        found[name] = tuple(found.get(name, ()))
    return ReadingOptions(**found)


def _encoding(value: object) -> str | None:
    try:
        info = codecs.lookup(value) if isinstance(value, str) and len(value) <= _LONGEST_TEXT else None
    except (LookupError, ValueError):
        info = None
    if info is None or not info._is_text_encoding:  # noqa: SLF001 - the only way to tell base64 from an encoding
        return (
            f"there is no encoding {value!r}; give a name such as utf-8, cp1252, cp1250, iso8859-2, utf-16-le"
        )
    return None


def _choice(*allowed: str) -> Any:
    def check(value: object) -> str | None:
        return None if value in allowed else f"give one of: {', '.join(allowed)}"

    return check


def _header(value: object) -> str | None:
    return (
        None if isinstance(value, bool) else "give true where a row names the columns, false where none does"
    )


def _header_rows(value: object) -> str | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_HEADER_ROWS
    return None if is_count else f"give the number of rows that name the columns, 1 to {_MOST_HEADER_ROWS}"


def _rows_above(value: object) -> str | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_ROWS_ABOVE
    return None if is_count else f"give the number of rows above the header, 0 to {_MOST_ROWS_ABOVE}"


def _texts(value: object) -> str | None:
    texts = value if isinstance(value, list) and len(value) <= MOST_TEXTS else []
    fits = texts and all(isinstance(one, str) and 0 < len(one) <= _LONGEST_TEXT for one in texts)
    return None if fits else f"give a list of 1 to {MOST_TEXTS} texts"


def _missing_of(value: object) -> str | None:
    fits = isinstance(value, Mapping) and len(value) <= MOST_COLUMNS and not any(map(_texts, value.values()))
    return None if fits else 'give lists of texts by column, such as {"age":["99"]}'


def _separators(value: object) -> str | None:
    fits = isinstance(value, Mapping) and len(value) <= MOST_COLUMNS
    texts = value.values() if isinstance(value, Mapping) else ()
    fits = fits and all(isinstance(text, str) and 0 < len(text) <= _LONGEST_SEPARATOR for text in texts)
    return None if fits else 'give what stands between answers by column, such as {"brands":";"}'


def _columns(value: object) -> str | None:
    fits = (
        isinstance(value, list) and len(value) <= MOST_COLUMNS and all(isinstance(one, str) for one in value)
    )
    return None if fits and value else 'give a list of columns, such as ["email"]'


def _kinds(value: object) -> str | None:
    if not isinstance(value, Mapping) or len(value) > MOST_COLUMNS:
        return 'give kinds by column, such as {"zip":"id"}'
    unknown = [kind for kind in value.values() if kind not in KINDS]
    return f"there is no kind {unknown[0]!r}; known: {', '.join(sorted(KINDS))}" if unknown else None


_CHECKS: Final[Mapping[str, Any]] = {
    "encoding": _encoding,
    "delimiter": _choice(*DELIMITERS),
    "quote": _choice('"', "'"),
    "header": _header,
    "header_rows": _header_rows,
    "rows_above": _rows_above,
    "decimal": _choice("point", "comma"),
    "date_order": _choice(*DATE_ORDERS),
    "missing": _texts,
    "sheets": _texts,
    "kinds": _kinds,
    "missing_of": _missing_of,
    "separators": _separators,
    "leave_out": _columns,
}

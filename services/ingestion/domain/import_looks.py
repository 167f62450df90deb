"""How a file's import report looks to a person: the parts of its page, from the same JSON that the API answers with.

Pure. Everything here is a text or a number ready to be shown; the template only places it. Reports of any format are
shown: parts that this module does not know by name appear as lists of facts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_COLUMNS = 400
"""A page with more would be too heavy for a phone; the API lists them all."""
MOST_NOTES = 50
MOST_DOUBTS = 200
MOST_BLOCKS = 12
_LONGEST_CELL = 160
_LONGEST_BLOCK = 1_000
_PERCENT = 100
_FEW_PERCENT = 10
# Parts of the report that have a place of their own on the page.
_PLACED = frozenset(
    {
        "rows",
        "rejected",
        "repaired",
        "coerced",
        "markers",
        "doubts",
        "joined",
        "source",
        "format",
        "personal_data",
        "pages",
        "words",
        "headings",
        "tables",
        "pages_are",
    }
)
_COUNTED = ("pages", "words", "headings", "tables")
"""Of a document."""
_WORDS = {
    "id": "identifier",
    "datetime": "date and time",
    "ordered": "ordered scale",
    "multiple": "multiple response",
    "email": "e-mail address",
    "phone": "telephone number",
    "url": "web address",
    "text": "free text",
    "geo": "place",
    "boolean": "yes or no",
    "iban": "bank account number (IBAN)",
    "card": "payment card number",
    "ip_address": "address of a computer (IP)",
    "integer": "whole number",
    "decimal": "number",
    "multiple_response_set": "multiple-response set",
    "answer_with_other": "answer with a text of its own",
    "ocr": "text read from pictures",
}
_HIDDEN = "hidden"

Json = Mapping[str, Any]
Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Bar:
    """A value and how often it occurs; `width` is its share of the longest bar, 0 to 100."""

    label: str
    n: str
    width: float


@dataclass(frozen=True, slots=True)
class Bin:
    """A bar of a histogram in a box of 100 × 100; `y` is its upper edge."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ColumnLook:
    """A column's card."""

    anchor: str
    name: str
    label: str
    alias: str
    kind: str
    confidence: str
    reason: str
    missing: str
    missing_percent: float
    facts: Facts
    examples: list[str]
    bars: list[Bar]
    bins: list[Bin]
    ends: tuple[str, str]
    personal: str
    doubts: list[str]

    @property
    def needs_a_look(self) -> bool:
        """True where a person should check something."""
        return bool(self.doubts or self.personal)


@dataclass(frozen=True, slots=True)
class ReportLook:
    """The whole page's content."""

    facts: Facts
    tiles: Facts
    doubts: list[str]
    n_doubts: int
    personal: list[ColumnLook]
    joined: list[Json]
    sections: list[tuple[str, Facts]]
    rejected: list[Json]
    repaired: list[Json]
    coerced: list[Json]
    columns: list[ColumnLook]
    n_columns: int
    head: list[str] = field(default_factory=list)
    body: list[list[str]] = field(default_factory=list)
    beginning: Facts = field(default_factory=list)
    """Of a document: the first blocks of its first page, each with its kind."""


def look_of(file: Json, report: Json, preview: Json) -> ReportLook:
    """Return the page of one file: `file` as the API shows it, its report, and its first rows ({} where none)."""
    described = file["columns_metadata"].get("columns", [])
    n_rows = report.get("rows", {}).get("read", 0)
    doubts = list(report.get("doubts", []))
    by_column = _by_column(doubts)
    columns = [_column(n, one, n_rows, by_column) for n, one in enumerate(described[:MOST_COLUMNS], 1)]
    hidden = {one.get("alias") for one in described if one.get("personal_data")}
    shown = [*preview.get("columns", [])][:MOST_COLUMNS]
    is_hidden = [column["alias"] in hidden for column in shown]
    return ReportLook(
        facts=[*_file_facts(file, report), *_plain_facts(report)],
        tiles=_tiles(report, len(described)),
        doubts=doubts[:MOST_DOUBTS],
        n_doubts=len(doubts),
        personal=[column for column in columns if column.personal],
        joined=[one | {"kind": _words(one["kind"])} for one in report.get("joined", [])],
        sections=_sections(report),
        rejected=report.get("rejected", [])[:MOST_NOTES],
        repaired=report.get("repaired", [])[:MOST_NOTES],
        coerced=report.get("coerced", [])[:MOST_NOTES],
        columns=columns,
        n_columns=len(described),
        head=[column["alias"] for column in shown],
        body=[_cells(row, is_hidden) for row in preview.get("rows", [])],
        beginning=_beginning(preview)[:MOST_BLOCKS],
    )


def _tiles(report: Json, n_columns: int) -> Facts:
    """The figures that stand at the top: of a table its rows and columns, of a document its pages and what is on them."""
    if report.get("rows"):
        rows = [(f"rows {_words(name)}", _number(n)) for name, n in report["rows"].items()]
        return [*rows, ("columns", _number(n_columns))]
    return [(name, _number(report[name])) for name in _COUNTED if name in report]


def _beginning(preview: Json) -> Facts:
    page = preview.get("page") or {}
    # What stands on most pages says nothing about this one.
    own = [block for block in page.get("blocks", []) if not block.get("repeated")]
    return [(block["kind"], _cut(block["text"], _LONGEST_BLOCK)) for block in own]


def _cells(row: Sequence[object], is_hidden: Sequence[bool]) -> list[str]:
    pairs = zip(row, is_hidden, strict=False)
    return [_HIDDEN if hide and cell is not None else _cell(cell) for cell, hide in pairs]


def _cell(value: object) -> str:
    """A value of the preview; an empty text where it is missing."""
    if value is None:
        return ""
    if isinstance(value, list):
        return _cut("; ".join(map(str, value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _cut(str(value))


def _cut(text: str, longest: int = _LONGEST_CELL) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _words(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " "))


def _number(value: object) -> str:
    """A number as people read it: at most four digits behind the point, thousands apart."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else _cut(str(value))
    return f"{value:,}" if isinstance(value, int) else f"{round(value, 4):,}".removesuffix(".0")


def _file_facts(file: Json, report: Json) -> Facts:
    facts = [
        ("Format", str(report.get("format") or "unknown")),
        ("Size", f"{file['size_bytes']:,} bytes"),
        ("SHA-256", file["sha256"]),
    ]
    address = report.get("source", {}).get("url")
    return [*facts, *([("Fetched from", str(address))] if address else [])]


def _plain_facts(report: Json) -> Facts:
    """What the reader found out about the file as a whole in one word each."""
    found = [(name, part) for name, part in report.items() if name not in _PLACED and part]
    return [(_words(name).capitalize(), _fact(part)) for name, part in found if not isinstance(part, Mapping)]


def _sections(report: Json) -> list[tuple[str, Facts]]:
    """The same in several: encoding, dialect, header, sheet, whatever its format has."""
    found = [
        (name, part) for name, part in report.items() if name not in _PLACED and isinstance(part, Mapping)
    ]
    return [
        (_words(name).capitalize(), [(_words(key), _fact(value)) for key, value in part.items()])
        for name, part in found
        if any(part.values())
    ]


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return _cut(", ".join(f"{_words(key)}: {_fact(one)}" for key, one in value.items()))
    if isinstance(value, list | tuple):
        return _cut(", ".join(map(_fact, value))) or "none"
    return _number(value) if value not in {"", None} else "none"


def _by_column(doubts: Iterable[str]) -> dict[str, list[str]]:
    """Doubts by what stands before a colon in them: a column's alias, which may hold colons itself."""
    found: dict[str, list[str]] = {}
    for doubt in doubts:
        for colon in re.finditer(": ", doubt):
            found.setdefault(doubt[: colon.start()], []).append(doubt[colon.end() :])
    return found


def _column(n: int, column: Json, n_rows: int, doubts: Mapping[str, list[str]]) -> ColumnLook:
    missing = column.get("missing") or 0
    missing_percent = _PERCENT * missing / n_rows if n_rows else 0.0
    histogram = column.get("histogram") or {}
    alias = str(column.get("alias") or column.get("name"))
    name = str(column.get("name") or alias)
    label = str(column.get("label") or "")
    return ColumnLook(
        anchor=f"column-{n}",
        name=name,
        label=label if label != name else "",
        alias=alias if alias != name else "",
        kind=_words(str(column.get("kind"))),
        confidence=_confidence(column.get("confidence")),
        reason=str(column.get("reason") or ""),
        missing=f"{missing:,} ({_share(missing_percent)})" if missing else "none",
        missing_percent=missing_percent,
        facts=_column_facts(column),
        examples=[_cut(str(example)) for example in column.get("examples", [])],
        bars=[] if histogram else _bars(column),
        bins=_bins(histogram.get("n", [])),
        ends=(_number(histogram.get("from")), _number(histogram.get("to"))),
        personal=_personal(column.get("personal_data")),
        doubts=doubts.get(alias, []),
    )


def _confidence(share: object) -> str:
    return f"{share:.0%} sure" if isinstance(share, int | float) else ""


def _share(percent: float) -> str:
    return f"{percent:.0f} %" if percent >= _FEW_PERCENT else f"{percent:.1f} %"


def _column_facts(column: Json) -> Facts:
    about = "" if column.get("distinct_is_exact", True) else "about "
    facts = [("Different values", f"{about}{_number(column.get('distinct', 0))}")]
    named = {"format": "Written like", "unit": "Unit", "coerced": "Made missing", "mean": "Mean"}
    facts += [(words, _number(column[name])) for name, words in named.items() if column.get(name)]
    if column.get("min") is not None and column.get("kind") != "boolean":
        facts.append(("From – to", f"{_number(column['min'])} – {_number(column['max'])}"))
    quantiles = column.get("quantiles") or {}
    if quantiles:
        about = "" if column.get("quantiles_are_exact", True) else "about "
        facts.append(("Quartiles", about + ", ".join(_number(quantiles[p]) for p in ("p25", "p50", "p75"))))
    return facts


def _bars(column: Json) -> list[Bar]:
    values = column.get("top_values", [])
    most = max((one["n"] for one in values), default=0)
    if most <= 1:  # nothing recurs, so that examples say as much
        return []
    return [
        Bar(
            _cut(str(one.get("label", one["value"]))), _number(one["n"]), round(_PERCENT * one["n"] / most, 2)
        )
        for one in values
    ]


def _bins(counts: Sequence[int]) -> list[Bin]:
    most = max(counts, default=0)
    if not most:
        return []
    width = _PERCENT / len(counts)
    heights = [_PERCENT * n / most for n in counts]
    return [
        Bin(round(i * width, 2), round(_PERCENT - height, 2), round(width * 0.92, 2), round(height, 2))
        for i, height in enumerate(heights)
    ]


def _personal(found: Json | None) -> str:
    if not found:
        return ""
    return (
        f"{_words(str(found['kind']))}, {_share(_PERCENT * found['share'])} of the values: {found['reason']}"
    )

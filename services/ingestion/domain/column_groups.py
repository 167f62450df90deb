"""Which columns of a table belong to one question, by what they are called.

Programs write the columns of one question beside each other: `Q5_1 … Q5_9`, `Q5 [Option]`, `Question: Option`,
`Question - Option`, `Option:Question` (Alchemer), or each under its own option's name (Typeform). Names alone prove
nothing; `families` looks at the values.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.ingestion.domain.categories import Frequencies
from services.ingestion.domain.survey_headers import Title

_SEPARATORS = (" - ", " – ", " — ", ": ", " | ", " / ", " > ", " → ")
_BRACKETS = re.compile(r"(.+?)\s*\[([^\[\]]+)\]")
_PARENTHESES = re.compile(r"(.+[?:.])\s*\(([^()]+)\)")
# LimeSurvey's headings of code and wording: `Q5[SQ001]. Which brands? [Brand A]`.
_CODE_AND_WORDING = re.compile(r"\w+\[\w+\][.:]?\s+(.+?)\s*\[([^\[\]]+)\]")
_NUMBERED = re.compile(r"(.*[A-Za-z].*?)(?:___|[_.\-])(\d{1,3})((?:_[A-Za-z]+)?)")
_NAMED_TEXT = re.compile(r"(.*[A-Za-z].*?)[_.\-](TEXT|text|other|oth|open|specify)")
_DECIPHER = re.compile(r"(Q\w*\d)r(\d+)((?:oe)?)", re.IGNORECASE)
_MAIN = "main"
MAX_FAMILY_CELLS = 60
"""Columns with more distinct cells than this are neither options of a set nor rows of a grid of answers."""

# (how the name is built, the question in it) → the item in it.
Splits = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column as far as families need it: what it is called and taken for, and which cells stand in it."""

    place: int
    name: str
    alias: str
    kind: str
    n_rows: int
    n_filled: int
    cell_sql: str
    # Distinct cells with their counts; None where there are many.
    frequencies: Frequencies | None = None
    title: Title | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Columns side by side that may be one question: its wording, their items in it, how that was seen."""

    question: str
    columns: tuple[Column, ...]
    items: tuple[str, ...]
    how: str
    name: str = field(default="")
    """What the question is called, where its columns have short names."""


def groups_of(columns: Sequence[Column]) -> list[Group]:
    """Return the groups of a table's columns, in their order; each has two columns or more, no column is in two."""
    found: list[Group] = []
    splits = [_splits(column) for column in columns]
    place = 0
    while place < len(columns):
        group = _longest(columns, splits, place)
        if group is not None:
            found.append(group)
        place += len(group.columns) if group else 1
    return found


def _longest(columns: Sequence[Column], splits: Sequence[Splits], start: int) -> Group | None:
    best: tuple[int, int, tuple[str, str]] | None = None
    for key in splits[start]:
        n = _run(splits, start, key)
        if n > 1 and (best is None or (n, len(key[1])) > best[:2]):
            best = (n, len(key[1]), key)
    if best is None:
        return None
    n, _, key = best
    members = tuple(columns[start : start + n])
    items = tuple(_item(found, key) or "" for found in splits[start : start + n])
    return Group(_question(members[0], key), members, items, _HOW[key[0]], _short_name(members))


def _run(splits: Sequence[Splits], start: int, key: tuple[str, str]) -> int:
    end = start + 1
    while end < len(splits) and _item(splits[end], key) is not None:
        end += 1
    return end - start


def _item(splits: Splits, key: tuple[str, str]) -> str | None:
    how, stem = key
    if how != _MAIN:
        return splits.get(key)
    # The question itself heads the group: what follows may be built in any way.
    return next((item for (other, found), item in splits.items() if found == stem and other != _MAIN), None)


_HOW = {
    "title": "the header names one question for them",
    "brackets": "their names hold one question and an item in brackets",
    "gap": "their names begin with one question",
    "end": "their names end with one question",
    "number": "their names are numbered",
    "own": "each holds nothing but its own name",
    _MAIN: "their names begin with one question",
}
EXPLICIT = frozenset({_HOW["title"], _HOW["brackets"]})
NUMBERED = _HOW["number"]
UNNAMED = _HOW["own"]


def _splits(column: Column) -> Splits:
    """The ways in which a column's name may be a question and an item of it; keys without regard to case."""
    if column.title is not None and column.title.question:
        return {("title", column.title.question.casefold()): column.title.item}
    name = column.name.strip()
    found: dict[tuple[str, str], str] = {}
    if _holds_own_name(column):
        found["own", ""] = name
    for how, stem, item in (*_bracketed(name), *_numbered(name), *_gaps(name)):
        if stem and item:
            found.setdefault((how, stem.casefold()), item)
    if name:
        found[_MAIN, name.casefold()] = ""
    return found


def _holds_own_name(column: Column) -> bool:
    cells = column.frequencies or ()
    return len(cells) == 1 and cells[0][0] == column.name.strip() and column.n_filled < column.n_rows


def _bracketed(name: str) -> list[tuple[str, str, str]]:
    for pattern in (_CODE_AND_WORDING, _BRACKETS, _PARENTHESES):
        if found := pattern.fullmatch(name):
            return [("brackets", found[1].strip(), found[2].strip())]
    return []


def _numbered(name: str) -> list[tuple[str, str, str]]:
    for pattern in (_NUMBERED, _DECIPHER, _NAMED_TEXT):
        if found := pattern.fullmatch(name):
            return [("number", found[1], "".join(found.groups()[1:]))]
    return []


def _gaps(name: str) -> list[tuple[str, str, str]]:
    found = []
    for separator in _SEPARATORS:
        pieces = name.split(separator)
        found += [
            ("gap", separator.join(pieces[:i]).strip(), separator.join(pieces[i:]).strip())
            for i in range(1, len(pieces))
        ]
    item, colon, stem = name.partition(":")
    if colon and stem:
        found.append(("end", stem.strip(), item.strip()))
    return found


def _question(first: Column, key: tuple[str, str]) -> str:
    how, stem = key
    if how == "title" and first.title is not None:
        return first.title.question
    if how in {"end", "own"}:
        return first.name.partition(":")[2].strip() if how == "end" else ""
    at = first.name.casefold().find(stem)
    return first.name[at : at + len(stem)] if at >= 0 else first.name


def _short_name(members: Sequence[Column]) -> str:
    """`Q5` of Q5_1 and Q5_2, else nothing."""
    stems = {found[0][1] for member in members if (found := _numbered(member.name))}
    return stems.pop() if len(stems) == 1 else ""

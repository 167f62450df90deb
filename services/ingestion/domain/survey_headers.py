"""Header rows of survey exports: how many of the first rows name the columns, and what each column asks.

Survey programs write two or three rows above the answers. Qualtrics: short names, wordings, `{"ImportId": …}`.
SurveyMonkey, and workbooks whose header cells are merged: the question over the first of its columns only, below it the
options. SoSci Survey, Unipark and older exports: names, and wordings below them. A row counts as a header only where the
rows below speak for it: it names an option where they hold that option or nothing, a text where they hold numbers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

Rows = Sequence[Sequence[str]]

_VALUE = re.compile(
    r"[+\-]?[\d.,\s]*\d[\d.,\s]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\S+@\S+\.\S+|https?://\S+"
)
_IMPORT_ID = re.compile(r"\{\s*[\"']ImportId[\"']\s*:\s*[\"']([^\"']*)[\"'].*\}", re.DOTALL)
_QUESTION_ID = re.compile(r"(?:\d+_)?(QID\d+).*")
# What SurveyMonkey writes below a question that has one column.
_MARKS = frozenset({"response", "open-ended response", "réponse", "antwort", "respuesta", "risposta"})
_CODE_NAME = re.compile(r"[A-Za-z][\w.\-\[\]]{0,40}")
_CODE_FAMILY = re.compile(r"(.*[A-Za-z0-9])(?:_|\.|-)+\d{1,3}(?:_[A-Za-z]+)*")
_TEXT_NAME = re.compile(r".+_TEXT|.+_other(?:_text)?", re.IGNORECASE)
_CHOSEN = "Selected Choice"
_GAP = " - "
_MIN_RECURRING = 3
_MIN_WORDING_RATIO = 0.8
_MOST_ROWS = 3
_MARK_WEIGHT = 8


@dataclass(frozen=True, slots=True)
class Title:
    """What a column asks: the question's wording, and the item of it that is this column's, where it has several."""

    question: str
    item: str = ""
    is_text: bool = False
    """True where the export says that the column holds what was written beside an option."""

    @property
    def wording(self) -> str:
        """Question and item in one."""
        return (
            f"{self.question}{_GAP}{self.item}" if self.item and self.question else self.question or self.item
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """A header of several rows: how many, whose they look like, and for each column its name and title."""

    n_rows: int
    program: str
    reason: str
    names: tuple[str, ...]
    titles: tuple[Title, ...]


def is_value(cell: str) -> bool:
    """True for what stands in data and hardly in a header: numbers, dates, addresses of mail and web."""
    return _VALUE.fullmatch(cell) is not None


def find_layout(rows: Rows, *, below_titles: bool = False) -> Layout | None:
    """Return the header of several rows at the beginning of `rows`, None where one row or none names the columns.

    `below_titles` asks for more: rows that may be titles above the table count only where columns of both kinds stand in
    them, named by the upper row alone and continued by the lower one.
    """
    body = _rectangle(rows)
    return _qualtrics(body) or _names_and_wordings(body) or _stacked(body, is_strict=below_titles)


def join_rows(rows: Rows, n_rows: int) -> Layout:
    """Return the header that the first `n_rows` rows form, whatever they look like: blank cells continue the one left."""
    body = _rectangle(rows)[:n_rows]
    titles = _stacked_titles(body)
    reason = f"{n_rows} rows name the columns"
    return Layout(n_rows, "stacked", reason, tuple(title.wording for title in titles), titles)


def _rectangle(rows: Rows) -> list[list[str]]:
    width = max((len(row) for row in rows), default=0)
    return [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]


def _qualtrics(body: list[list[str]]) -> Layout | None:
    for n_above in (1, 2):
        if len(body) <= n_above:
            return None
        ids = [_IMPORT_ID.fullmatch(cell) for cell in body[n_above]]
        filled = sum(bool(cell) for cell in body[n_above])
        if filled and sum(found is not None for found in ids) * 2 > filled:
            keys = [_question_key(found[1] if found else "", i) for i, found in enumerate(ids)]
            names, wordings = tuple(body[0]), body[n_above - 1]
            reason = f"row {n_above + 1} of the header holds Qualtrics' import ids"
            return Layout(n_above + 1, "Qualtrics", reason, names, _titles(names, wordings, keys))
    return None


def _question_key(import_id: str, place: int) -> str:
    found = _QUESTION_ID.fullmatch(import_id)
    return found[1] if found else f"{place}"


def _names_and_wordings(body: list[list[str]]) -> Layout | None:
    """A row of short names, and a row of wordings below it."""
    if len(body) <= _MIN_RECURRING:
        return None
    names, wordings, below = body[0], body[1], body[2:]
    if not all(map(_CODE_NAME.fullmatch, names)) or len(set(names)) < len(names):
        return None
    filled = [(name, text) for name, text in zip(names, wordings, strict=True) if text]
    longer = sum(" " in text and len(text) > len(name) for name, text in filled)
    if len(filled) < len(names) * _MIN_WORDING_RATIO or longer * 2 < len(names):
        return None
    n_labels, n_values = _speaks_of(wordings, below, numbers_only=True)
    if not n_labels or n_values or any(map(is_value, wordings)):
        return None
    keys = [found[1] if (found := _CODE_FAMILY.fullmatch(name)) else name for name in names]
    reason = "the first row holds short names, the second what they stand for"
    return Layout(2, "names and wordings", reason, tuple(names), _titles(names, wordings, keys))


def _titles(names: Sequence[str], wordings: Sequence[str], keys: Sequence[str]) -> tuple[Title, ...]:
    """Cut wordings such as "Which brands? - Brand A" where the columns of one question (equal keys) begin to differ."""
    titles: list[Title] = []
    for _, group in groupby(range(len(names)), key=lambda i: keys[i]):
        places = list(group)
        parts = [[part for part in wordings[i].split(_GAP) if part != _CHOSEN] for i in places]
        n_common = _n_common(parts) if len(parts) > 1 else len(parts[0])
        for i, found in zip(places, parts, strict=True):
            is_text = _TEXT_NAME.fullmatch(names[i]) is not None
            item = found[n_common:-1] if is_text and found[-1:] == ["Text"] else found[n_common:]
            titles.append(Title(_GAP.join(found[:n_common]), _GAP.join(item), is_text))
    return tuple(titles)


def _n_common(parts: list[list[str]]) -> int:
    shortest = min(map(len, parts))
    for n in range(shortest):
        if len({part[n] for part in parts}) > 1:
            return n
    return shortest


def _stacked(body: list[list[str]], *, is_strict: bool) -> Layout | None:
    for n_rows in range(_MOST_ROWS, 1, -1):
        if len(body) > n_rows and _is_stacked(body, n_rows, is_strict=is_strict):
            titles = _stacked_titles(body[:n_rows])
            n_marks = sum(map(_is_mark, body[n_rows - 1]))
            program = "SurveyMonkey" if n_marks else "stacked"
            reason = f"the first {n_rows} rows name the columns: questions above, their answers below"
            return Layout(n_rows, program, reason, tuple(title.wording for title in titles), titles)
    return None


def _is_stacked(body: list[list[str]], n_rows: int, *, is_strict: bool) -> bool:
    *upper, lower = body[:n_rows]
    if any(is_value(cell) for row in upper for cell in row if cell):
        return False
    n_marks = sum(map(_is_mark, lower))
    # Marks such as "Response" stand in the second row, also where no question has several columns.
    is_marked = n_marks > 0 and n_rows == 2  # noqa: PLR2004 - the second row
    if not is_marked and not all(_n_continued(*pair) for pair in pairwise(body[:n_rows])):
        return False
    only_above = any(any(above) and not cell for *above, cell in zip(*upper, lower, strict=True))
    if is_strict and not (n_marks or only_above):
        return False
    n_labels, n_values = _speaks_of(lower, body[n_rows:])
    # Few interviews say little of what recurs; a mark is the program's own word.
    return n_labels + n_marks > 0 and n_values * 4 <= n_labels + n_marks * _MARK_WEIGHT


def _is_mark(cell: str) -> bool:
    return cell.casefold() in _MARKS


def _n_continued(upper: Sequence[str], lower: Sequence[str]) -> int:
    """How many columns continue a question that stands left of them: nothing above, something below."""
    is_open, n = False, 0
    for above, below in zip(upper, lower, strict=True):
        if above:
            is_open = bool(below)
        elif below and is_open:
            n += 1
    return n


def _speaks_of(row: Sequence[str], below: Rows, *, numbers_only: bool = False) -> tuple[int, int]:
    """(columns in which the row's cell can only be a label, columns in which it looks like the values below it)."""
    n_labels = n_values = 0
    for i, cell in enumerate(row):
        seen = [other[i] for other in below if other[i]]
        if not cell or not seen:
            continue
        if all(map(is_value, seen)):
            n_labels, n_values = n_labels + (not is_value(cell)), n_values + is_value(cell)
        elif set(seen) == {cell} and len(seen) < len(below):
            n_labels += 1
        elif cell in seen:
            n_values += 1
        elif not numbers_only and len(seen) >= _MIN_RECURRING and len(set(seen)) * 2 <= len(seen):
            n_labels += 1
    return n_labels, n_values


def _stacked_titles(body: Rows) -> tuple[Title, ...]:
    """Titles of columns whose question stands over the first of them."""
    *upper, lower = body
    questions: list[str] = []
    running = [""] * len(upper)
    for i in range(len(lower)):
        for level, row in enumerate(upper):
            if row[i]:
                # A new question ends what stands below the one before it.
                running[level:] = [row[i], *("" for _ in running[level + 1 :])]
        starts = any(row[i] for row in upper)
        questions.append(_GAP.join(filter(None, running)) if starts or lower[i] else "")
        if starts and not lower[i]:
            # Named by the upper row alone: nothing that stands right of it continues it.
            running[-1] = ""
    return tuple(
        Title(question, "" if _is_mark(item) and question else item)
        for question, item in zip(questions, lower, strict=True)
    )

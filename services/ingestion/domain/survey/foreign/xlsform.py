"""XLSForm workbooks (ODK, KoboToolbox, SurveyCTO …) → a definition of ours.

Outer groups become pages, inner ones conditions of their questions, groups of the look `table-list` grids, repeats over chosen options
loops. What has no counterpart is left out with a note that names it; nothing is changed in meaning silently. Source: xlsform.org.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.ingestion.domain.survey.foreign.conditions import Sort, Target, both
from services.ingestion.domain.survey.foreign.taking import Codes, Note, Taken, refuse_more
from services.ingestion.domain.survey.foreign.xlsform_making import Making
from services.ingestion.domain.survey.foreign.xlsform_questions import SELECT, question_of
from services.ingestion.domain.survey.foreign.xlsform_sheets import Row, Sheet, form_of

_BEGIN = re.compile(r"begin[_ ](group|repeat)", re.IGNORECASE)
_END = re.compile(r"end[_ ](group|repeat)", re.IGNORECASE)
_CHOSEN = re.compile(r"\s*count-selected\(\s*\$\{([^{}]+)\}\s*\)\s*")
_NAMED = re.compile(r"\s*\$\{([^{}]+)\}\s*")
_LONGEST_TITLE = 255
_LOOP = "loop"
_MOST_NESTED = 30


@dataclass(frozen=True)
class _Group:
    """A group or repeat that is open, and its condition in our language."""

    row: Row
    condition: str | None
    loop: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        return self.row.get("name", "")


def from_xlsform(sheets: Mapping[str, Sheet]) -> Taken:
    """Return the survey that the sheets of a workbook describe; raises ForeignSurveyError."""
    return _Import(sheets).taken()


class _Import:
    """One import: a walk over the rows of the sheet `survey`, with the groups that are open."""

    def __init__(self, sheets: Mapping[str, Sheet]) -> None:
        self._form = form_of(sheets)
        self._making = Making(self._form)
        self._page_codes = Codes("p")
        self._pages: list[dict[str, Any]] = []
        self._open: list[_Group] = []
        self._page: dict[str, Any] | None = None
        self._covered = 0
        """How many of the open groups the conditions of the page stand for."""
        self._calculations: dict[str, str] = {}

    def taken(self) -> Taken:
        rows = self._form.rows
        at = 0
        while at < len(rows):
            at += self._take(rows, at)
        making = self._making
        for name, tag in making.languages.unknown.items():
            detail = (
                f"the language {name!r} has no tag known here and is called {tag}; write `label::{name} (xx)`"
            )
            making.notes.append(Note("", detail))
        title = making.text(self._form.settings, "form_title")
        definition: dict[str, Any] = {"pages": [page for page in self._pages if page["questions"]]}
        if title:
            definition["title"] = title
        name = next(iter((title or {}).values()), "") or "Survey"
        return Taken(
            name[:_LONGEST_TITLE], {"languages": making.texts.languages, **definition}, notes=making.notes
        )

    def _take(self, rows: Sequence[Row], at: int) -> int:
        """Take one row over, or the rows of a grid; returns how many."""
        row = rows[at]
        kind = row.get("type", "")
        if begin := _BEGIN.fullmatch(kind):
            grid = self._grid(rows, at) if "table-list" in row.get("appearance", "") else 0
            if not grid:
                self._begin(row, is_repeat=begin[1].lower() == "repeat")
            return grid or 1
        if _END.fullmatch(kind):
            self._end()
        elif kind:
            self._question(row)
        elif row.get("label") or row.get("name"):
            self._making.note(row, "a row without a type is left out")
        return 1

    def _begin(self, row: Row, *, is_repeat: bool) -> None:
        refuse_more(len(self._open) + 1, _MOST_NESTED, "groups within each other")
        condition = self._making.condition(row, "relevant")
        loop = self._loop(row) if is_repeat else None
        self._open.append(_Group(row, condition, loop))
        if is_repeat or len(self._open) == 1:
            self._page = None
        elif text := self._making.text(row, "label"):
            code = self._making.codes.of(f"{row.get('name', 'group')}_about")
            self._add({"code": code, "type": "statement", "text": text})

    def _end(self) -> None:
        if not self._open:
            return
        closed = self._open.pop()
        is_repeat = closed.row.get("type", "").lower().endswith("repeat")
        if is_repeat or not self._open:
            self._page = None

    def _loop(self, row: Row) -> Mapping[str, str] | None:
        """The options that a repeat goes through, where it is as often as options were chosen."""
        count = row.get("repeat_count", "")
        if named := _NAMED.fullmatch(count):
            count = self._calculations.get(named[1].strip(), count)
        chosen = _CHOSEN.fullmatch(count)
        target = self._making.names.get(chosen[1].strip()) if chosen else None
        if target is None or target.sort is not Sort.SEVERAL or any(group.loop for group in self._open):
            self._making.note(
                row, "a repeat is taken over only over options that were chosen; here it is asked once"
            )
            return None
        return {"over": target.said}

    def _add(self, question: dict[str, Any]) -> None:
        """Put a question on the page that is open, or on a new one."""
        if self._page is None:
            self._page = self._new_page()
            self._pages.append(self._page)
        inner = None
        for group in self._open[self._covered :]:
            inner = both(inner, group.condition)
        if shown := both(inner, question.get("show_if")):
            question["show_if"] = shown
        self._page["questions"].append(question)

    def _new_page(self) -> dict[str, Any]:
        repeats = [
            place for place, group in enumerate(self._open, 1) if group.row["type"].lower().endswith("repeat")
        ]
        self._covered = max(repeats, default=min(len(self._open), 1))
        covered = self._open[: self._covered]
        name = covered[-1].name if covered else f"page{len(self._pages) + 1}"
        used = {page["code"] for page in self._pages}
        code = self._page_codes.of(name)
        page: dict[str, Any] = {
            "code": self._page_codes.of(f"{name}_{len(self._pages)}") if code in used else code
        }
        if covered and (title := self._making.text(covered[-1].row, "label")):
            page["title"] = title
        condition = None
        for group in covered:
            condition = both(condition, group.condition)
        if condition:
            page["show_if"] = condition
        if loop := next((group.loop for group in covered if group.loop), None):
            page["loop"] = dict(loop)
        return {**page, "questions": []}

    def _question(self, row: Row) -> None:
        name, calculation = row.get("name", ""), row.get("calculation", "")
        if row.get("type", "").lower() == "calculate":
            self._calculations[name] = calculation
            if "selected-at(" in calculation and any(group.loop for group in self._open):
                self._making.piped[name] = _LOOP
                return
        condition = self._making.condition(row, "relevant")
        question = question_of(self._making, row, self._open[-1].name if self._open else "")
        if question is None:
            return
        if condition:
            question["show_if"] = condition
        self._add(question)

    def _grid(self, rows: Sequence[Row], at: int) -> int:
        """A group of choices from one list is a grid; returns how many rows it took, 0 where it is none."""
        end = next(
            (place for place in range(at + 1, len(rows)) if _END.fullmatch(rows[place].get("type", ""))), 0
        )
        inside = [row for row in rows[at + 1 : end] if row.get("type")]
        selects = [SELECT.fullmatch(row["type"]) for row in inside]
        lists = {(found[1].lower(), found[2]) for found in selects if found and not found[3]}
        if len(lists) != 1 or not all(selects) or any(row.get("relevant") for row in inside):
            return 0
        kind, listed = lists.pop()
        if kind == "rank":
            return 0
        self._add_grid(rows[at], inside, listed, is_multiple="multiple" in kind)
        return end - at + 1

    def _add_grid(self, group: Row, inside: Sequence[Row], listed: str, *, is_multiple: bool) -> None:
        making = self._making
        columns, codes = making.options(group, listed)
        code, row_codes = making.code(group), Codes("r")
        rows = []
        for row in inside:
            row_code = row_codes.of(row.get("name", ""))
            sort = Sort.SEVERAL if is_multiple else Sort.CHOICE
            making.names[row.get("name", "")] = Target(f"{code}.{row_code}", sort, codes, code)
            rows.append({"code": row_code, "text": making.text(row, "label", otherwise=row.get("name", ""))})
        kind = "matrix_multiple" if is_multiple else "matrix_single"
        made: dict[str, Any] = {"code": code, "type": kind, "rows": rows, "columns": columns}
        made["text"] = making.text(group, "label", otherwise=group.get("name", ""))
        required = [making.rules(row, None).get("required", False) for row in inside]
        if all(required):
            made["required"] = True
        elif any(required):
            making.note(group, "some of its rows were required; here none is")
        if condition := making.condition(group, "relevant"):
            made["show_if"] = condition
        self._add(made)

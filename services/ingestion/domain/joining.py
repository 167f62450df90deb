"""Columns joined into questions: what each asks, sets as variables of their own, grids, and the report of it.

The columns themselves stay variables: nothing is lost where a family was seen in error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.ingestion.domain.codebook import code_entries
from services.ingestion.domain.column_groups import Column, groups_of
from services.ingestion.domain.families import ANSWER, SET, Family, Option, judge
from services.ingestion.domain.formats import MISSING_MARKERS
from services.ingestion.domain.headers import unique_aliases
from services.ingestion.domain.imported import Imported
from services.ingestion.domain.quoting import literal

_DOUBTFUL = 0.8
_MAX_TOP_VALUES = 10
_MARKERS = ", ".join(map(literal, sorted(MISSING_MARKERS)))
_NAMED_ITEMS = 3

Variables = dict[str, Imported]


@dataclass(frozen=True, slots=True)
class Joined:
    """The variables of a table with its sets behind them, and what was joined, as the import report lists it."""

    variables: list[Imported]
    report: list[dict[str, Any]]
    doubts: list[str]


def join_columns(variables: Sequence[Imported], columns: Sequence[Column]) -> Joined:
    """Return the variables with questions, sets and grids; `columns` hold the counts of theirs, in the same order."""
    found: Variables = {variable.alias: variable for variable in variables}
    known = [column for column in columns if column.alias in found]
    for column in known:
        found[column.alias] = _titled(found[column.alias], column)
    families = [family for group in groups_of(known) if (family := judge(group)) is not None]
    aliases = _aliases_of(families, list(found))
    for family, alias in zip(families, aliases, strict=True):
        _note(found, family, alias)
    report = [_told(*each) for each in zip(families, aliases, strict=True)]
    sets = [_set_variable(f, a) for f, a in zip(families, aliases, strict=True) if f.kind == SET]
    doubts = [
        f"{told['alias']}: joined from {len(told['members'])} columns, not surely ({told['reason']})"
        for told in report
        if told["confidence"] < _DOUBTFUL
    ]
    return Joined([*found.values(), *sets], report, doubts)


def _titled(variable: Imported, column: Column) -> Imported:
    """The variable with the wording that the header has for it in a row of its own."""
    title = column.title
    if title is None or not title.wording:
        return variable
    question = {"text": title.question, "item": title.item, "part": None, "of": None}
    entry = {**variable.entry, "label": title.wording, "question": question}
    return replace(variable, entry=entry, described={**variable.described, "label": title.wording})


def _aliases_of(families: Sequence[Family], taken: list[str]) -> list[str]:
    """The set or grid's own alias; of an answer with its text the answer's."""
    names = [family.group.name or family.group.question or "answers" for family in families]
    free, _ = unique_aliases([*taken, *names])
    own = free[len(taken) :]
    return [
        family.columns[0].alias if family.kind == ANSWER else alias
        for family, alias in zip(families, own, strict=True)
    ]


def _label(family: Family, alias: str) -> str:
    if family.group.question:
        return family.group.question
    some = ", ".join(option.label for option in family.options[:_NAMED_ITEMS])
    return f"{some}, …" if len(family.options) > _NAMED_ITEMS else some or alias


def _note(found: Variables, family: Family, alias: str) -> None:
    """Say in each variable's entry which part of the question it is."""
    text = _label(family, alias)
    for option in family.options:
        _put(found, option.column.alias, {"text": text, "item": option.label, "part": "option", "of": alias})
    for column, item in zip(family.columns, family.items, strict=False):
        _put(found, column.alias, {"text": text, "item": item, "part": "row", "of": alias})
        _share_codes(found, column, family)
    if family.kind == ANSWER:
        _put(found, alias, {"text": text, "item": "", "part": "answer", "of": None})
    items = {c.alias: i for c, i in zip(family.group.columns, family.group.items, strict=True)}
    for column in family.others:
        item = items[column.alias]
        _put(found, column.alias, {"text": text, "item": item, "part": "other_text", "of": alias})


def _put(found: Variables, alias: str, question: dict[str, Any]) -> None:
    variable = found[alias]
    found[alias] = replace(variable, entry={**variable.entry, "question": question})


def _share_codes(found: Variables, column: Column, family: Family) -> None:
    """Give a row of a grid the codes of the whole: few answers in one row do not make another scale."""
    variable = found[column.alias]
    if not family.codes or variable.kind == "boolean":
        return
    kind = "ordered" if any(code.value is not None for code in family.codes) else "category"
    if variable.kind == "ordered":
        kind = "ordered"
    entry = {**variable.entry, "kind": kind, "codes": code_entries(family.codes)}
    described = {
        **variable.described,
        "kind": kind,
        "confidence": family.confidence,
        "reason": family.reason,
    }
    for name in ("format", "min", "max", "mean", "coerced"):
        described.pop(name, None)
    found[column.alias] = replace(
        variable,
        kind=kind,
        value_sql=column.cell_sql,
        sql_type="",
        entry=entry,
        described=described,
        doubts=[],
    )


def _set_variable(family: Family, alias: str) -> Imported:
    """The set as a variable: a list of the options chosen, NULL where no column of it has an answer."""
    options = family.options
    pieces = ", ".join(_piece_sql(option) for option in options)
    is_asked = " OR ".join(_is_answered_sql(option) for option in options)
    codes = [{"code": o.column.alias, "label": o.label, "value": None} for o in options]
    entry: dict[str, Any] = {
        "alias": alias,
        "name": alias,
        "label": _label(family, alias),
        "kind": "multiple",
        "missing": {},
        "role": None,
        "source": {"set": alias, "members": [o.column.alias for o in options], "counted": _counted(options)},
        "codes": codes,
    }
    if family.others:
        entry["source"]["other_text"] = [column.alias for column in family.others]
    mentioned = sorted(options, key=lambda option: -option.n_ticked)[:_MAX_TOP_VALUES]
    described = {
        **{name: entry[name] for name in ("name", "alias", "label", "kind")},
        "confidence": family.confidence,
        "reason": family.reason,
        "distinct": len(options),
        "distinct_is_exact": True,
        "examples": [option.label for option in mentioned[:5]],
        "top_values": [{"value": o.column.alias, "label": o.label, "n": o.n_ticked} for o in mentioned],
    }
    chosen = f"list_filter([{pieces}], lambda piece: piece IS NOT NULL)"
    return Imported(
        alias, "multiple", f"CASE WHEN {is_asked} THEN {chosen} END", "VARCHAR[]", entry, described
    )


def _piece_sql(option: Option) -> str:
    if not option.ticked:
        return "CAST(NULL AS VARCHAR)"
    return f"CASE WHEN {_is_ticked_sql(option)} THEN {literal(option.column.alias)} END"


def _is_ticked_sql(option: Option) -> str:
    ticked = ", ".join(map(literal, sorted(option.ticked)))
    return f"{option.column.cell_sql} IN ({ticked})" if ticked else "false"


def _is_answered_sql(option: Option) -> str:
    # A marker such as N/A says that the question was not asked; NULL is no answer either.
    is_filled = f"lower({option.column.cell_sql}) NOT IN ({_MARKERS})"
    return f"coalesce({is_filled} OR {_is_ticked_sql(option)}, false)"


def _counted(options: Sequence[Option]) -> str | None:
    """The mark that means chosen, where it is one for all."""
    marks = {text for option in options for text in option.ticked}
    return marks.pop() if len(marks) == 1 else None


def _told(family: Family, alias: str) -> dict[str, Any]:
    columns = [option.column for option in family.options] or list(family.columns)
    return {
        "kind": family.kind,
        "alias": alias,
        "label": _label(family, alias),
        "members": [column.alias for column in columns],
        "other_text": [column.alias for column in family.others],
        "confidence": family.confidence,
        "reason": family.reason,
    }

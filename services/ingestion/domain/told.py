"""Columns whose kind a person has told: counted in the formats of that kind only, and believed.

What is not written like that becomes missing and is counted and listed in the import report, as always.
"""

from collections.abc import Sequence

from services.ingestion.domain.categories import Code, codes_of, find_multiple_response
from services.ingestion.domain.corrections import CATEGORIES, TEXTS
from services.ingestion.domain.formats import ValueFormat, currency_unit
from services.ingestion.domain.kinds import COMMA_STYLES, ColumnFacts, Understanding
from services.ingestion.domain.refusals import KIND_DOES_NOT_FIT, FileRefused
from services.ingestion.domain.told_formats import TOLD_FORMATS

_REASON = "you told so"
_SEPARATORS = (";", "|", "\n", ", ", ",")
_UNITS = {"percentage": "%", "duration": "s"}
_ORDERS = {"dmy": ("31",), "mdy": ("12/31", "12-31"), "ymd": ("2020",)}


def formats_of_kind(kind: str, sample: Sequence[str]) -> tuple[ValueFormat, ...]:
    """Return the formats of a told kind that read a cell of the sample at least; none for kinds that are texts."""
    return tuple(form for form in TOLD_FORMATS if form.kind == kind and any(map(form.matches, set(sample))))


def in_order(forms: Sequence[ValueFormat], order: str | None) -> tuple[ValueFormat, ...]:
    """Return the formats without the days that are written in another order than a person has told."""
    if order is None:
        return tuple(forms)
    others = [name for other, names in _ORDERS.items() if other != order for name in names]
    return tuple(
        form for form in forms if not form.family or not any(form.name.startswith(name) for name in others)
    )


def understand_as(facts: ColumnFacts, kind: str, separator: str | None = None) -> Understanding:
    """Return a column taken for the told kind; raises FileRefused where not one cell fits."""
    if kind in TEXTS:
        return Understanding(kind, 1.0, _REASON, role="id" if kind == "id" else None)
    if kind in CATEGORIES:
        return _categories(facts, kind)
    if kind == "multiple":
        return _multiple(facts, separator)
    best = max(
        (form for form in facts.formats if form.format.kind == kind),
        key=lambda form: (form.n_matching, facts.decimal_comma_is_likely and _has_comma(form.format)),
        default=None,
    )
    if best is None or best.n_matching == 0:
        raise _misfit(facts, kind, f"none of its {facts.n_filled} cells is written like one")
    unit = next(filter(None, map(currency_unit, facts.sample)), None) if kind == "currency" else None
    return Understanding(kind, 1.0, _REASON, best, unit=_UNITS.get(kind, unit))


def _has_comma(form: ValueFormat) -> bool:
    return form.name.removeprefix("¤ ").removesuffix(" %") in COMMA_STYLES


def _categories(facts: ColumnFacts, kind: str) -> Understanding:
    if facts.frequencies is None:
        raise _misfit(facts, kind, f"it has {facts.n_distinct} different texts")
    codes, _ = codes_of(facts.frequencies)
    return Understanding(kind, 1.0, _REASON, codes=codes)


def _multiple(facts: ColumnFacts, told: str | None) -> Understanding:
    if facts.frequencies is None:
        raise _misfit(facts, "multiple", f"it has {facts.n_distinct} different texts")
    found = find_multiple_response(facts.frequencies)
    cells = [cell for cell, _ in facts.frequencies]
    separator = told or (
        found.separator if found else next((s for s in _SEPARATORS if any(s in c for c in cells)), ";")
    )
    answers = dict.fromkeys(
        piece.strip() for cell in cells for piece in cell.split(separator) if piece.strip()
    )
    codes = tuple(Code(answer, answer) for answer in answers)
    return Understanding("multiple", 1.0, _REASON, codes=codes, separator=separator)


def _misfit(facts: ColumnFacts, kind: str, why: str) -> FileRefused:
    return FileRefused(
        KIND_DOES_NOT_FIT,
        f"'{facts.alias}' cannot be taken for {kind}: {why}.",
        "Leave its kind to be detected, or take it for text and derive a variable from it.",
    )

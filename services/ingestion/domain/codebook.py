"""What people and analyses read about a dataset: `columns_metadata` of the file and the codebook of the dataset."""

import math
from datetime import date, datetime, time
from typing import Any

from services.ingestion.domain.categories import Code
from services.ingestion.domain.formats import MISSING_MARKERS
from services.ingestion.domain.kinds import MIN_TYPED_RATIO
from services.ingestion.domain.parquet import Variable

_MAX_EXAMPLES = 5
_MAX_TOP_VALUES = 10
_MAX_EXAMPLE_CHARACTERS = 120
_LOW_CONFIDENCE = MIN_TYPED_RATIO - 0.25
CATEGORICAL = frozenset({"category", "ordered", "multiple"})


def columns_metadata(variables: list[Variable]) -> dict[str, Any]:
    """Return what was detected, column by column."""
    return {"columns": [_column(variable) for variable in variables]}


def _column(variable: Variable) -> dict[str, Any]:
    facts, meaning = variable.facts, variable.meaning
    described: dict[str, Any] = {
        "name": facts.name,
        "alias": facts.alias,
        "label": facts.name or facts.alias,
        "kind": meaning.kind,
        "confidence": meaning.confidence,
        "reason": meaning.reason,
        "missing": facts.n_rows - variable.n_valid,
        "distinct": facts.n_distinct,
        "distinct_is_exact": facts.distinct_is_exact,
        "examples": _examples(variable),
    }
    if meaning.facts is not None:
        described |= {"format": meaning.facts.format.name, "coerced": variable.n_coerced}
        described |= _extremes(meaning.facts.minimum, meaning.facts.maximum, meaning.facts.mean)
    if facts.frequencies is not None:
        described["top_values"] = [{"value": text, "n": n} for text, n in facts.frequencies[:_MAX_TOP_VALUES]]
    if meaning.unit:
        described["unit"] = meaning.unit
    return described


def _examples(variable: Variable) -> list[str]:
    distinct = dict.fromkeys(variable.facts.sample)
    return [text[:_MAX_EXAMPLE_CHARACTERS] for text in list(distinct)[:_MAX_EXAMPLES]]


def _extremes(minimum: object, maximum: object, mean: float | None) -> dict[str, Any]:
    extremes = {"min": json_value(minimum), "max": json_value(maximum)}
    return extremes | ({"mean": json_value(mean)} if mean is not None else {})


def json_value(value: object) -> object:
    """Return a value that JSON can hold: times as ISO 8601, NaN and infinity as null."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def codebook(variables: list[Variable], n_rows: int) -> dict[str, Any]:
    """Return the dataset's codebook: one entry per variable, in the order of the file."""
    return {
        "variables": [_variable(variable, n_rows) for variable in variables],
        "n_rows": n_rows,
        "multiple_response_sets": [],
    }


def _variable(variable: Variable, n_rows: int) -> dict[str, Any]:
    facts, meaning = variable.facts, variable.meaning
    entry: dict[str, Any] = {
        "alias": facts.alias,
        "name": facts.name,
        "label": facts.name or facts.alias,
        "kind": meaning.kind,
        "missing": {"n": n_rows - variable.n_valid},
        "role": meaning.role,
        "source": {"column": facts.name},
    }
    if meaning.kind in CATEGORICAL:
        entry["codes"] = [_code(code) for code in meaning.codes]
    if meaning.unit:
        entry["unit"] = meaning.unit
    return entry


def _code(code: Code) -> dict[str, Any]:
    return {"code": code.code, "label": code.label, "value": code.value}


def doubts(variables: list[Variable]) -> list[str]:
    """Return a sentence for each thing about the understanding that a person should check."""
    unsure = [
        f"{v.facts.alias}: taken as {v.meaning.kind}, not surely ({v.meaning.reason})"
        for v in variables
        if v.facts.n_filled and v.meaning.confidence < _LOW_CONFIDENCE
    ]
    return unsure + [doubt for v in variables if v.meaning.kind in CATEGORICAL for doubt in _marker_codes(v)]


def _marker_codes(variable: Variable) -> list[str]:
    return [
        f"{variable.facts.alias}: {code.code!r} looks like a missing value; it is kept as an answer"
        for code in variable.meaning.codes
        if code.code.lower() in MISSING_MARKERS
    ]

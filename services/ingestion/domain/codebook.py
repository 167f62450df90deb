"""What people and analyses read about a dataset: `columns_metadata` of the file and the codebook of the dataset."""

import math
from collections.abc import Iterable
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


def described(variable: Variable) -> dict[str, Any]:
    """Return what `columns_metadata` says about a column of texts."""
    facts, meaning = variable.facts, variable.meaning
    found: dict[str, Any] = {
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
        found |= {"format": meaning.facts.format.name, "coerced": variable.n_coerced}
        found |= _extremes(meaning.facts.minimum, meaning.facts.maximum, meaning.facts.mean)
    if facts.frequencies is not None:
        found["top_values"] = [{"value": text, "n": n} for text, n in facts.frequencies[:_MAX_TOP_VALUES]]
    if meaning.unit:
        found["unit"] = meaning.unit
    return found


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


def entry(variable: Variable, n_rows: int) -> dict[str, Any]:
    """Return the codebook's entry of a column of texts."""
    facts, meaning = variable.facts, variable.meaning
    found: dict[str, Any] = {
        "alias": facts.alias,
        "name": facts.name,
        "label": facts.name or facts.alias,
        "kind": meaning.kind,
        "missing": {"n": n_rows - variable.n_valid},
        "role": meaning.role,
        "source": {"column": facts.name},
    }
    if meaning.kind in CATEGORICAL:
        found["codes"] = code_entries(meaning.codes)
    if meaning.unit:
        found["unit"] = meaning.unit
    return found


def code_entries(codes: Iterable[Code]) -> list[dict[str, Any]]:
    """Return codes as the codebook lists them."""
    return [{"code": code.code, "label": code.label, "value": code.value} for code in codes]


def doubts(variable: Variable) -> list[str]:
    """Return a sentence for each thing about the understanding that a person should check."""
    facts, meaning = variable.facts, variable.meaning
    if facts.n_filled and meaning.confidence < _LOW_CONFIDENCE:
        return [f"{facts.alias}: taken as {meaning.kind}, not surely ({meaning.reason})"]
    return _marker_codes(variable) if meaning.kind in CATEGORICAL else []


def _marker_codes(variable: Variable) -> list[str]:
    return [
        f"{variable.facts.alias}: {code.code!r} looks like a missing value; it is kept as an answer"
        for code in variable.meaning.codes
        if code.code.lower() in MISSING_MARKERS
    ]

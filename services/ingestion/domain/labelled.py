"""What the variables of a statistics file mean: labels, measurement level, print format and missing codes decide.

Pure: the counts come from `stat_profiles`. Values with labels are categories unless the labels only name the ends of a
scale of numbers; declared missing values become missing, each with its kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.ingestion.domain.categories import Code
from services.ingestion.domain.kinds import ID_NAME, WEIGHT_NAME
from services.ingestion.domain.scales import find_scale
from services.ingestion.domain.stat_formats import (
    BUILT_IN_LABELS,
    NUMBER,
    Meaning,
    Program,
    base_name,
    meaning_of_format,
)
from services.ingestion.domain.statfiles import StatVariable, Value

_EXACT_INTEGERS = 2.0**53
_DAY_S = 86_400
_FEW_LABELS = 2


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What was counted over all rows: valid values, and how often each declared missing value occurs."""

    n_rows: int
    n_valid: int
    n_distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    is_whole: bool = True
    # Valid values with their counts; None where there are too many different ones.
    frequencies: tuple[tuple[Value, int], ...] | None = None
    missing: tuple[tuple[Value, int], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Decision:
    """What a variable is taken for, and why; `meaning` gives its value where it is no category."""

    kind: str
    reason: str
    meaning: Meaning = NUMBER
    codes: tuple[Code, ...] = ()
    role: str | None = None
    unit: str | None = None


def labels_of(program: Program, variable: StatVariable) -> dict[Value, str]:
    """Return the labels of values that are no declared missing values, those of formats that show words included."""
    labels = variable.value_labels
    if not labels and program is Program.SPSS:
        labels = BUILT_IN_LABELS.get(base_name(variable.format), {})
    return {value: label for value, label in labels.items() if not is_missing(variable, value)}


def is_missing(variable: StatVariable, value: Value) -> bool:
    """Whether the file declares a value missing; letters among numbers (Stata, SAS) always are."""
    return (isinstance(value, str) and not variable.is_text) or any(
        value in part for part in variable.missing
    )


def code_text(value: Value) -> str:
    """Return a value as the code under which it is stored: whole numbers without decimals."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - as in SQL


def decide(program: Program, variable: StatVariable, facts: NumberFacts) -> Decision:
    """Return what a variable is: a category by its labels, else what its format and its values say."""
    labels = labels_of(program, variable)
    if labels and facts.frequencies is not None:
        unlabelled = [value for value, _ in facts.frequencies if value not in labels]
        if variable.is_text or not _names_ends_only(variable, labels, unlabelled):
            return _category(variable, labels, unlabelled)
    if facts.n_valid == 0:
        return Decision("decimal", "no row has a value")
    meaning = meaning_of_format(program, variable.format)
    if meaning.kind == "time" and not (
        (facts.minimum or 0) >= 0 and (facts.maximum or 0) < _clock_end(meaning)
    ):
        meaning = Meaning("duration", "{v} / 1000" if "1e3" in meaning.sql else "{v}", unit="s")
    if meaning.kind == "number":
        return _number(variable, facts, labels)
    unit = meaning.unit or ("s" if meaning.kind == "duration" else None)
    return Decision(meaning.kind, f"its format {variable.format} says so", meaning, unit=unit)


def _clock_end(meaning: Meaning) -> float:
    return _DAY_S * 1000.0 if "1e3" in meaning.sql else float(_DAY_S)


def _names_ends_only(variable: StatVariable, labels: Mapping[Value, str], unlabelled: list[Value]) -> bool:
    """A scale of numbers whose ends, or a few special values, have labels; most of its values have none."""
    if not unlabelled:
        return False
    if variable.measure == "nominal":
        return False
    if variable.measure == "ordinal":
        return len(labels) <= _FEW_LABELS and len(unlabelled) > 20  # noqa: PLR2004 - longer than any scale
    return len(labels) <= _FEW_LABELS or len(unlabelled) > len(labels)


def _category(variable: StatVariable, labels: Mapping[Value, str], unlabelled: list[Value]) -> Decision:
    named = {**{value: code_text(value) for value in unlabelled}, **labels}
    ordered = sorted(named, key=lambda value: (isinstance(value, str), value))
    scale = find_scale([labels[value] for value in ordered if value in labels])
    is_scale = variable.measure == "ordinal" or (variable.measure != "nominal" and scale is not None)
    # A mean of nominal codes means nothing, so they carry no value.
    codes = tuple(
        Code(code_text(value), named[value], value if is_scale and not isinstance(value, str) else None)
        for value in ordered
    )
    n_without = f", {len(unlabelled)} values without" if unlabelled else ""
    reason = f"the file labels {len(labels)} values{n_without}"
    if is_scale:
        reason += (
            " and says that they have an order" if variable.measure == "ordinal" else "; they form a scale"
        )
    return Decision("ordered" if is_scale else "category", reason, codes=codes)


def _number(variable: StatVariable, facts: NumberFacts, labels: Mapping[Value, str]) -> Decision:
    extent = max(abs(facts.minimum or 0.0), abs(facts.maximum or 0.0))
    note = f"; {len(labels)} labels name some of its values" if labels else ""
    if facts.is_whole and extent < _EXACT_INTEGERS:
        is_key = facts.n_distinct == facts.n_valid == facts.n_rows and facts.n_rows > 1
        if is_key and not labels and ID_NAME.fullmatch(variable.name):
            return Decision("id", "every row has its own number, and the name says so", role="id")
        return Decision("integer", f"its values are whole numbers{note}", role=_role(variable, facts))
    return Decision("decimal", f"its values are numbers{note}", role=_role(variable, facts))


def _role(variable: StatVariable, facts: NumberFacts) -> str | None:
    is_weight = (facts.minimum or 0) >= 0 and WEIGHT_NAME.fullmatch(variable.name)
    return "weight" if is_weight else None

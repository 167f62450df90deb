"""From a checked request to `result_data`: rows selected once, then one table after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.datasets.codebook import Codebook, Variable
from contracts.datasets.filters import read_filter
from services.analytics.consumers.engine.crosstab import crosstab_statistics
from services.analytics.consumers.engine.frequency import frequency_statistics
from services.analytics.consumers.engine.mean import mean_statistics
from services.analytics.consumers.engine.rows import Cases, select_cases
from services.analytics.consumers.engine.session import Engine
from services.analytics.domain.failures import UncomputableError
from services.analytics.domain.results.crosstab import Testing, crosstab_table
from services.analytics.domain.results.frequency import frequency_table
from services.analytics.domain.results.mean import mean_result
from services.analytics.schemas.calculations import (
    CalculationParameters,
    CrosstabParameters,
    FrequencyParameters,
    MeanParameters,
)

LAYOUT: Final = 1
"""Version of the layout of `result_data`."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Calculation:
    """An analysis ready to run: parameters that were checked against the codebook, filter tree, weight."""

    parameters: CalculationParameters
    codebook: Codebook
    filter_tree: object = None
    weight: str | None = None


def compute(
    engine: Engine, calculation: Calculation, *, progress: Progress = lambda _done, _total: None
) -> dict[str, Any]:
    """`result_data` of the calculation; raises UncomputableError where the rows do not allow it.

    `progress(done, total)` is called after each table.
    """
    codebook = calculation.codebook
    node = read_filter(calculation.filter_tree, codebook) if calculation.filter_tree is not None else None
    weight = _variable(codebook, calculation.weight) if calculation.weight else None
    cases = select_cases(engine, node=node, weight=weight)
    figures = _CALCULATE[type(calculation.parameters)](cases, calculation, progress)
    return {"layout": LAYOUT, **figures, "cases": _cases(cases), "notes": _notes(cases)}


def _crosstab(cases: Cases, calculation: Calculation, progress: Progress) -> dict[str, Any]:
    parameters = calculation.parameters
    assert isinstance(parameters, CrosstabParameters)  # noqa: S101 - narrows the type; the table below dispatches on it
    testing = Testing(
        parameters.test_profile, parameters.used_correction, parameters.used_alphas, parameters.confidence
    )
    pairs = [(row, column) for row in parameters.rows for column in parameters.columns]
    tables = []
    for done, (row, column) in enumerate(pairs, start=1):
        book = calculation.codebook
        statistics = crosstab_statistics(cases, _variable(book, row), _variable(book, column))
        tables.append(crosstab_table(statistics, testing))
        progress(done, len(pairs))
    return {
        "tables": tables,
        "profile": testing.profile.name,
        "correction": testing.correction,
        "alphas": list(testing.alphas),
    }


def _mean(cases: Cases, calculation: Calculation, _progress: Progress) -> dict[str, Any]:
    parameters = calculation.parameters
    assert isinstance(parameters, MeanParameters)  # noqa: S101 - narrows the type; the table below dispatches on it
    by = [_variable(calculation.codebook, name) for name in parameters.by]
    statistics = mean_statistics(cases, _variable(calculation.codebook, parameters.variable), by)
    result = mean_result(
        statistics,
        correction=parameters.used_correction,
        alphas=parameters.used_alphas,
        confidence=parameters.confidence,
    )
    return {**result, "correction": parameters.used_correction, "alphas": list(parameters.used_alphas)}


def _frequency(cases: Cases, calculation: Calculation, progress: Progress) -> dict[str, Any]:
    parameters = calculation.parameters
    assert isinstance(parameters, FrequencyParameters)  # noqa: S101 - narrows the type; the table below dispatches on it
    tables = []
    for done, name in enumerate(parameters.variables, start=1):
        statistics = frequency_statistics(cases, _variable(calculation.codebook, name))
        tables.append(frequency_table(statistics, confidence=parameters.confidence))
        progress(done, len(parameters.variables))
    return {"tables": tables}


_CALCULATE: Final[
    Mapping[type[CalculationParameters], Callable[[Cases, Calculation, Progress], dict[str, Any]]]
] = {
    CrosstabParameters: _crosstab,
    MeanParameters: _mean,
    FrequencyParameters: _frequency,
}


def _variable(codebook: Codebook, name: str) -> Variable:
    variable = codebook.find(name)
    if variable is None:
        raise UncomputableError("missing-column", codebook.explain_unknown(name))
    return variable


def _cases(cases: Cases) -> dict[str, int]:
    use = cases.use
    return {
        "in_filter": use.n_filtered,
        "left_out_weight_missing": use.n_missing,
        "left_out_weight_zero": use.n_zero,
        "used": use.n_filtered - use.n_missing - use.n_zero,
    }


def _notes(cases: Cases) -> list[str]:
    if cases.use.n_filtered == 0:
        return ["no case is inside the filter, so figures are null"]
    left_out = cases.use.n_missing + cases.use.n_zero
    return [f"{left_out} cases have no positive weight and are left out"] if left_out else []

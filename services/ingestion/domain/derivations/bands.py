"""Numbers and days cut into bands: closed on the left, open on the right, the outer ones without end."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from contracts.datasets.codebook import Code, Variable
from contracts.datasets.filters import All, Comparison, Node
from services.ingestion.domain.derivations.values import Constant, DefinitionError, Value

_MOST_CUTS = 100
Cut = Any
"""A number, a day or a time; all cuts of one variable are of one type."""
Fail = Callable[[str, str], DefinitionError]


def band_cases(
    variable: Variable, definition: Mapping[str, Any], fail: Fail
) -> tuple[tuple[tuple[Node, Value], ...], tuple[Code, ...]]:
    """Return the conditions and categories of n + 1 bands between n rising `cuts`; raises DefinitionError.

    A cut is the least value of the band above it. `labels` names the bands; without it they read "18–24" (whole
    numbers), "1.5 – <2.5" (others).
    """
    cuts = _cuts(variable, definition.get("cuts"), fail)
    bounds = list(zip([None, *cuts], [*cuts, None], strict=True))
    names = [_name(variable, low, high) for low, high in bounds]
    labels = _labels(definition.get("labels"), names, fail)
    cases = tuple(
        (_within(variable, low, high), Constant(name))
        for (low, high), name in zip(bounds, names, strict=True)
    )
    return cases, tuple(Code(name, label) for name, label in zip(names, labels, strict=True))


def _cuts(variable: Variable, given: object, fail: Fail) -> list[Cut]:
    if not isinstance(given, list) or not 1 <= len(given) <= _MOST_CUTS:
        raise fail("cuts", f"give a list of 1 to {_MOST_CUTS} rising values, such as [18, 35, 55]")
    cuts = [_cut(variable, value, i, fail) for i, value in enumerate(given)]
    for i, (low, high) in enumerate(pairwise(cuts)):
        if not low < high:
            raise fail(f"cuts/{i + 1}", f"cuts rise; {given[i + 1]} does not lie above {given[i]}")
    return cuts


def _cut(variable: Variable, value: object, i: int, fail: Fail) -> Cut:
    if variable.kind in {"date", "datetime"}:
        reader = dt.date if variable.kind == "date" else dt.datetime
        try:
            found = reader.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise fail(
                f"cuts/{i}", f"'{variable.alias}' is of kind {variable.kind}; give it in ISO 8601"
            ) from None
        is_naive = isinstance(found, dt.datetime) and found.tzinfo is None
        return found.replace(tzinfo=dt.UTC) if is_naive and isinstance(found, dt.datetime) else found
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise fail(f"cuts/{i}", "give a finite number")
    return value


def _labels(given: object, names: list[str], fail: Fail) -> list[str]:
    if given is None:
        return names
    if (
        not isinstance(given, list)
        or len(given) != len(names)
        or not all(isinstance(x, str) and x for x in given)
    ):
        raise fail("labels", f"give {len(names)} texts, one for each band, from the lowest to the highest")
    return given


def _within(variable: Variable, low: Cut | None, high: Cut | None) -> Node:
    parts: list[Node] = []
    if low is not None:
        parts.append(Comparison(variable, "ge", low))
    if high is not None:
        parts.append(Comparison(variable, "lt", high))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _name(variable: Variable, low: Cut | None, high: Cut | None) -> str:
    if low is None:
        return f"<{_shown(high)}"
    if high is None:
        return f"{_shown(low)}+"
    if variable.kind == "integer" and _are_whole(low, high):
        last = int(high) - 1
        return _shown(low) if low == last else f"{_shown(low)}–{last}"
    return f"{_shown(low)} – <{_shown(high)}"


def _are_whole(*cuts: Cut) -> bool:
    return all(isinstance(cut, int | float) and float(cut).is_integer() for cut in cuts)


def _shown(cut: Cut | None) -> str:
    if isinstance(cut, dt.date):
        return cut.isoformat()
    return f"{cut:g}" if isinstance(cut, int | float) and abs(cut) < 1e6 else str(cut)  # noqa: PLR2004 - %g rounds beyond

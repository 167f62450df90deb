"""Masks what `columns_metadata` and the import report would show of people, where a column is suspected to hold that."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.ingestion.domain.imported import Imported
from services.ingestion.domain.personal import masked, suspect

# Single cells that are shown as numbers or days.
_EXTREMES = frozenset({"min", "max", "quantiles", "histogram"})


def without_persons(variables: Sequence[Imported]) -> list[Imported]:
    """Return the variables, each with `personal_data`; of suspected ones cells are masked and extremes left out.

    Variables that were not looked at cell by cell are judged by what they are called and their examples.
    """
    return [_guarded(_looked_at(variable)) for variable in variables]


def _looked_at(variable: Imported) -> Imported:
    told = variable.described
    if "personal_data" in told:
        return variable
    cells = [str(text) for text in told.get("examples", ())]
    found = suspect((told["name"], told["label"]), variable.kind, cells)
    return replace(variable, described={**told, "personal_data": found.as_json() if found else None})


def _guarded(variable: Imported) -> Imported:
    if variable.described["personal_data"] is None:
        return variable
    coerced = variable.coerced
    if coerced is not None:
        examples = [{**one, "text": masked(one["text"])} for one in coerced["examples"]]
        coerced = {**coerced, "examples": examples}
    return replace(variable, described=_hidden(variable.described), coerced=coerced)


def _hidden(described: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {name: value for name, value in described.items() if name not in _EXTREMES}
    hidden["examples"] = [masked(text) for text in described.get("examples", ())]
    if "top_values" in described:
        hidden["top_values"] = [
            value | {name: masked(value[name]) for name in ("value", "label") if value.get(name)}
            for value in described["top_values"]
        ]
    return hidden

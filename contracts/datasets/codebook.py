"""The codebook of a dataset version: variables, kinds and codes, as an analysis sees them.

Ingestion writes the codebook beside each Parquet file; analyses are checked against it before any row is read, so that
a wrong variable is an answer of the API and not a failed job.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NUMERIC = frozenset({"integer", "decimal", "currency", "percentage", "duration"})
CATEGORICAL = frozenset({"category", "ordered", "boolean"})
TEMPORAL = frozenset({"date", "datetime", "time"})
TEXTUAL = frozenset({"text", "email", "phone", "url", "id"})
TABULAR = CATEGORICAL | NUMERIC | {"multiple", "date", "geo"}
"""Kinds that can be a stub or a banner; numbers and dates are limited by their count of distinct values."""
AVERAGED = NUMERIC | CATEGORICAL
"""Kinds that can have a mean: numbers, booleans (a share), and categories whose codes carry numeric values."""


@dataclass(frozen=True, slots=True)
class Code:
    """One category: the stored code, its wording and its numeric value (scale point), if it has one."""

    code: str
    label: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: `alias` is the Parquet column, `label` the question's wording, `codes` in codebook order."""

    alias: str
    name: str
    label: str
    kind: str
    codes: tuple[Code, ...] = ()
    role: str | None = None

    @property
    def is_scored(self) -> bool:
        """True where a mean is defined: numbers, booleans, and categories with at least one numeric value."""
        if self.kind in NUMERIC or self.kind == "boolean":
            return True
        return self.kind in CATEGORICAL and any(code.value is not None for code in self.codes)


@dataclass(frozen=True, slots=True)
class Codebook:
    """The variables of a dataset version in file order, found by alias or by an unambiguous header."""

    variables: tuple[Variable, ...]
    _by_name: Mapping[str, Variable] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the variables once; an alias wins over a header, and a header shared by two variables names none."""
        headers: dict[str, Variable | None] = {}
        for variable in self.variables:
            headers[variable.name] = None if variable.name in headers else variable
        names = {name: variable for name, variable in headers.items() if variable is not None}
        names.update({variable.alias: variable for variable in self.variables})
        object.__setattr__(self, "_by_name", names)

    def find(self, name: str) -> Variable | None:
        """The variable of that alias or header, or None."""
        return self._by_name.get(name)

    def explain_unknown(self, name: str) -> str:
        """A sentence that names the unknown variable and what may have been meant."""
        close = difflib.get_close_matches(name, [v.alias for v in self.variables], n=3, cutoff=0.5)
        if close:
            return f"there is no variable '{name}' in this dataset; did you mean {_listed(close)}?"
        some = [v.alias for v in self.variables[:12]]
        more = ", …" if len(self.variables) > len(some) else ""
        return f"there is no variable '{name}' in this dataset; it has {_listed(some)}{more}"


@dataclass(frozen=True, slots=True)
class Need:
    """A use of a variable by an analysis: where the request names it, and the kinds that fit there."""

    pointer: str
    name: str
    kinds: frozenset[str]
    purpose: str
    scored: bool = False


def read_codebook(stored: Mapping[str, Any]) -> Codebook:
    """The codebook of the stored JSON; unknown members are ignored, so that ingestion can add some."""
    return Codebook(tuple(_read_variable(entry) for entry in stored.get("variables", ())))


def unmet_needs(codebook: Codebook, needs: Iterable[Need]) -> list[tuple[str, str]]:
    """(JSON Pointer, sentence) of every variable that is unknown or of a kind that does not fit; empty if all fit."""
    return [(need.pointer, cause) for need in needs if (cause := _unmet(codebook, need))]


def _unmet(codebook: Codebook, need: Need) -> str | None:
    variable = codebook.find(need.name)
    if variable is None:
        return codebook.explain_unknown(need.name)
    if variable.kind not in need.kinds:
        fitting = _listed([v.alias for v in codebook.variables if v.kind in need.kinds][:8])
        wanted = ", ".join(sorted(need.kinds))
        hint = f"; in this dataset {fitting} would fit" if fitting else "; no variable of this dataset fits"
        return f"'{need.name}' is of kind {variable.kind}; {need.purpose} needs one of: {wanted}{hint}"
    if need.scored and not variable.is_scored:
        return f"'{need.name}' has no numeric values on its codes, so {need.purpose} is undefined; give its codes values"
    return None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _read_variable(entry: Mapping[str, Any]) -> Variable:
    codes = tuple(
        Code(str(code["code"]), str(code.get("label") or code["code"]), code.get("value"))
        for code in entry.get("codes") or ()
    )
    alias = str(entry["alias"])
    name = str(entry.get("name") or alias)
    return Variable(
        alias, name, str(entry.get("label") or name), str(entry["kind"]), codes, entry.get("role")
    )

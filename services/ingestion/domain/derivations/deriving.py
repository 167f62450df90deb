"""A dataset's Parquet file and its definitions → the same rows with the derived variables behind those they come from.

Every derived variable is computed anew from the variables that the dataset was read with, in the order of definition, so a
version never depends on how many versions came before it.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.datasets.codebook import Code, read_codebook
from services.ingestion.domain.corrections import corrected
from services.ingestion.domain.derivations.definitions import (
    MAX_CODES,
    read_definition,
    refused_alias,
    variables_of,
)
from services.ingestion.domain.derivations.values import DefinitionError, Derived
from services.ingestion.domain.exports.request import MISSING_SUFFIX
from services.ingestion.domain.grids import grids_of
from services.ingestion.domain.quoting import identifier, literal
from services.ingestion.domain.refusals import NOT_DERIVABLE, FileRefused

if TYPE_CHECKING:
    import ibis
    from duckdb import DuckDBPyConnection

_STORED_AS = {
    "integer": "int64",
    "decimal": "float64",
    "percentage": "float64",
    "currency": "float64",
    "duration": "float64",
    "boolean": "boolean",
    "multiple": "array<string>",
}
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Derivation:
    """A variable that is to be derived; `is_new` where a person waits for it and is told why it cannot be."""

    alias: str
    label: str
    definition: Mapping[str, Any]
    is_new: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the form in which requests and codebooks keep it."""
        return {"alias": self.alias, "label": self.label, "definition": dict(self.definition)}


@dataclass(frozen=True, slots=True)
class DerivedTable:
    """The rows with all variables, and the codebook that explains them; JSON-ready except for the path."""

    parquet: Path
    content_hash: str
    n_rows: int
    codebook: dict[str, Any]


def derivations_in(codebook: Mapping[str, Any]) -> list[Derivation]:
    """Return what a version derives: its derived variables, and those that its rows did not allow."""
    found = [
        Derivation(entry["alias"], entry["label"], entry["source"]["derived"])
        for entry in codebook.get("variables", ())
        if "derived" in (entry.get("source") or {})
    ]
    lost = [
        Derivation(each["alias"], each["label"], each["definition"])
        for each in codebook.get("not_derived", ())
    ]
    return found + lost


def base_entries(codebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the codebook's entries of variables that are not derived."""
    return [entry for entry in codebook.get("variables", ()) if "derived" not in (entry.get("source") or {})]


def check_derivations(
    codebook: Mapping[str, Any], derivations: Sequence[Derivation]
) -> tuple[list[Derived], list[tuple[Derivation, DefinitionError]]]:
    """Return the typed variables in order, and those that do not fit, each with its faults."""
    entries = base_entries(codebook)
    fitting: list[Derived] = []
    faulty: list[tuple[Derivation, DefinitionError]] = []
    for one in derivations:
        try:
            fitting.append(_read(one, entries))
        except DefinitionError as error:
            faulty.append((one, error))
        else:
            entries = [*entries, entry_of(fitting[-1])]
    return fitting, faulty


def _read(one: Derivation, entries: Sequence[Mapping[str, Any]]) -> Derived:
    refused = refused_alias(one.alias, [entry["alias"] for entry in entries])
    if refused:
        raise DefinitionError([("/alias", refused)])
    return read_definition(one.alias, one.label, one.definition, read_codebook({"variables": entries}))


def entry_of(derived: Derived) -> dict[str, Any]:
    """Return the codebook's entry of a derived variable, before it is computed."""
    found: dict[str, Any] = {
        "alias": derived.alias,
        "name": derived.alias,
        "label": derived.label,
        "kind": derived.kind,
        "missing": {},
        "role": None,
        "source": {"derived": derived.definition, "from": sorted(variables_of(derived.value))},
    }
    if derived.kind in {"category", "ordered", "multiple"}:
        found["codes"] = [{"code": c.code, "label": c.label, "value": c.value} for c in derived.codes]
    return found | ({"unit": derived.unit} if derived.unit else {})


def derive(  # noqa: PLR0917 - the whole of a derivation
    connection: "DuckDBPyConnection",
    parquet: Path,
    codebook: Mapping[str, Any],
    derivations: Sequence[Derivation],
    target: Path,
    progress: Progress,
) -> DerivedTable:
    """Write the rows with their derived variables; raises FileRefused where a new one does not fit.

    A variable that was derived before and does not fit any more (the file was read anew without a column) is left out and listed
    in the codebook under `not_derived`.
    """
    codebook = corrected(codebook)
    fitting, faulty = check_derivations(codebook, derivations)
    _refuse_new(faulty)
    progress("deriving", 0, 1)
    plan = _Plan.of(connection, parquet, codebook, fitting)
    connection.execute(f"COPY ({plan.sql}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
    progress("deriving", 1, 1)
    rows = f"read_parquet({literal(str(target))})"
    n_rows = int(connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])
    kept = {entry["alias"]: entry for entry in codebook.get("variables", ())}
    entries = [
        *base_entries(codebook),
        *(_finished(connection, rows, derived, kept.get(derived.alias), plan) for derived in fitting),
    ]
    made = dict(codebook) | {
        "variables": entries,
        "n_rows": n_rows,
        "multiple_response_sets": _sets(codebook, fitting),
        "grids": grids_of(entries),
        "not_derived": [one.as_json() | {"reason": str(error)} for one, error in faulty],
    }
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return DerivedTable(target, digest, n_rows, corrected(made))


def _refuse_new(faulty: Sequence[tuple[Derivation, DefinitionError]]) -> None:
    for one, error in faulty:
        if one.is_new:
            raise FileRefused(
                NOT_DERIVABLE,
                f"'{one.alias}' cannot be derived: {error}.",
                "The dataset has changed meanwhile; look at its variables and ask again.",
            )


def _sets(codebook: Mapping[str, Any], fitting: Sequence[Derived]) -> list[str]:
    base = {entry["alias"] for entry in base_entries(codebook)}
    known = [alias for alias in codebook.get("multiple_response_sets", ()) if alias in base]
    return known + [derived.alias for derived in fitting if derived.kind == "multiple"]


@dataclass(slots=True)
class _Plan:
    """The query that gives all columns, base first, then derived, then the reasons of missing values."""

    sql: str = ""
    reasons: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        connection: "DuckDBPyConnection",
        parquet: Path,
        codebook: Mapping[str, Any],
        fitting: Sequence[Derived],
    ) -> "_Plan":
        import ibis
        from ibis.backends.sql.datatypes import DuckDBType

        rows = f"read_parquet({literal(str(parquet))})"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW base AS SELECT * FROM {rows}")
        described = connection.execute("DESCRIBE base").fetchall()
        table = ibis.table({name: DuckDBType.from_string(kind) for name, kind, *_ in described}, name="base")
        base = [entry["alias"] for entry in base_entries(codebook)]
        reasons = [
            f"{alias}{MISSING_SUFFIX}" for alias in base if f"{alias}{MISSING_SUFFIX}" in table.columns
        ]
        for derived in fitting:
            table, has_reasons = _with(table, derived)
            reasons += [f"{derived.alias}{MISSING_SUFFIX}"] if has_reasons else []
        ordered = table.select(*base, *(derived.alias for derived in fitting), *reasons)
        return cls(str(ibis.to_sql(ordered, dialect="duckdb", pretty=False)), set(reasons))


def _with(table: "ibis.Table", derived: Derived) -> tuple["ibis.Table", bool]:
    from services.ingestion.domain.derivations.columns import column

    value = column(derived.value, table)
    stored = _STORED_AS.get(derived.kind, "string")
    if stored == "int64":
        value = value.round().try_cast("int64") if not value.type().is_integer() else value
    elif stored == "float64":
        number = value.cast("float64")
        value = (number.isnan() | number.isinf()).ifelse(None, number)
    else:
        value = value.cast(stored)
    table = table.mutate(**{derived.alias: value})
    like = f"{derived.missing_like}{MISSING_SUFFIX}"
    if like not in table.columns:
        return table, False
    why = table[derived.alias].isnull().ifelse(table[like], None).cast("string")
    return table.mutate(**{f"{derived.alias}{MISSING_SUFFIX}": why}), True


def _finished(
    connection: "DuckDBPyConnection",
    rows: str,
    derived: Derived,
    before: Mapping[str, Any] | None,
    plan: _Plan,
) -> dict[str, Any]:
    """The entry with the counts of the rows; labels that a person gave to the same definition before are kept."""
    name = identifier(derived.alias)
    if derived.codes_from_rows:
        derived = replace(derived, codes=_codes_in(connection, rows, derived))
    found = entry_of(derived)
    n_missing = int(connection.execute(f"SELECT count(*) - count({name}) FROM {rows}").fetchall()[0][0])
    found["missing"] = {"n": n_missing, **_reasons(connection, rows, derived, plan)}
    if before is None or (before.get("source") or {}).get("derived") != dict(derived.definition):
        return found
    labels = {code["code"]: code for code in before.get("codes", ())}
    if "codes" in found:
        found["codes"] = [labels.get(code["code"], code) for code in found["codes"]]
    return found | {"label": before["label"], "role": before.get("role")}


def _codes_in(connection: "DuckDBPyConnection", rows: str, derived: Derived) -> tuple[Code, ...]:
    name = identifier(derived.alias)
    query = f"SELECT DISTINCT {name} FROM {rows} WHERE {name} IS NOT NULL ORDER BY 1 LIMIT {MAX_CODES + 1}"
    found = [row[0] for row in connection.execute(query).fetchall()]
    if len(found) > MAX_CODES:
        raise FileRefused(
            NOT_DERIVABLE,
            f"'{derived.alias}' would have more than {MAX_CODES} categories.",
            "Choose longer periods, or band the variable.",
        )
    return tuple(Code(code, code) for code in found)


def _reasons(connection: "DuckDBPyConnection", rows: str, derived: Derived, plan: _Plan) -> dict[str, int]:
    reason = f"{derived.alias}{MISSING_SUFFIX}"
    if reason not in plan.reasons:
        return {}
    query = f"SELECT {identifier(reason)}, count(*) FROM {rows} WHERE {identifier(reason)} IS NOT NULL GROUP BY 1 ORDER BY 1"
    return dict(connection.execute(query).fetchall())

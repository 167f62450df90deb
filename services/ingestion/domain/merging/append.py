"""Waves one below the other: variables meet by alias; what a wave did not ask is missing as *not asked*."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.datasets.codebook import NUMERIC
from services.ingestion.domain.grids import grids_of
from services.ingestion.domain.merging.sources import Column, Entry, Source, finished_entries, selected
from services.ingestion.domain.quoting import identifier, literal
from services.ingestion.domain.refusals import NOT_MERGEABLE, FileRefused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOT_ASKED = "not_asked"
_CATEGORIES = frozenset({"category", "ordered"})
_TEXTS = frozenset({"text", "id", "email", "phone", "url", "geo"})
_TYPES = {
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP WITH TIME ZONE",
    "time": "TIME",
    "multiple": "VARCHAR[]",
}
_N_LISTED = 20


@dataclass(frozen=True, slots=True)
class Wave:
    """A dataset that is appended, and the category that its rows get in the wave variable."""

    source: Source
    code: str
    label: str


@dataclass(slots=True)
class _Report:
    doubts: list[str] = field(default_factory=list)
    only_in: dict[str, list[str]] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)


def append(
    connection: "DuckDBPyConnection",
    waves: Sequence[Wave],
    target: Path,
    *,
    wave_variable: str,
    exclude: Sequence[str] = (),
) -> dict[str, Any]:
    """Write the appended rows in the order of the waves and return their codebook, its report under `merge`.

    Raises FileRefused where variables of one alias cannot be one variable, naming each.
    """
    report = _Report()
    aliases = _aliases(waves, {name.lower() for name in exclude})
    if wave_variable.lower() in {alias.lower() for alias in aliases}:
        raise FileRefused(
            NOT_MERGEABLE,
            f"A dataset has a variable '{wave_variable}' already.",
            "Choose another name for the wave variable.",
        )
    entries = [_entry(alias, waves, report) for alias in aliases]
    _refuse_conflicts(report)
    tables = [_columns(wave, entries, waves, wave_variable) for wave in waves]
    union = " UNION ALL ".join(
        f"(SELECT {selected(columns)} FROM {wave.source.rows_sql})"
        for wave, columns in zip(waves, tables, strict=True)
    )
    connection.execute(f"COPY ({union}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
    rows = f"read_parquet({literal(str(target))})"
    variables = finished_entries(connection, rows, tables[0])
    sets = [column.entry["alias"] for column in tables[0] if column.is_set]
    n_rows = [_count(connection, wave.source.rows_sql) for wave in waves]
    return {
        "variables": variables,
        "n_rows": sum(n_rows),
        "multiple_response_sets": sets,
        "grids": grids_of(variables),
        "merge": {
            "how": "append",
            "rows": [
                {"dataset_id": wave.source.dataset_id, "code": wave.code, "n": n}
                for wave, n in zip(waves, n_rows, strict=True)
            ],
            "only_in": report.only_in,
            "doubts": report.doubts,
        },
    }


def _count(connection: "DuckDBPyConnection", rows: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


def _aliases(waves: Sequence[Wave], excluded: set[str]) -> list[str]:
    """All aliases in the order in which they first appear, spelt as there."""
    found: dict[str, str] = {}
    for wave in waves:
        for entry in wave.source.entries:
            found.setdefault(entry["alias"].lower(), entry["alias"])
    return [alias for lowered, alias in found.items() if lowered not in excluded]


def _entry(alias: str, waves: Sequence[Wave], report: _Report) -> dict[str, Any]:
    having = [(wave, own) for wave in waves if (own := wave.source.find(alias)) is not None]
    first = having[0][1]
    if len(having) < len(waves):
        report.only_in[alias] = [wave.code for wave, _ in having]
    kind = _kind(alias, having, report)
    _doubt_labels(alias, having, report)
    entry: dict[str, Any] = {
        "alias": alias,
        "name": first["name"],
        "label": first["label"],
        "kind": kind,
        "role": first.get("role") if kind == first["kind"] else None,
        "source": {"datasets": [wave.source.dataset_id for wave, _ in having]},
    }
    if kind in _CATEGORIES | {"multiple"}:
        entry["codes"] = _codes(alias, having, report)
    if question := first.get("question"):
        entry["question"] = question
    if units := {found.get("unit") for _, found in having} - {None}:
        entry |= {"unit": units.pop()} if len(units) == 1 else {}
    if missing := {m["code"]: m for _, found in reversed(having) for m in found.get("missing_codes", ())}:
        entry["missing_codes"] = list(missing.values())
    return entry


def _kind(alias: str, having: Sequence[tuple[Wave, Entry]], report: _Report) -> str:
    kinds = {entry["kind"] for _, entry in having}
    if len(kinds) == 1:
        return str(kinds.pop())
    said = ", ".join(f"{entry['kind']} in {wave.label}" for wave, entry in having)
    for group, common in (
        (NUMERIC, "decimal"),
        (_CATEGORIES, "category"),
        (_CATEGORIES | _TEXTS, "text"),
        (frozenset({"date", "datetime"}), "datetime"),
    ):
        if kinds <= group:
            report.doubts.append(f"{alias}: {said}; taken as {common}")
            return common
    report.conflicts.append(f"'{alias}' is {said}")
    return "text"


def _doubt_labels(alias: str, having: Sequence[tuple[Wave, Entry]], report: _Report) -> None:
    labels = {entry["label"]: wave.label for wave, entry in reversed(having)}
    if len(labels) > 1:
        said = ", ".join(f"{label!r} in {wave}" for label, wave in reversed(labels.items()))
        report.doubts.append(f"{alias}: worded as {said}; the first wording is kept")


def _codes(alias: str, having: Sequence[tuple[Wave, Entry]], report: _Report) -> list[dict[str, Any]]:
    codes: dict[str, dict[str, Any]] = {}
    for wave, entry in having:
        for code in entry.get("codes", ()):
            known = codes.setdefault(code["code"], code)
            if known["label"] != code["label"]:
                report.doubts.append(
                    f"{alias}: code {code['code']!r} is {known['label']!r} in an earlier wave and {code['label']!r} in "
                    f"{wave.label}; the first label is kept"
                )
    return list(codes.values())


def _refuse_conflicts(report: _Report) -> None:
    if report.conflicts:
        listed = "; ".join(report.conflicts[:_N_LISTED])
        raise FileRefused(
            NOT_MERGEABLE,
            f"These variables cannot be one: {listed}.",
            "Correct their kinds in one of the datasets, or leave them out with `exclude`.",
        )


def _columns(
    wave: Wave, entries: Sequence[dict[str, Any]], waves: Sequence[Wave], wave_variable: str
) -> list[Column]:
    code_entry = {
        "alias": wave_variable,
        "name": wave_variable,
        "label": "Wave",
        "kind": "category",
        "role": None,
        "source": {"datasets": [each.source.dataset_id for each in waves]},
        "codes": [{"code": each.code, "label": each.label, "value": None} for each in waves],
    }
    columns = [Column(code_entry, f"CAST({literal(wave.code)} AS VARCHAR)")]
    return columns + [_column(wave.source, entry, waves) for entry in entries]


def _column(source: Source, entry: dict[str, Any], waves: Sequence[Wave]) -> Column:
    alias, kind = entry["alias"], entry["kind"]
    others = [each.source.find(alias) for each in waves]
    is_set = any(each.source.is_set(alias) for each in waves)
    own = source.find(alias)
    physical = _TYPES.get(kind, "DOUBLE" if kind in NUMERIC else "VARCHAR")
    types = {each.source.types[e["alias"]] for each, e in zip(waves, others, strict=True) if e is not None}
    stored = types.pop() if len(types) == 1 and _keeps(kind, waves, alias) else physical
    has_reason = None in others or any(
        e is not None and each.source.reason_of(e["alias"]) for each, e in zip(waves, others, strict=True)
    )
    if own is None:
        return Column(entry, f"CAST(NULL AS {stored})", literal(NOT_ASKED), is_set)
    value = identifier(own["alias"])
    value = value if source.types[own["alias"]] == stored else f"CAST({value} AS {stored})"
    reason = source.reason_of(own["alias"])
    reason_sql = identifier(reason) if reason else "CAST(NULL AS VARCHAR)"
    return Column(entry, value, reason_sql if has_reason else None, is_set)


def _keeps(kind: str, waves: Sequence[Wave], alias: str) -> bool:
    """True where no wave has another kind, so that the common physical type may stay."""
    found = (wave.source.find(alias) for wave in waves)
    return all(entry is None or entry["kind"] == kind for entry in found)

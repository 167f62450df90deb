"""Counts over the values of a statistics file, and the variables that come of them: SQL of the values, codebook entry.

Three passes over the table, as for texts: counts and extremes, frequencies of labelled variables, declared missing
values; each for many variables at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.categories import MAX_DISTINCT
from services.ingestion.domain.codebook import code_entries, json_value
from services.ingestion.domain.delimited import RAW_TABLE, column
from services.ingestion.domain.imported import Imported
from services.ingestion.domain.labelled import Decision, NumberFacts, code_text, decide
from services.ingestion.domain.missing_kinds import kinds_of_codes
from services.ingestion.domain.quoting import literal
from services.ingestion.domain.scales import natural_order
from services.ingestion.domain.statfiles import StatFile, StatSet, StatVariable, Value

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COLUMNS_PER_QUERY = 50
_EXACT_DISTINCT_ROWS = 200_000
_COUNTS = 6
_MOST_MISSING_CODES = 200
_MAX_TOP_VALUES = 10
_MAX_EXAMPLES = 5
_CALENDAR = frozenset({"DATE", "TIMESTAMP", "TIME"})


def import_labelled(
    connection: "DuckDBPyConnection", file: StatFile, variables: Sequence[StatVariable]
) -> Iterator[Imported]:
    """Yield what becomes of each variable, in the order given."""
    for start in range(0, len(variables), _COLUMNS_PER_QUERY):
        batch = variables[start : start + _COLUMNS_PER_QUERY]
        for variable, counts in zip(batch, _count(connection, file, batch), strict=True):
            facts = _facts(connection, file, variable, counts)
            yield _imported(connection, file, variable, facts)


def valid_sql(variable: StatVariable) -> str:
    """Return the SQL expression of a variable's stored value, NULL where the file declares it missing."""
    name = column(variable.index)
    ranges = [
        f"{name} BETWEEN {_sql_of(part.low)} AND {_sql_of(part.high)}"
        for part in variable.missing
        if not isinstance(part.low, str)
    ]
    return f"CASE WHEN NOT ({' OR '.join(ranges)}) THEN {name} END" if ranges else name


def _sql_of(value: Value) -> str:
    return literal(value) if isinstance(value, str) else f"CAST('{value!r}' AS DOUBLE)"


def _count(
    connection: "DuckDBPyConnection", file: StatFile, variables: Sequence[StatVariable]
) -> list[tuple[Any, ...]]:
    exact = file.table.n_rows <= _EXACT_DISTINCT_ROWS
    select: list[str] = []
    for variable in variables:
        value = valid_sql(variable)
        numbers = (
            ("NULL", "NULL", "NULL", "true")
            if variable.is_text
            else (f"min({value})", f"max({value})", f"avg({value})", f"bool_and({value} = floor({value}))")
        )
        distinct = f"count(DISTINCT {value})" if exact else f"approx_count_distinct({value})"
        select += [f"count({value})", distinct, *numbers]
    row = connection.execute(f"SELECT {', '.join(select)} FROM {RAW_TABLE}").fetchall()[0]
    return [tuple(row[i : i + _COUNTS]) for i in range(0, len(row), _COUNTS)]


def _facts(
    connection: "DuckDBPyConnection", file: StatFile, variable: StatVariable, counts: tuple[Any, ...]
) -> NumberFacts:
    n_valid, n_distinct, minimum, maximum, mean, is_whole = counts
    frequencies = None
    if n_distinct <= MAX_DISTINCT * 1.2:  # the sketch errs by a few percent
        frequencies = _frequencies(connection, valid_sql(variable), MAX_DISTINCT)
    return NumberFacts(
        n_rows=file.table.n_rows,
        n_valid=n_valid,
        n_distinct=n_distinct,
        minimum=minimum,
        maximum=maximum,
        mean=mean,
        is_whole=bool(is_whole),
        frequencies=frequencies,
        missing=_declared_missing(connection, variable),
    )


def _frequencies(
    connection: "DuckDBPyConnection", value: str, most: int
) -> tuple[tuple[Value, int], ...] | None:
    rows = connection.execute(
        f"SELECT {value} AS v, count(*) FROM {RAW_TABLE} WHERE v IS NOT NULL GROUP BY v ORDER BY 2 DESC, 1 LIMIT {most + 1}"
    ).fetchall()
    return tuple(rows) if len(rows) <= most else None


def _declared_missing(
    connection: "DuckDBPyConnection", variable: StatVariable
) -> tuple[tuple[Value, int], ...]:
    found: tuple[tuple[Value, int], ...] = ()
    if variable.missing and not variable.is_text:
        value = f"CASE WHEN ({valid_sql(variable)}) IS NULL THEN {column(variable.index)} END"
        found += _frequencies(connection, value, _MOST_MISSING_CODES) or ()
    if variable.aside:
        found += _frequencies(connection, variable.aside, _MOST_MISSING_CODES) or ()
    return found


def _imported(
    connection: "DuckDBPyConnection", file: StatFile, variable: StatVariable, facts: NumberFacts
) -> Imported:
    header, decision = file.table.header, decide(file.program, variable, facts)
    alias, label = header.aliases[variable.index], variable.label or header.names[variable.index]
    value_sql, sql_type = _value_sql(variable, decision)
    entry: dict[str, Any] = {
        "alias": alias,
        "name": header.names[variable.index],
        "label": label,
        "kind": decision.kind,
        "missing": {"n": facts.n_rows - facts.n_valid},
        "role": decision.role,
        "source": {"column": header.names[variable.index], "format": variable.format},
    }
    if decision.codes:
        entry["codes"] = code_entries(decision.codes)
    if decision.unit:
        entry["unit"] = decision.unit
    imported = Imported(
        alias=alias,
        kind=decision.kind,
        value_sql=value_sql,
        sql_type=sql_type,
        entry=entry,
        described=_described(entry, variable, facts, decision),
    )
    if decision.meaning.sql_type in _CALENDAR:
        imported = _with_calendar(connection, imported, facts)
    return _with_missing_kinds(imported, variable, facts.missing)


def _with_missing_kinds(
    imported: Imported, variable: StatVariable, missing: Sequence[tuple[Value, int]]
) -> Imported:
    """Add what the file declares missing: the kind of each code, in the codebook and beside the value."""
    if not missing:
        return imported
    labels = {code_text(value): variable.value_labels.get(value, "") for value, _ in missing}
    kinds = kinds_of_codes(labels)
    counts = {kinds[code_text(value)]: n for value, n in missing}
    codes = [
        {
            "code": value,
            "label": labels[code_text(value)] or code_text(value),
            "kind": kinds[code_text(value)],
        }
        for value, _ in sorted(missing, key=lambda found: code_text(found[0]))
    ]
    name = column(variable.index)
    cases = [
        f"WHEN {variable.aside if isinstance(value, str) else name} = {_sql_of(value)} THEN {literal(kinds[code_text(value)])}"
        for value, _ in missing
    ]
    entry = {
        **imported.entry,
        "missing": imported.entry["missing"] | dict(sorted(counts.items())),
        "missing_codes": codes,
    }
    return replace(imported, entry=entry, missing_sql=f"CASE {' '.join(cases)} END")


def _with_calendar(connection: "DuckDBPyConnection", imported: Imported, facts: NumberFacts) -> Imported:
    """Describe days and times as such; numbers beyond any calendar became missing, which is told."""
    value = f"CAST({imported.value_sql} AS VARCHAR)"
    if imported.sql_type == "TIMESTAMP":
        value = f"strftime({imported.value_sql} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')"
    n, low, high = connection.execute(
        f"SELECT count(v), min(v), max(v) FROM (SELECT {value} AS v FROM {RAW_TABLE})"
    ).fetchall()[0]
    examples = [text for text, _ in _frequencies(connection, value, MAX_DISTINCT) or ()][:_MAX_EXAMPLES]
    described = {**imported.described, "min": low, "max": high, "examples": examples}
    described.pop("top_values")
    n_beyond = facts.n_valid - int(n)
    coerced = None
    if n_beyond:
        coerced = {"column": imported.alias, "kind": imported.kind, "n": n_beyond, "examples": []}
        coerced["share"] = round(n_beyond / facts.n_valid, 6)
    missing = {"n": imported.entry["missing"]["n"] + n_beyond}
    described["missing"] = missing["n"]
    return replace(
        imported, described=described, coerced=coerced, entry={**imported.entry, "missing": missing}
    )


def _value_sql(variable: StatVariable, decision: Decision) -> tuple[str, str]:
    value = valid_sql(variable)
    match decision.kind:
        case "category" | "ordered" | "id":
            return (value if variable.is_text else code_sql(value)), "VARCHAR"
        case "integer":
            return f"CAST({value} AS BIGINT)", "BIGINT"
        case _:
            return decision.meaning.sql.replace("{v}", f"({value})"), decision.meaning.sql_type


def code_sql(value: str) -> str:
    """Return the SQL expression of a number as the text of its code, as `labelled.code_text` writes it."""
    whole = f"({value}) = floor({value}) AND abs({value}) < 1e15"
    return f"CASE WHEN {whole} THEN CAST(CAST(({value}) AS BIGINT) AS VARCHAR) ELSE CAST(({value}) AS VARCHAR) END"


def _described(
    entry: dict[str, Any], variable: StatVariable, facts: NumberFacts, decision: Decision
) -> dict[str, Any]:
    top = [
        {"value": code_text(value), "label": variable.value_labels.get(value), "n": n}
        for value, n in (facts.frequencies or ())[:_MAX_TOP_VALUES]
    ]
    described = {
        **{name: entry[name] for name in ("name", "alias", "label", "kind")},
        "confidence": 1.0,
        "reason": decision.reason,
        "missing": entry["missing"]["n"],
        "distinct": facts.n_distinct,
        "distinct_is_exact": facts.n_rows <= _EXACT_DISTINCT_ROWS,
        "examples": [found["value"] for found in top[:_MAX_EXAMPLES]],
        "top_values": top,
        "format": variable.format,
    }
    if not variable.is_text and not decision.codes and decision.meaning.kind == "number":
        described |= {
            "min": json_value(facts.minimum),
            "max": json_value(facts.maximum),
            "mean": json_value(facts.mean),
        }
    return described | ({"unit": decision.unit} if decision.unit else {})


def with_label(connection: "DuckDBPyConnection", text: Imported, variable: StatVariable) -> Imported:
    """Return a variable of texts with the label that the file gives it, and the kinds of its missing codes."""
    label = variable.label or variable.name
    source = {"column": variable.name, "format": variable.format}
    entry = {**text.entry, "label": label, "source": source}
    labelled = replace(text, entry=entry, described={**text.described, "label": label})
    return _with_missing_kinds(labelled, variable, _declared_missing(connection, variable))


def import_set(
    connection: "DuckDBPyConnection", file: StatFile, found: StatSet, alias: str, members: Sequence[Imported]
) -> Imported:
    """Return a multiple-response set as a variable of its own."""
    by_name = {variable.name.casefold(): variable for variable in file.variables}
    known = [by_name[name.casefold()] for name in found.members]
    values = [valid_sql(variable) for variable in known]
    entries = {member.entry["name"]: member.entry for member in members}
    if found.counted is None:
        pieces, codes = _category_pieces(connection, known, values, entries)
    else:
        pieces, codes = _dichotomy_pieces(found, known, values, entries)
    is_missing = " AND ".join(f"({value}) IS NULL" for value in values)
    listed = f"[{', '.join(pieces)}]"
    # The first mention counts, in the order of the members.
    is_first = f"piece IS NOT NULL AND list_position({listed}, piece) = place"
    chosen = f"list_filter({listed}, lambda piece, place: {is_first})"
    entry = {
        "alias": alias,
        "name": found.name,
        "label": found.label,
        "kind": "multiple",
        "missing": {},
        "role": None,
        "source": {
            "set": found.name,
            "members": [entries[v.name]["alias"] for v in known],
            "counted": found.counted,
        },
        "codes": codes,
    }
    described = {
        **{name: entry[name] for name in ("name", "alias", "label", "kind")},
        "confidence": 1.0,
        "reason": f"the file declares it a set of {len(known)} variables",
    }
    return Imported(
        alias, "multiple", f"CASE WHEN NOT ({is_missing}) THEN {chosen} END", "VARCHAR[]", entry, described
    )


def _dichotomy_pieces(
    found: StatSet,
    variables: Sequence[StatVariable],
    values: Sequence[str],
    entries: dict[str, dict[str, Any]],
) -> tuple[list[str], list[dict[str, Any]]]:
    """SQL of each member's mention, and the codes: the members themselves, where they have the counted value."""
    pieces, codes = [], []
    for variable, value in zip(variables, values, strict=True):
        entry = entries[variable.name]
        counted = found.counted if found.counted is not None else 1.0
        pieces.append(f"CASE WHEN ({value}) = {_sql_of(counted)} THEN {literal(entry['alias'])} END")
        named = variable.value_labels.get(counted) if found.is_named_by_values else None
        codes.append({"code": entry["alias"], "label": named or entry["label"], "value": None})
    return pieces, codes


def _category_pieces(
    connection: "DuckDBPyConnection",
    variables: Sequence[StatVariable],
    values: Sequence[str],
    entries: dict[str, dict[str, Any]],
) -> tuple[list[str], list[dict[str, Any]]]:
    """SQL of each member's mention, and the codes: those of all members, and values that have no label."""
    pieces, codes = [], dict[str, dict[str, Any]]()
    for variable, value in zip(variables, values, strict=True):
        pieces.append(value if variable.is_text else code_sql(value))
        codes |= {code["code"]: code for code in entries[variable.name].get("codes", ())}
        for text, _ in _frequencies(connection, pieces[-1], MAX_DISTINCT) or ():
            codes.setdefault(str(text), {"code": str(text), "label": str(text), "value": None})
    return pieces, [codes[code] for code in natural_order(codes)]

"""A dataset as an SPSS file (.sav): numbers with value labels, declared missing values, multiple-response sets.

Codes that are numbers stay what they are; others are numbered in the order of the codebook and keep their label. A
multiple response becomes a dichotomy per answer and a set over them, which ReadStat cannot write, so its record is added
to the dictionary afterwards (PSPP manual, "System File Format": record 7, subtype 7; names by subtype 13).
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.exports.request import (
    CATEGORIES,
    MISSING_WORDS,
    NUMBERS,
    Exported,
    Source,
    labels_of,
    unused_name,
)
from services.ingestion.domain.quoting import identifier, literal
from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONGEST_NAME_BYTES, LONGEST_TEXT_BYTES = 64, 32_767
_MOST_CELLS = 30_000_000
_MOST_DISCRETE = 3
_RESERVED = frozenset({"ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"})
_MEASURES = {"category": "nominal", "ordered": "ordinal", **dict.fromkeys(NUMBERS, "scale")}


@dataclass(slots=True)
class _File:
    """What is written: columns as SQL, and what SPSS is told about them; all by the variable's name in the file."""

    columns: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str | None] = field(default_factory=dict)
    value_labels: dict[str, dict[float, str]] = field(default_factory=dict)
    missing: dict[str, list[Any]] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    sets: list[tuple[str, str, str, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def export_sav(connection: "DuckDBPyConnection", source: Source, work: Path) -> Exported:
    """Write the file; raises FileRefused where the dataset is larger than one SPSS file is made for."""
    import pyreadstat

    n_rows = int(connection.execute(f"SELECT count(*) FROM {source.table_sql}").fetchall()[0][0])
    file = _planned(connection, source)
    if n_rows * len(file.columns) > _MOST_CELLS:
        raise FileRefused(
            TOO_COMPLEX,
            f"The dataset has {n_rows * len(file.columns):,} cells; an SPSS file is made of {_MOST_CELLS:,} at most.",
            "Export Parquet, or fewer variables.",
        )
    select = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in file.columns.items())
    table = connection.sql(f"SELECT {select} FROM {source.table_sql}").to_arrow_table()
    frame = table.to_pandas(date_as_object=True)
    target = work / "export.sav"
    pyreadstat.write_sav(
        frame,
        str(target),
        column_labels=file.labels,
        variable_value_labels=file.value_labels,
        missing_ranges=file.missing,
        variable_measure=file.measures,
        variable_format=file.formats,
        row_compress=True,
    )
    if file.sets:
        _add_sets(target, file.sets)
    return Exported(target, "application/x-spss-sav", n_rows, file.notes)


def _planned(connection: "DuckDBPyConnection", source: Source) -> _File:
    file, taken = _File(), set[str]()
    names = {entry["alias"]: _name(entry["alias"], taken) for entry in source.entries}
    for entry in source.entries:
        name = names[entry["alias"]]
        if entry["kind"] != "multiple":
            _add_single(connection, source, file, entry, name)
            continue
        members = entry["source"].get("members")
        if members and entry["source"].get("counted") is not None and all(m in names for m in members):
            counted = f"{entry['source']['counted']:g}"
            file.sets.append((name, counted, entry["label"], [names[m] for m in members]))
        else:
            _add_dichotomies(file, entry, name, taken)
    return file


def _name(wanted: str, taken: set[str]) -> str:
    """A name that SPSS allows: letters, digits and a few signs, at most 64 bytes, unlike all others in any case."""
    plain = re.sub(r"[^\w.$#@]", "_", wanted).rstrip(".") or "v"
    if not (plain[0].isalpha() or plain[0] == "@") or plain.upper() in _RESERVED:
        plain = f"v_{plain}"
    return unused_name(plain.encode()[: LONGEST_NAME_BYTES - 4].decode("utf-8", "ignore"), taken)


def _add_single(
    connection: "DuckDBPyConnection", source: Source, file: _File, entry: Mapping[str, Any], name: str
) -> None:
    value, kind = identifier(entry["alias"]), entry["kind"]
    file.labels[name] = entry["label"]
    file.measures[name] = _MEASURES.get(kind, "nominal")
    if kind in CATEGORIES:
        numbers = _numbers_of(entry)
        file.value_labels[name] = {numbers[code]: label for code, label in labels_of(entry).items()}
        pairs = ", ".join(f"{literal(code)}: {number!r}" for code, number in numbers.items())
        sql = f"map_extract_value(MAP {{{pairs}}}, {value})" if numbers else "NULL::DOUBLE"
    elif kind == "boolean":
        file.value_labels[name] = {0.0: "false", 1.0: "true"}
        sql = f"CAST({value} AS DOUBLE)"
    elif kind in NUMBERS:
        sql = f"CAST({value} AS DOUBLE)"
    elif kind == "datetime":
        file.columns[name] = f"({value} AT TIME ZONE 'UTC')"
        return
    elif kind in {"date", "time"}:
        file.columns[name] = value
        return
    else:
        sql = f"CAST({value} AS VARCHAR)"
        _refuse_long_texts(connection, source, entry)
        file.columns[name] = f"coalesce({sql}, '')"
        return
    if kind in {"currency", "percentage"} and entry.get("unit") in {"$", "%"}:
        file.formats[name] = "DOLLAR12.2" if entry["unit"] == "$" else "PCT8.2"
    file.columns[name] = _with_missing(connection, source, file, entry, (name, f"CAST({sql} AS DOUBLE)"))


def _numbers_of(entry: Mapping[str, Any]) -> dict[str, float]:
    """Code → the number that stands for it."""
    codes = [code["code"] for code in entry.get("codes", ())]
    try:
        return {code: float(code) for code in codes}
    except ValueError:
        return {code: float(place) for place, code in enumerate(codes, 1)}


def _refuse_long_texts(connection: "DuckDBPyConnection", source: Source, entry: Mapping[str, Any]) -> None:
    query = f"SELECT max(strlen({identifier(entry['alias'])})) FROM {source.table_sql}"
    longest = connection.execute(query).fetchall()[0][0] or 0
    if longest > LONGEST_TEXT_BYTES:
        raise FileRefused(
            TOO_COMPLEX,
            f"{entry['alias']} has a text of {longest:,} bytes; a text in SPSS has {LONGEST_TEXT_BYTES:,} at most.",
            "Export Parquet or CSV, or leave the variable out.",
        )


def _with_missing(
    connection: "DuckDBPyConnection",
    source: Source,
    file: _File,
    entry: Mapping[str, Any],
    column: tuple[str, str],
) -> str:
    """SQL of the value, and of the code that says why it is missing; SPSS allows three such codes, or a range."""
    name, sql = column
    missing = source.missing_column(entry)
    if missing is None:
        return sql
    kind = identifier(missing)
    found = connection.execute(
        f"SELECT {kind}, count(*) FROM {source.table_sql} WHERE {kind} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    low, high = connection.execute(f"SELECT min({sql}), max({sql}) FROM {source.table_sql}").fetchall()[0]
    codes = _missing_codes(entry, [str(row[0]) for row in found], (low, high))
    kept = _declared(file, name, list(codes.values()), (low, high))
    known = {number: label for number, label in codes.values() if number in kept}
    file.value_labels.setdefault(name, {}).update(known)
    lost = [word for word, (number, _) in codes.items() if number not in kept]
    if lost:
        file.notes.append(
            f"{entry['alias']}: SPSS cannot tell so many kinds of missing values; {', '.join(lost)} are just missing"
        )
    cases = " ".join(
        f"WHEN {kind} = {literal(word)} THEN {number!r}"
        for word, (number, _) in codes.items()
        if number in kept
    )
    return f"coalesce({sql}, CASE {cases} END)" if cases else sql


def _missing_codes(
    entry: Mapping[str, Any], words: Sequence[str], extent: tuple[float | None, float | None]
) -> dict[str, tuple[float, str]]:
    """Kind → (number, label): the file's own where it had numbers, else -99, -98 … outside of the values."""
    given = {
        str(code["kind"]): (float(code["code"]), str(code["label"]))
        for code in entry.get("missing_codes", ())
        if isinstance(code["code"], int | float)
    }
    used = {number for number, _ in given.values()}
    low = extent[0] if extent[0] is not None else 0.0
    codes = {}
    for word in words:
        if word not in given:
            number = -99.0
            while number in used or number >= low:
                number -= 1 if number >= low else -1
            used.add(number)
            given[word] = (number, MISSING_WORDS.get(word, word))
        codes[word] = given[word]
    return codes


def _declared(
    file: _File, name: str, codes: Sequence[tuple[float, str]], extent: tuple[float | None, float | None]
) -> set[float]:
    """Declare codes missing; returns those that could be."""
    numbers = [number for number, _ in codes]
    if len(numbers) <= _MOST_DISCRETE:
        file.missing[name] = list(numbers)
        return set(numbers)
    low, high = extent
    ordered = sorted(numbers)
    is_free = low is None or high is None or ordered[-1] < low or ordered[0] > high
    if is_free:
        file.missing[name] = [{"lo": ordered[0], "hi": ordered[-1]}]
        return set(numbers)
    file.missing[name] = list(numbers[:_MOST_DISCRETE])
    return set(numbers[:_MOST_DISCRETE])


def _add_dichotomies(file: _File, entry: Mapping[str, Any], name: str, taken: set[str]) -> None:
    members = []
    value = identifier(entry["alias"])
    for place, (code, label) in enumerate(labels_of(entry).items(), 1):
        member = _name(f"{name}_{place}", taken)
        file.columns[member] = (
            f"CASE WHEN {value} IS NOT NULL THEN CAST(list_contains({value}, {literal(code)}) AS DOUBLE) END"
        )
        file.labels[member] = label
        file.value_labels[member] = {0.0: "No", 1.0: "Yes"}
        file.measures[member] = "nominal"
        members.append(member)
    if members:
        file.sets.append((name, "1", entry["label"], members))


def _add_sets(target: Path, sets: Sequence[tuple[str, str, str, list[str]]]) -> None:
    """Add the record of multiple-response sets to the dictionary of a file that ReadStat wrote."""
    content = target.read_bytes()
    records = list(_records(content))
    end = next(start for kind, _, start, _ in records if kind == _END)
    long_names = next((content[a:b] for kind, subtype, a, b in records if (kind, subtype) == (7, 13)), b"")
    pairs = (pair.partition(b"=") for pair in long_names.split(b"\t"))
    short = {long.decode().casefold(): name.decode().lower() for name, _, long in pairs}
    text = b"".join(_set_line(one, short) for one in sets)
    record = struct.pack("<iiii", 7, 7, 1, len(text)) + text
    target.write_bytes(content[:end] + record + content[end:])


_END = 999
_HEADER_BYTES = 176


def _records(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield (type, subtype, start, end) of each record of the dictionary; of extensions the span of their data."""
    at = _HEADER_BYTES
    while True:
        (kind,) = struct.unpack_from("<i", content, at)
        if kind == 2:  # noqa: PLR2004 - a variable
            _, has_label, n_missing = struct.unpack_from("<iii", content, at + 4)
            end = at + 32
            if has_label:
                (length,) = struct.unpack_from("<i", content, end)
                end += 4 + (length + 3) // 4 * 4
            end += 8 * abs(n_missing)
            yield kind, 0, at, end
        elif kind == 3:  # noqa: PLR2004 - value labels, and the variables that have them behind
            (count,) = struct.unpack_from("<i", content, at + 4)
            end = at + 8
            for _ in range(count):
                end += 8 + (content[end + 8] + 8) // 8 * 8
            (n_variables,) = struct.unpack_from("<i", content, end + 4)
            end += 8 + 4 * n_variables
            yield kind, 0, at, end
        elif kind == 7:  # noqa: PLR2004 - an extension
            subtype, size, count = struct.unpack_from("<iii", content, at + 4)
            end = at + 16 + size * count
            yield kind, subtype, at + 16, end
        elif kind == _END:
            yield kind, 0, at, at + 8
            return
        else:
            raise ValueError(f"an SPSS file with a record of type {kind} was not written by ReadStat")
        at = end


def _set_line(one: tuple[str, str, str, list[str]], short: Mapping[str, str]) -> bytes:
    name, counted, label, members = one
    text = re.sub(r"\s+", " ", label).encode()[:255].decode("utf-8", "ignore").encode()
    variables = " ".join(short.get(member.casefold(), member.lower()) for member in members)
    head = f"${name}=D{len(counted)} {counted} {len(text)} ".encode()
    return head + text + f" {variables}\n".encode()

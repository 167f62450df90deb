"""A dataset as Triple-S (version 2.0): metadata in XML and data in CSV, in one ZIP archive.

Source: "The Triple-S XML Standard", version 2.0.002 (2011): single answers are codes, several answers a string of 0 and 1 or, where
that would be long, codes of a fixed width one after the other (`spread`); days YYYYMMDD, times HHMMSS, a missing value is blank. Codes
that are whole numbers stay what they are, others are numbered in the order of the codebook. The data are for survey programs, which
know no guarding against formulas: texts stand as they are.
"""

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

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

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

METADATA, ROWS = "survey.xml", "survey.csv"
_ANSWERED = ("skipped", "refused", "dont_know")
"""Kinds of missing values of who was asked: they get a code; others are outside of the base, and blank."""
_MOST_DECIMALS = 9
_MOST_PLACES = 20
"""Longer strings of 0 and 1 are written as codes where that is shorter; the string is what all programs read."""
_WHOLE = re.compile(r"0|[1-9]\d{0,5}")
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAKS = r"[\r\n]+"


@dataclass(slots=True)
class _Variable:
    """One variable of the file: its type, its column as SQL, its values, and what else stands in its element."""

    kind: str
    sql: str
    values: dict[str, tuple[str, float | None]] = field(default_factory=dict)
    """Code → label, score."""
    extent: tuple[str, str] | None = None
    size: int | None = None
    spread: tuple[int, int] | None = None
    use: str | None = None


@dataclass(slots=True)
class _File:
    """The record that is written, and what a person should know of it."""

    record: Element
    columns: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, label: str, variable: _Variable) -> None:
        """One more variable, which is the next field of the data."""
        unique = unused_name(_name(name), self.taken)
        self.columns.append(f"{variable.sql} AS {identifier(unique)}")
        if variable.kind in {"multiple", "character"}:
            self.quoted.append(identifier(unique))
        place = str(len(self.columns))
        use = {"use": variable.use} if variable.use else {}
        element = SubElement(self.record, "variable", {"ident": place, "type": variable.kind, **use})
        SubElement(element, "name").text = unique
        SubElement(element, "label").text = _text(label)
        SubElement(element, "position", start=place)
        if variable.spread:
            subfields, width = variable.spread
            SubElement(element, "spread", subfields=str(subfields), width=str(width))
        if variable.size is not None:
            SubElement(element, "size").text = str(variable.size)
        _add_values(element, variable)


def export_triples(connection: "DuckDBPyConnection", source: Source, work: Path) -> Exported:
    """Write the archive of `survey.xml` and `survey.csv`."""
    root = Element("sss", version="2.0")
    SubElement(root, "origin").text = "PlugZero Analytics"
    record = SubElement(SubElement(root, "survey"), "record", ident="A", href=ROWS, format="csv", skip="1")
    n_rows = int(connection.execute(f"SELECT count(*) FROM {source.table_sql}").fetchall()[0][0])
    file = _File(record)
    # Without it a row of blanks would be an empty line, which readers pass over.
    serial = _Variable("quantity", "row_number() OVER ()", extent=("1", str(max(n_rows, 1))), use="serial")
    file.add("serial", "Row of the dataset", serial)
    for entry in source.entries:
        _add(connection, source, file, entry)
    rows = work / ROWS
    forced = f", FORCE_QUOTE ({', '.join(file.quoted)})" if file.quoted else ""
    connection.execute(
        f"COPY (SELECT {', '.join(file.columns)} FROM {source.table_sql}) TO {literal(str(rows))} (FORMAT csv, HEADER, DELIMITER ','{forced})"
    )
    indent(root)
    target = work / "export.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(METADATA, "w") as metadata:
            ElementTree(root).write(metadata, encoding="utf-8", xml_declaration=True)
        archive.write(rows, ROWS)
    rows.unlink()
    return Exported(target, "application/zip", n_rows, file.notes)


def _add(connection: "DuckDBPyConnection", source: Source, file: _File, entry: Mapping[str, Any]) -> None:
    name, kind, label = entry["alias"], entry["kind"], entry["label"]
    value = identifier(name)
    missing = _missing(connection, source, file, entry)
    if kind == "datetime":
        moment = f"({value} AT TIME ZONE 'UTC')"
        file.add(name, label, _Variable("date", f"strftime({moment}, '%Y%m%d')"))
        file.add(f"{name}_time", f"{label} (UTC)", _Variable("time", f"strftime({moment}, '%H%M%S')"))
    elif kind in CATEGORIES:
        file.add(name, label, _single(entry, value, missing))
    elif kind == "multiple":
        file.add(name, label, _multiple(connection, source, entry, missing))
    elif kind in NUMBERS:
        file.add(name, label, _quantity(connection, source, file, entry, missing))
    elif kind == "boolean":
        file.add(name, label, _Variable("logical", f"CAST({value} AS INTEGER)"))
    elif kind == "date":
        file.add(name, label, _Variable("date", f"strftime({value}, '%Y%m%d')"))
    elif kind == "time":
        file.add(name, label, _Variable("time", f"strftime(DATE '2000-01-01' + {value}, '%H%M%S')"))
    else:
        file.add(name, label, _character(connection, source, file, entry))


def _missing(
    connection: "DuckDBPyConnection", source: Source, file: _File, entry: Mapping[str, Any]
) -> tuple[str, list[str]]:
    """The column of kinds of missing values, and those kinds that get a code; what becomes blank is noted where it was told apart."""
    column = source.missing_column(entry)
    if column is None:
        return "", []
    kind = identifier(column)
    query = f"SELECT DISTINCT {kind} FROM {source.table_sql} WHERE {kind} IS NOT NULL ORDER BY 1"
    found = [str(row[0]) for row in connection.execute(query).fetchall()]
    has_codes = entry["kind"] in CATEGORIES | NUMBERS | {"multiple"}
    coded = [word for word in found if word in _ANSWERED] if has_codes else []
    blank = [word for word in found if word not in coded]
    if len(blank) > 1 or (blank and blank != ["not_asked"]):
        file.notes.append(f"{entry['alias']}: {', '.join(blank)} are blank; CSV and Parquet tell them apart")
    return kind, coded


def _codes(entry: Mapping[str, Any], *, first: int) -> dict[str, int]:
    """Code → the number that stands for it: itself where all are whole numbers from `first` on, else its place."""
    codes = [code["code"] for code in entry.get("codes", ())]
    if all(_WHOLE.fullmatch(code) and int(code) >= first for code in codes):
        return {code: int(code) for code in codes}
    return {code: place for place, code in enumerate(codes, 1)}


def _missing_codes(words: Sequence[str], highest: int) -> dict[str, int]:
    """Kind of missing value → a code above all others, from 9, 99, 999 … downwards."""
    if not words:
        return {}
    top = 10 ** len(str(max(highest, 0) + len(words))) - 1
    return {word: top - place for place, word in enumerate(words)}


def _values(
    entry: Mapping[str, Any], numbers: Mapping[str, int], missing: Mapping[str, int]
) -> dict[str, tuple[str, float | None]]:
    scores = {code["code"]: code.get("value") for code in entry.get("codes", ())}
    labels = labels_of(entry)
    own: dict[str, tuple[str, float | None]] = {
        str(number): (labels[code], scores.get(code)) for code, number in numbers.items()
    }
    return own | {str(number): (MISSING_WORDS[word], None) for word, number in missing.items()}


def _map(pairs: Mapping[str, int]) -> str:
    return "MAP {" + ", ".join(f"{literal(code)}: {number}" for code, number in pairs.items()) + "}"


def _single(entry: Mapping[str, Any], value: str, missing: tuple[str, list[str]]) -> _Variable:
    kind, words = missing
    numbers = _codes(entry, first=0)
    codes = _missing_codes(words, max(numbers.values(), default=0))
    sql = f"map_extract_value({_map(numbers)}, {value})" if numbers else "NULL::INTEGER"
    if codes:
        sql = f"coalesce({sql}, map_extract_value({_map(codes)}, {kind}))"
    return _Variable("single", sql, _values(entry, numbers, codes))


def _multiple(
    connection: "DuckDBPyConnection", source: Source, entry: Mapping[str, Any], missing: tuple[str, list[str]]
) -> _Variable:
    """A string of 0 and 1, or codes of a fixed width where that is shorter; kinds of missing values are answers of their own."""
    kind, words = missing
    value = identifier(entry["alias"])
    numbers = _codes(entry, first=1)
    highest = max(numbers.values(), default=0)
    codes = {word: highest + place for place, word in enumerate(words, 1)}
    length = highest + len(codes)
    cases = " ".join(f"WHEN {kind} = {literal(word)} THEN [{number}]" for word, number in codes.items())
    chosen = f"list_transform({value}, lambda one: map_extract_value({_map(numbers)}, one))"
    answers = f"coalesce({chosen}, CASE {cases} END)" if cases else chosen
    if not numbers:
        answers = "NULL::INTEGER[]"
    longest = connection.execute(f"SELECT max(len({answers})) FROM {source.table_sql}").fetchall()[0][0]
    subfields, width = max(int(longest or 0), 1), len(str(length))
    variable = _Variable("multiple", "", _values(entry, numbers, codes))
    if length > _MOST_PLACES and subfields * width < length:
        variable.spread = (subfields, width)
        padded = f"list_transform({answers}, lambda one: lpad(CAST(one AS VARCHAR), {width}, '0'))"
        variable.sql = f"rpad(array_to_string({padded}, ''), {subfields * width}, '0')"
    else:
        places = f"list_transform(range(1, {max(length, 1) + 1}), lambda one: CASE WHEN list_contains({answers}, one) THEN '1' ELSE '0' END)"
        variable.sql = f"CASE WHEN {answers} IS NOT NULL THEN array_to_string({places}, '') END"
    return variable


def _quantity(
    connection: "DuckDBPyConnection",
    source: Source,
    file: _File,
    entry: Mapping[str, Any],
    missing: tuple[str, list[str]],
) -> _Variable:
    kind, words = missing
    number = f"CAST({identifier(entry['alias'])} AS DOUBLE)"
    steps = ", ".join(
        f"count(*) FILTER (round({number}, {digits}) <> {number})" for digits in range(_MOST_DECIMALS + 1)
    )
    found = connection.execute(
        f"SELECT min({number}), max({number}), {steps} FROM {source.table_sql} WHERE isfinite({number})"
    ).fetchall()[0]
    low, high, rounded = found[0] or 0.0, found[1] or 0.0, found[2:]
    digits = next((place for place, n in enumerate(rounded) if not n), _MOST_DECIMALS)
    if rounded[digits]:
        file.notes.append(f"{entry['alias']}: numbers are rounded to {digits} digits after the point")
    codes = _missing_codes(words, int(abs(high)) + 1)
    sql = f"CASE WHEN isfinite({number}) THEN printf('%.{digits}f', {number}) END"
    if codes:
        sql = f"coalesce({sql}, CAST(map_extract_value({_map(codes)}, {kind}) AS VARCHAR))"
    variable = _Variable("quantity", sql, _values({}, {}, codes))
    variable.extent = (f"{low:.{digits}f}", f"{high:.{digits}f}")
    return variable


def _character(
    connection: "DuckDBPyConnection", source: Source, file: _File, entry: Mapping[str, Any]
) -> _Variable:
    """A text on one line: a record is one line."""
    text = f"CAST({identifier(entry['alias'])} AS VARCHAR)"
    flat = f"regexp_replace({text}, {literal(_LINE_BREAKS)}, ' ', 'g')"
    longest, n_broken = connection.execute(
        f"SELECT max(length({flat})), count(*) FILTER ({flat} <> {text}) FROM {source.table_sql}"
    ).fetchall()[0]
    if n_broken:
        file.notes.append(f"{entry['alias']}: line breaks in {n_broken} texts are blanks")
    return _Variable("character", flat, size=max(int(longest or 0), 1))


def _add_values(element: Element, variable: _Variable) -> None:
    if variable.kind not in {"single", "multiple", "quantity"}:
        return
    values = SubElement(element, "values")
    if variable.extent:
        low, high = variable.extent
        SubElement(values, "range", {"from": low, "to": high})
    for code, (label, score) in variable.values.items():
        attributes = {"code": code} | ({"score": f"{score:g}"} if score is not None else {})
        SubElement(values, "value", attributes).text = _text(label)


def _name(alias: str) -> str:
    """A name as the standard has them: letters, digits, points and underscores, a letter first."""
    plain = re.sub(r"[^A-Za-z0-9_.]", "_", alias)
    return plain if plain[:1].isalpha() else f"v_{plain}"


def _text(words: str) -> str:
    """Words as XML can hold them."""
    return _NOT_IN_XML.sub("", words)

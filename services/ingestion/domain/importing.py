"""A stored file → Parquet, codebook, metadata, preview and import report: the whole understanding in one call.

Works on files in a folder that the caller owns and removes. Runs in a process of its own with limited memory and time
(`import_child`), since a hostile or broken file may exhaust either.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.codebook import described, doubts, entry
from services.ingestion.domain.column_groups import MAX_FAMILY_CELLS, Column
from services.ingestion.domain.delimited import Progress, RawTable, read_delimited
from services.ingestion.domain.distributions import with_distributions
from services.ingestion.domain.documents.judging import PROSE_BYTES, is_document
from services.ingestion.domain.engine import engine_of
from services.ingestion.domain.grids import grids_of
from services.ingestion.domain.headers import unique_aliases
from services.ingestion.domain.imported import Imported
from services.ingestion.domain.joining import join_columns
from services.ingestion.domain.json_lines import read_json
from services.ingestion.domain.kinds import ColumnFacts, Understanding, understand
from services.ingestion.domain.limited_child import Limits
from services.ingestion.domain.missing_columns import merge_missing
from services.ingestion.domain.ole import refuse_protected_or_old
from services.ingestion.domain.parquet import (
    Variable,
    coerced_examples,
    count_missing,
    preview,
    write_parquet,
)
from services.ingestion.domain.parquet_source import ParquetTable, import_typed, read_parquet
from services.ingestion.domain.personal import suspect
from services.ingestion.domain.privacy import without_persons
from services.ingestion.domain.profiles import profile
from services.ingestion.domain.reading_options import OptionsError, ReadingOptions, require_heeded
from services.ingestion.domain.refusals import (
    EMPTY,
    IS_DOCUMENT,
    NO_TABLE,
    NOT_SUPPORTED,
    NOT_TEXT,
    OPTIONS_DO_NOT_FIT,
    FileRefused,
)
from services.ingestion.domain.signatures import HEAD_BYTES, Format, Signature, judge
from services.ingestion.domain.stat_profiles import import_labelled, import_set, with_label
from services.ingestion.domain.statfiles import STATISTICS, StatFile, read_statfile
from services.ingestion.domain.told import understand_as
from services.ingestion.domain.workbook import read_workbook

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WORKBOOKS = frozenset({Format.XLSX, Format.XLSB, Format.ODS, Format.OLE})
_READABLE = frozenset({Format.TEXT, Format.JSON, Format.PARQUET, *_WORKBOOKS, *STATISTICS})
_SHARE_IN_MEMORY = 0.5
DETECTED = ReadingOptions()
"""Nothing is told: everything is detected."""
_DELIMITED_HINT = "Save the table as CSV in UTF-8 (or as an Excel workbook) and upload that."


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """What came of a file; JSON-ready except for the path."""

    parquet: Path
    content_hash: str
    n_rows: int
    n_columns: int
    codebook: dict[str, Any]
    columns_metadata: dict[str, Any]
    preview: dict[str, Any]
    report: dict[str, Any]


def import_table(
    source: Path,
    work: Path,
    limits: Limits,
    progress: Progress,
    options: ReadingOptions = DETECTED,
    *,
    may_be_document: bool = False,
) -> ImportedTable:
    """Return the dataset in a file; raises FileRefused with a reason and a hint when there is none.

    Where the file may be a document and is one, the refusal says so (`IS_DOCUMENT`).
    """
    with source.open("rb") as file:
        head = file.read(PROSE_BYTES)
    signature = judge(head[:HEAD_BYTES])
    if may_be_document and is_document(source, head, signature):
        raise FileRefused(
            IS_DOCUMENT, f"This is {signature.name} to read, not a table.", "Read it as a document."
        )
    _refuse_unreadable(signature)
    _refuse_unheeded(options, signature)
    if signature.format is Format.OLE:
        refuse_protected_or_old(source)
    progress("opening", 0, source.stat().st_size)
    in_memory = source.stat().st_size <= limits.memory_bytes * _SHARE_IN_MEMORY
    with engine_of(work, limits, in_memory=in_memory) as connection:
        reading = _Reading(source, work, signature.format, options)
        table, variables = _read(connection, reading, progress)
        variables = _wanted(table, variables, options)
        progress("writing", 0, table.n_rows)
        return _written(connection, table, variables, work, signature, progress)


def _wanted(table: RawTable, variables: list[Imported], options: ReadingOptions) -> list[Imported]:
    """The variables without those that are to be left out; raises FileRefused where options name a column that is not there."""
    known = {*table.header.aliases, *(variable.alias for variable in variables)}
    unknown = [(name, alias) for name, alias in options.columns_told() if alias not in known]
    if unknown:
        name, alias = unknown[0]
        raise FileRefused(
            OPTIONS_DO_NOT_FIT,
            f"/options/{name}: the table has no column '{alias}'.",
            "Give a column as the header names it, or leave the option out and correct the dataset afterwards.",
        )
    kept = [variable for variable in variables if variable.alias not in options.leave_out]
    if not kept:
        raise FileRefused(
            OPTIONS_DO_NOT_FIT, "/options/leave_out: no column is left.", "Leave out fewer columns."
        )
    return kept


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file that is being read: where it lies, what it is, and what a person has told about it."""

    source: Path
    work: Path
    format: Format
    options: ReadingOptions


def _read(
    connection: "DuckDBPyConnection", reading: _Reading, progress: Progress
) -> tuple[RawTable, list[Imported]]:
    source, found = reading.source, reading.format
    if found in STATISTICS:
        file = read_statfile(connection, source, found, progress)
        _refuse_rowless(file.table)
        file.table.doubts.extend(file.doubts)
        return file.table, _variables_of_statfile(connection, file, progress)
    if found is Format.PARQUET:
        parquet = read_parquet(connection, source, progress)
        _refuse_rowless(parquet.table)
        return parquet.table, _variables_of_parquet(connection, parquet, progress)
    readers = {Format.TEXT: read_delimited, Format.JSON: read_json}
    read = readers.get(found, read_workbook)
    table = read(connection, source, reading.work, progress, reading.options)
    _refuse_rowless(table)
    columns: list[Column] = []
    variables = list(_variables_of_texts(connection, table, progress, columns))
    joined = join_columns(merge_missing(connection, table, variables), columns)
    table.how["joined"] = joined.report
    table.doubts.extend(joined.doubts)
    return table, joined.variables


def _refuse_rowless(table: RawTable) -> None:
    if table.n_rows == 0:
        raise FileRefused(
            NO_TABLE,
            "The file has a header, but no row below it.",
            "Export the table with its rows and upload it again.",
        )


def _refuse_unreadable(signature: Signature) -> None:
    if signature.format is Format.EMPTY:
        raise FileRefused(
            EMPTY, "The file is empty: 0 bytes.", "Export it again; the upload may have been cut off."
        )
    if signature.format is Format.BINARY:
        raise FileRefused(
            NOT_TEXT, "The file holds binary data, not a table of text, whatever its name.", _DELIMITED_HINT
        )
    if signature.format not in _READABLE:
        raise FileRefused(
            NOT_SUPPORTED,
            f"By its content this is {signature.name}; that is not supported yet. "
            "Supported are delimited text (CSV, TSV; any delimiter and encoding), workbooks (.xlsx, .xls, .xlsb, .ods), files "
            "of SPSS (.sav, .zsav, .por), Stata (.dta) and SAS (.sas7bdat, .xpt), Parquet and JSON lines.",
            _DELIMITED_HINT,
        )


def _refuse_unheeded(options: ReadingOptions, signature: Signature) -> None:
    try:
        require_heeded(options.told(), signature.format.value)
    except OptionsError as error:
        raise FileRefused(OPTIONS_DO_NOT_FIT, f"{error}.", "Leave these options out.") from error


def _variables_of_texts(
    connection: "DuckDBPyConnection",
    table: RawTable,
    progress: Progress,
    columns: list[Column] | None = None,
) -> Iterator[Imported]:
    """Yield each variable of texts; what families need of its column goes into `columns`."""
    for n, (cells, facts) in enumerate(profile(connection, table), 1):
        variable = Variable(cells, facts, _meaning(table, facts))
        if columns is not None:
            columns.append(_column(table, variable))
        yield _with_suspicion(_imported(connection, variable, table.n_rows), table, variable)
        progress("understanding columns", n, table.header.n_columns)


def _with_suspicion(imported: Imported, table: RawTable, variable: Variable) -> Imported:
    titles = table.header.titles
    called = [variable.facts.name, titles[variable.cells.index].wording if titles else ""]
    found = suspect(called, imported.kind, variable.facts.sample)
    return replace(
        imported, described={**imported.described, "personal_data": found.as_json() if found else None}
    )


def _column(table: RawTable, variable: Variable) -> Column:
    cells, facts, titles = variable.cells, variable.facts, table.header.titles
    is_short = facts.frequencies is not None and len(facts.frequencies) <= MAX_FAMILY_CELLS
    return Column(
        place=cells.index,
        name=facts.name,
        alias=facts.alias,
        kind=variable.meaning.kind,
        n_rows=facts.n_rows,
        n_filled=facts.n_filled,
        cell_sql=cells.sql,
        frequencies=facts.frequencies if is_short else None,
        title=titles[cells.index] if titles else None,
    )


def _meaning(table: RawTable, facts: ColumnFacts) -> Understanding:
    separator = table.options.separators.get(facts.alias)
    told = table.options.kinds.get(facts.alias, "multiple" if separator else None)
    return understand_as(facts, told, separator) if told else understand(facts)


def _imported(connection: "DuckDBPyConnection", variable: Variable, n_rows: int) -> Imported:
    facts, meaning = variable.facts, variable.meaning
    coerced = markers = None
    if variable.n_coerced:
        coerced = {
            "column": facts.alias,
            "kind": meaning.kind,
            "n": variable.n_coerced,
            "share": round(variable.n_coerced / facts.n_filled, 6),
            "examples": coerced_examples(connection, variable),
        }
    if meaning.facts and facts.n_markers:
        markers = {"column": facts.alias, "n": facts.n_markers}
    return Imported(
        alias=facts.alias,
        kind=meaning.kind,
        value_sql=variable.value_sql,
        sql_type=meaning.facts.format.sql_type if meaning.facts else "",
        entry=entry(variable, n_rows),
        described=described(variable),
        coerced=coerced,
        markers=markers,
        doubts=doubts(variable),
    )


def _variables_of_statfile(
    connection: "DuckDBPyConnection", file: StatFile, progress: Progress
) -> list[Imported]:
    """The file's variables in its order; texts without labels are understood like those of any file. Sets follow."""
    texts = dict(
        zip(file.table.text_indices, _variables_of_texts(connection, file.table, progress), strict=True)
    )
    labelled = [variable for variable in file.variables if variable.index not in texts]
    found = dict(zip((v.index for v in labelled), import_labelled(connection, file, labelled), strict=True))
    imported = []
    for variable in file.variables:
        one = found.get(variable.index) or with_label(connection, texts[variable.index], variable)
        imported.append(one)
    taken = [*file.table.header.names, *(each.name for each in file.sets)]
    aliases, _ = unique_aliases(taken)
    for each, alias in zip(file.sets, aliases[len(imported) :], strict=True):
        imported.append(import_set(connection, file, each, alias, imported))
    return imported


def _variables_of_parquet(
    connection: "DuckDBPyConnection", parquet: ParquetTable, progress: Progress
) -> list[Imported]:
    if parquet.own is not None:
        return parquet.own
    texts = zip(
        parquet.table.text_indices, _variables_of_texts(connection, parquet.table, progress), strict=True
    )
    ordered = sorted([*texts, *import_typed(connection, parquet)], key=itemgetter(0))
    return merge_missing(connection, parquet.table, [variable for _, variable in ordered])


def _written(  # noqa: PLR0917 - one private step of import_table
    connection: "DuckDBPyConnection",
    table: RawTable,
    variables: list[Imported],
    work: Path,
    signature: Signature,
    progress: Progress,
) -> ImportedTable:
    target = work / "dataset.parquet"
    variables = without_persons(with_distributions(connection, variables, table.n_rows))
    write_parquet(connection, variables, target)
    progress("writing", table.n_rows, table.n_rows)
    for variable in variables:
        if not variable.entry["missing"]:
            variable.entry["missing"]["n"] = count_missing(connection, target, variable.alias)
            variable.described["missing"] = variable.entry["missing"]["n"]
    return ImportedTable(
        parquet=target,
        content_hash=_sha256(target),
        n_rows=table.n_rows,
        n_columns=len(variables),
        codebook={
            "variables": [variable.entry for variable in variables],
            "n_rows": table.n_rows,
            "multiple_response_sets": [v.alias for v in variables if "set" in v.entry["source"]],
            "grids": grids_of(v.entry for v in variables),
        },
        columns_metadata={"columns": [variable.described for variable in variables]},
        preview=preview(connection, target, variables),
        report=_report(table, variables, signature),
    )


def _report(table: RawTable, variables: list[Imported], signature: Signature) -> dict[str, Any]:
    lines = table.lines
    return {
        "format": signature.format.value,
        **table.how,
        "rows": {
            "read": table.n_rows,
            "rejected": lines.n_rejected,
            "repaired": lines.n_repaired,
            "blank": lines.n_blank,
        },
        "rejected": [note.as_json() for note in lines.rejected],
        "repaired": [note.as_json() for note in lines.repaired],
        "coerced": [v.coerced for v in variables if v.coerced],
        "markers": [v.markers for v in variables if v.markers],
        "personal_data": [
            {"column": v.alias, **v.described["personal_data"]}
            for v in variables
            if v.described["personal_data"]
        ],
        "doubts": [*table.doubts, *(doubt for v in variables for doubt in v.doubts)],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

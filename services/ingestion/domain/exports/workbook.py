"""A dataset as an Excel workbook: the rows, the variables, and the codes, a sheet each.

Limits are Excel's (Microsoft, "Excel specifications and limits"). Texts are written as texts, so nothing is run.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.exports.request import NUMBERS, Exported, Source, text_sql
from services.ingestion.domain.quoting import identifier
from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ROWS, MOST_COLUMNS, LONGEST_TEXT = 1_048_576, 16_384, 32_767
_ROWS_AT_ONCE = 2_000
_HINT = "Export CSV or Parquet, which have no such limit, or fewer variables."


def export_xlsx(
    connection: "DuckDBPyConnection", source: Source, work: Path, progress: Callable[[str, int, int], None]
) -> Exported:
    """Write the workbook; raises FileRefused where the rows, columns or texts go beyond Excel's limits."""
    import xlsxwriter

    names, select = _columns(source)
    n_rows = _refuse_unfit(connection, source, len(names))
    target = work / "export.xlsx"
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(target), {**options, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("Data")
        head = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        clock = book.add_format({"num_format": "hh:mm:ss"})
        formats = [{"datetime": moment, "time": clock}.get(kind) for kind in _kinds(source)]
        sheet.freeze_panes(1, 0)
        for i, name in enumerate(names):
            sheet.write_string(0, i, name, head)
        for number, row in enumerate(
            _rows(connection, f"SELECT {', '.join(select)} FROM {source.table_sql}"), 1
        ):
            for i, value in enumerate(row):
                _write(sheet, number, i, value, formats[i])
            if number % _ROWS_AT_ONCE == 0:
                progress("writing rows", number, n_rows)
        _describe(book, source, head)
    return Exported(target, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", n_rows)


def _columns(source: Source) -> tuple[list[str], list[str]]:
    names, select = [], []
    for entry in source.entries:
        names.append(entry["alias"])
        select.append(_cell_sql(entry, source))
        missing = source.missing_column(entry)
        if missing:
            names.append(missing)
            select.append(identifier(missing))
    return names, select


def _kinds(source: Source) -> Iterator[str]:
    for entry in source.entries:
        yield entry["kind"]
        if source.missing_column(entry):
            yield "text"


def _cell_sql(entry: Mapping[str, Any], source: Source) -> str:
    name, kind = identifier(entry["alias"]), entry["kind"]
    if kind in NUMBERS | {"boolean", "date", "time"}:
        return name
    if kind == "datetime":
        return f"({name} AT TIME ZONE 'UTC')"
    return text_sql(entry, source.answers)


def _refuse_unfit(connection: "DuckDBPyConnection", source: Source, n_columns: int) -> int:
    n_rows = int(connection.execute(f"SELECT count(*) FROM {source.table_sql}").fetchall()[0][0])
    if n_rows >= MOST_ROWS or n_columns > MOST_COLUMNS:
        raise FileRefused(
            TOO_COMPLEX,
            f"The dataset has {n_rows:,} rows and {n_columns:,} columns; a sheet of Excel holds {MOST_ROWS - 1:,} and {MOST_COLUMNS:,}.",
            _HINT,
        )
    for entry in source.entries:
        if entry["kind"] in NUMBERS | {"boolean", "date", "time", "datetime"}:
            continue
        text = text_sql(entry, source.answers)
        longest = connection.execute(f"SELECT max(length({text})) FROM {source.table_sql}").fetchall()[0][0]
        if (longest or 0) > LONGEST_TEXT:
            raise FileRefused(
                TOO_COMPLEX,
                f"{entry['alias']} has a text of {longest:,} characters; a cell of Excel holds {LONGEST_TEXT:,}.",
                _HINT,
            )
    return n_rows


def _rows(connection: "DuckDBPyConnection", query: str) -> Iterator[tuple[Any, ...]]:
    found = connection.execute(query)
    while rows := found.fetchmany(_ROWS_AT_ONCE):
        yield from rows


def _write(sheet: Any, row: int, column: int, value: Any, shown: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int) and abs(value) >= 10**15:  # Excel keeps 15 digits
        sheet.write_string(row, column, str(value))
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    elif getattr(value, "year", 1900) < 1900:  # noqa: PLR2004 - Excel's calendar begins then
        sheet.write_string(row, column, value.isoformat())
    else:
        sheet.write_datetime(row, column, value, shown)


def _describe(book: Any, source: Source, head: Any) -> None:
    variables = book.add_worksheet("Variables")
    codes = book.add_worksheet("Codes")
    for sheet, names in (
        (variables, ("alias", "label", "kind", "unit", "missing")),
        (codes, ("alias", "code", "label", "value")),
    ):
        for i, name in enumerate(names):
            sheet.write_string(0, i, name, head)
    n_codes = 0
    for number, entry in enumerate(source.entries, 1):
        described = (entry["alias"], entry["label"], entry["kind"], entry.get("unit") or "")
        for i, text in enumerate(described):
            variables.write_string(number, i, str(text)[:LONGEST_TEXT])
        variables.write_number(number, len(described), entry.get("missing", {}).get("n", 0))
        for code in entry.get("codes", ()):
            n_codes += 1
            for i, text in enumerate((entry["alias"], code["code"], code["label"])):
                codes.write_string(n_codes, i, str(text)[:LONGEST_TEXT])
            if code["value"] is not None:
                codes.write_number(n_codes, 3, code["value"])

"""A file of SPSS, Stata or SAS → its values in DuckDB as they are stored, and what the file says about each variable.

Read by ReadStat (pyreadstat) in chunks of bounded size. Numbers stay numbers, dates the numbers they are stored as,
texts join the table of texts that delimited files become; what the values mean is decided in `labelled`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.delimited import MAX_COLUMNS, RAW_TABLE, Progress, RawTable, column
from services.ingestion.domain.headers import Header, unique_aliases
from services.ingestion.domain.records import LineReport
from services.ingestion.domain.refusals import DAMAGED, NO_TABLE, TOO_COMPLEX, FileRefused
from services.ingestion.domain.signatures import Format
from services.ingestion.domain.stat_formats import Program

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CELLS_PER_CHUNK = 2_000_000
_TRANSPORT_RECORD_BYTES = 80
_PROGRAMS = {
    Format.SAV: (Program.SPSS, "read_sav"),
    Format.POR: (Program.SPSS, "read_por"),
    Format.DTA: (Program.STATA, "read_dta"),
    Format.SAS7BDAT: (Program.SAS, "read_sas7bdat"),
    Format.XPT: (Program.SAS, "read_xport"),
}
STATISTICS = frozenset(_PROGRAMS)
"""Formats that this module reads."""
_KEEPS_USER_MISSING = frozenset({Format.SAV, Format.DTA, Format.SAS7BDAT})
Value = float | str


@dataclass(frozen=True, slots=True)
class MissingRange:
    """Values that the file declares missing: from `low` to `high`, both included."""

    low: Value
    high: Value

    def __contains__(self, value: Value) -> bool:
        if isinstance(value, str):
            return value in {self.low, self.high}
        return (
            not isinstance(self.low, str)
            and not isinstance(self.high, str)
            and self.low <= value <= self.high
        )


@dataclass(frozen=True, slots=True)
class StatVariable:
    """What a file says about one variable.

    Missing codes that are no numbers (letters of Stata and SAS, declared texts of SPSS) lie in the column `aside`.
    """

    index: int
    name: str
    label: str
    is_text: bool
    format: str
    measure: str
    value_labels: Mapping[Value, str]
    missing: tuple[MissingRange, ...]
    aside: str | None = None


@dataclass(frozen=True, slots=True)
class StatSet:
    """A multiple-response set: `counted` is the value that means yes where its members are dichotomies, else None.

    Answers are named by their variable's label, or by the label of the counted value.
    """

    name: str
    label: str
    members: tuple[str, ...]
    counted: Value | None
    is_named_by_values: bool = False


@dataclass(frozen=True, slots=True)
class StatFile:
    """The table, its variables in the order of the file, and the sets over them."""

    program: Program
    table: RawTable
    variables: tuple[StatVariable, ...]
    sets: tuple[StatSet, ...] = field(default=())
    doubts: tuple[str, ...] = field(default=())


def read_statfile(
    connection: "DuckDBPyConnection", source: Path, found: Format, progress: Progress
) -> StatFile:
    """Load the file's values as the table of texts and numbers; raises FileRefused when it cannot be read."""
    _refuse_torn(source, found)
    program, _ = _PROGRAMS[found]
    _, meta = _read(source, found, metadataonly=True)
    names = list(meta.column_names)
    if not names or len(names) > MAX_COLUMNS:
        raise _wrong_size(len(names))
    aliases, repairs = unique_aliases(names)
    declared = [_variable(meta, i, name) for i, name in enumerate(names)]
    loader = _Loader(connection, declared)
    n_rows = loader.load(source, found, int(meta.number_rows or 0), progress)
    variables = tuple(replace(v, aside=loader.aside.get(v.index)) for v in declared)
    header = Header(0, True, tuple(names), aliases, tuple(repairs), "the file names its variables")
    how = {
        "statistics_file": {
            "program": program.value,
            "encoding": getattr(meta, "file_encoding", None),
            "label": meta.file_label or None,
            "notes": [str(note) for note in meta.notes or ()][:20],
        },
        "header": {"present": True, "reason": header.reason, "repairs": repairs},
    }
    texts = tuple(v.index for v in variables if v.is_text and not v.value_labels)
    table = RawTable(header, n_rows, "", LineReport(), how=how, texts=texts)
    known = {name.casefold() for name in names}
    sets, doubts = [], []
    for each in _sets(meta):
        lost = [member for member in each.members if member.casefold() not in known]
        if lost or not each.members:
            doubts.append(
                f"the set {each.name} is left out: its variables {', '.join(lost)} are not in the file"
            )
        else:
            sets.append(each)
    return StatFile(program, table, variables, tuple(sets), tuple(doubts))


def _read(source: Path, found: Format, **options: Any) -> tuple[dict[str, list[Any]], Any]:
    import pyreadstat

    if found in _KEEPS_USER_MISSING:
        options["user_missing"] = True
    try:
        content, meta = getattr(pyreadstat, _PROGRAMS[found][1])(
            str(source), output_format="dict", disable_datetime_conversion=True, **options
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, ValueError) as error:
        raise FileRefused(
            DAMAGED,
            f"The {_PROGRAMS[found][0]} file cannot be read: {error}.",
            "Open it where it was made and save it again (without a password), or export the table as CSV.",
        ) from error
    return content, meta


def _refuse_torn(source: Path, found: Format) -> None:
    # A transport file does not say how many rows it has, only that all its records have 80 bytes (SAS TS-140).
    n_bytes = source.stat().st_size
    if found is Format.XPT and n_bytes % _TRANSPORT_RECORD_BYTES:
        raise FileRefused(
            DAMAGED,
            f"The SAS transport file ends within a record: it has {n_bytes} bytes, which is no multiple of {_TRANSPORT_RECORD_BYTES}.",
            "Export it again; the upload may have been cut off.",
        )


def _wrong_size(n_columns: int) -> FileRefused:
    if n_columns == 0:
        return FileRefused(NO_TABLE, "The file has no variable.", "Export the table with its variables.")
    return FileRefused(
        TOO_COMPLEX,
        f"The file has {n_columns} variables; at most {MAX_COLUMNS} can be read.",
        "Keep the variables that you need and save the file again.",
    )


def _variable(meta: Any, index: int, name: str) -> StatVariable:
    is_text = meta.readstat_variable_types.get(name) == "string"
    labels = dict(meta.variable_value_labels.get(name, {}))
    ranges = (meta.missing_ranges or {}).get(name, ())
    return StatVariable(
        index=index,
        name=name,
        label=(meta.column_names_to_labels.get(name) or "").strip(),
        is_text=is_text,
        format=meta.original_variable_types.get(name) or "",
        measure=meta.variable_measure.get(name) or "unknown",
        value_labels={_plain(value): str(label) for value, label in labels.items()},
        missing=tuple(MissingRange(_plain(part["lo"]), _plain(part["hi"])) for part in ranges),
    )


def _plain(value: Any) -> Value:
    return value.rstrip() if isinstance(value, str) else float(value)


def _sets(meta: Any) -> Iterator[StatSet]:
    for name, found in (getattr(meta, "mr_sets", None) or {}).items():
        counted = found["counted_value"]
        yield StatSet(
            name=name,
            label=found["label"] or name,
            members=tuple(found["variable_list"]),
            counted=None if not found["is_dichotomy"] or counted is None else _plain(counted),
            is_named_by_values=found["type"] == "E",
        )


class _Loader:
    """Fills the table chunk by chunk. Which variables have missing codes that are no numbers shows only then."""

    def __init__(self, connection: "DuckDBPyConnection", variables: Sequence[StatVariable]) -> None:
        self._connection = connection
        self._variables = variables
        self.aside: dict[int, str] = {}
        columns = (f"{column(v.index)} {'VARCHAR' if v.is_text else 'DOUBLE'}" for v in variables)
        connection.execute(f"CREATE TABLE {RAW_TABLE} ({', '.join(columns)})")

    def load(self, source: Path, found: Format, n_expected: int, progress: Progress) -> int:
        """Read all rows; returns their number."""
        n_per_chunk = max(1000, _CELLS_PER_CHUNK // len(self._variables))
        n_rows = 0
        while True:
            content, _ = _read(source, found, row_offset=n_rows, row_limit=n_per_chunk)
            n_read = len(content[self._variables[0].name]) if content else 0
            if n_read:
                self._insert(content)
            n_rows += n_read
            progress("reading rows", n_rows, max(n_expected, n_rows))
            if n_read < n_per_chunk:
                return n_rows

    def _insert(self, content: dict[str, list[Any]]) -> None:
        import pyarrow as pa

        arrays = {}
        for variable in self._variables:
            values = (
                [_text(v) for v in content[variable.name]] if variable.is_text else content[variable.name]
            )
            aside = [value if _is_aside(variable, value) else None for value in values]
            if any(aside):
                arrays[self._aside_of(variable)] = pa.array(aside, pa.string())
                values = [None if _is_aside(variable, value) else value for value in values]
            kind = pa.string() if variable.is_text else pa.float64()
            arrays[column(variable.index)] = pa.array(values, kind)
        self._connection.register("chunk", pa.table(arrays))
        self._connection.execute(f"INSERT INTO {RAW_TABLE} BY NAME SELECT * FROM chunk")
        self._connection.unregister("chunk")

    def _aside_of(self, variable: StatVariable) -> str:
        if variable.index not in self.aside:
            self.aside[variable.index] = f"m{variable.index}"
            self._connection.execute(f"ALTER TABLE {RAW_TABLE} ADD COLUMN m{variable.index} VARCHAR")
        return self.aside[variable.index]


def _is_aside(variable: StatVariable, value: Any) -> bool:
    return isinstance(value, str) and (
        not variable.is_text or any(value in part for part in variable.missing)
    )


def _text(value: Any) -> str | None:
    """A cell of text without the blanks that fill its width; NUL characters, which no table of text can hold, go."""
    if value is None:
        return None
    return str(value).replace("\x00", "").rstrip() or None

"""A dataset leaves as CSV, Excel, SPSS or Parquet and comes back equal; what a format cannot hold is refused, not cut."""

import csv
import datetime as dt
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import duckdb
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.datasets.values import ExportFormat
from services.ingestion.domain.exports.request import Answers, Layout, Wish
from services.ingestion.domain.exports.writing import write_export
from services.ingestion.domain.importing import import_table
from services.ingestion.domain.refusals import FileRefused
from tests.imported_file import LIMITS, Imported, silent

FORMULAS = ["=1+1", "+49 30 1234", "-5", "@SUM(A1)", "'=x", "''-y", "\tTab", "'quoted'", '=HYPERLINK("x")']


class Exported:
    """A file that was imported and then exported."""

    def __init__(self, content: bytes, kind: ExportFormat, **how: Any) -> None:
        with TemporaryDirectory() as folder:
            source = Path(folder) / "source"
            source.write_bytes(content)
            table = import_table(source, Path(folder), LIMITS, silent)
            work = Path(folder) / "work"
            work.mkdir()
            with duckdb.connect() as connection:
                connection.execute("SET TimeZone = 'UTC'")
                wish = Wish(kind, **how)
                written = write_export(connection, table.parquet, table.codebook, wish, work, silent)
            self.content = written.path.read_bytes()
            self.n_rows, self.notes = written.n_rows, written.notes

    @property
    def rows(self) -> list[list[str]]:
        """The cells of a CSV."""
        return list(csv.reader(io.StringIO(self.content.decode("utf-8-sig"), newline="")))


def as_csv(*rows: tuple[object, ...]) -> bytes:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
    return written.getvalue().encode()


SURVEY = as_csv(
    ("region", "age", "share", "paid", "day", "at", "media", "note", "ok", "zip"),
    *(
        (
            "North",
            34,
            "12.5 %",
            "€ 10.50",
            "2020-02-29",
            "2020-02-29 10:00",
            "TV; Radio",
            "=1+1",
            "true",
            "08010",
        ),
        (
            "South",
            -5,
            "7 %",
            "€ 3.00",
            "1700-01-01",
            "2021-01-01 00:00",
            "Radio",
            'Zoë, "x"\nline',
            "false",
            "04020",
        ),
        ("North", "", "", "", "", "", "", "", "", ""),
    )
    * 6,
)


def wordings(read: Imported, name: str) -> list[str | None]:
    """A column as people read it: codes by their labels."""
    labels = {code["code"]: code["label"] for code in read.variables[name].get("codes", ())}
    return [labels.get(value, value) for value in read.column(name)]


@pytest.mark.parametrize("kind", sorted(set(ExportFormat) - {ExportFormat.TRIPLES}))
def test_a_dataset_comes_back_equal(kind: ExportFormat) -> None:
    before = Imported(SURVEY)
    after = Imported(Exported(SURVEY, kind).content)
    for name in ("age", "share", "day", "at", "paid"):
        assert after.column(name) == before.column(name), name
    for name in ("region", "note"):
        assert wordings(after, name) == wordings(before, name), name
    assert after.table.n_rows == before.table.n_rows
    if kind is ExportFormat.PARQUET:
        assert after.table.codebook == before.table.codebook
        assert (after.names, after.rows) == (before.names, before.rows)


def test_texts_are_guarded_and_numbers_are_not() -> None:
    content = as_csv(("note", "n"), *((text, -n) for n, text in enumerate(FORMULAS)), ("plain", 3))
    cells = Exported(content, ExportFormat.CSV).rows
    guarded = [row[0] for row in cells[1:]]
    assert all(cell.startswith("'") for cell in guarded[:-1])
    assert guarded[-1] == "plain"
    assert [row[1] for row in cells[1:4]] == ["0", "-1", "-2"]


# Control characters would make the file no text at all.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t"), max_size=12
)


@given(
    st.lists(
        st.tuples(st.sampled_from(FORMULAS) | TEXTS, st.integers(-(10**6), 10**6)), min_size=1, max_size=25
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_any_texts_survive_csv_and_excel(rows: list[tuple[str, int]]) -> None:
    content = as_csv(("note", "n", "fixed"), *((text, n, "x") for text, n in rows))
    before = Imported(content)
    for kind in (ExportFormat.CSV, ExportFormat.PARQUET):
        after = Imported(Exported(content, kind).content)
        for name in ("note", "n"):
            assert [str(v) for v in after.column(name)] == [str(v) for v in before.column(name)], (kind, name)


def labelled(folder: Path, **own: Any) -> bytes:
    frame = pd.DataFrame(
        {"q": [1.0, 2.0, -9.0, -8.0, -7.0, -6.0, None], "s": ["a", "", "c", "d", "e", "f", "g"]}
    )
    labels = {
        1.0: "Yes",
        2.0: "No",
        -9.0: "Refused",
        -8.0: "Don't know",
        -7.0: "Not asked",
        -6.0: "Broke off",
    }
    path = folder / "in.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={"q": "Vote?"},
        variable_value_labels={"q": labels},
        missing_ranges={"q": [{"lo": -9, "hi": -6}]},
        variable_measure={"q": "nominal"},
        **own,
    )
    return path.read_bytes()


def test_labels_and_missing_codes_of_spss_come_back_as_they_were(tmp_path: Path) -> None:
    content = labelled(tmp_path)
    before, after = Imported(content), Imported(Exported(content, ExportFormat.SAV).content)
    assert (after.column("q"), after.column("q__missing")) == (
        before.column("q"),
        before.column("q__missing"),
    )
    for name in ("codes", "missing_codes", "label", "missing", "kind"):
        assert after.variables["q"][name] == before.variables["q"][name]


@pytest.mark.parametrize("kind", [ExportFormat.CSV, ExportFormat.XLSX])
def test_missing_kinds_stand_beside_their_values_and_are_read_again(
    tmp_path: Path, kind: ExportFormat
) -> None:
    content = labelled(tmp_path)
    before = Imported(content)
    after = Imported(Exported(content, kind, answers=Answers.CODES).content)
    assert after.column("q__missing") == before.column("q__missing")
    assert [None if v is None else str(v) for v in after.column("q")] == before.column("q")
    assert "q__missing" not in {entry["alias"] for entry in after.table.codebook["variables"]}


def test_more_missing_kinds_than_spss_can_tell_are_named_in_a_note(tmp_path: Path) -> None:
    frame = pd.DataFrame({"q": [float(n) for n in range(8)]})
    path = tmp_path / "in.dta"
    frame = pd.DataFrame({"q": [1, 5, "a", "b", "c", "d", "e"]})
    pyreadstat.write_dta(frame, str(path), missing_user_values={"q": list("abcde")})
    exported = Exported(path.read_bytes(), ExportFormat.SAV)
    after = Imported(exported.content)
    assert after.column("q") == [1, 5, *[None] * 5]
    assert sorted(filter(None, after.column("q__missing"))) == ["-95", "-96", "-97", "-98", "-99"]


def test_a_multiple_response_becomes_a_set_that_is_read_again() -> None:
    rows = [("TV; Radio",), ("Radio",), ("",), ("TV; Paper",), ("Radio; Paper",)] * 4
    content = as_csv(("media",), *rows)
    before, after = Imported(content), Imported(Exported(content, ExportFormat.SAV).content)
    assert before.kinds["media"] == "multiple"
    labels = {code["code"]: code["label"] for code in after.variables["media"]["codes"]}
    read = [None if v is None else [labels[code] for code in v] for v in after.column("media")]
    assert [None if v is None else sorted(v) for v in read] == [
        None if v is None else sorted(v) for v in before.column("media")
    ]


def test_names_that_spss_forbids_are_changed_and_stay_apart() -> None:
    names = ("What is your age?", "what is your AGE!", "1st", "AND", "x" * 100, "ä" * 80)
    content = as_csv(names, *((1, 2, 3, 4, 5, 6),) * 3)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "out.sav"
        path.write_bytes(Exported(content, ExportFormat.SAV).content)
        _, meta = pyreadstat.read_sav(str(path), metadataonly=True)
    assert len({name.casefold() for name in meta.column_names}) == 6
    assert all(len(name.encode()) <= 64 for name in meta.column_names)
    assert meta.column_labels == list(names), "the label keeps the whole name"


def test_a_choice_of_variables_and_of_codes_or_labels(tmp_path: Path) -> None:
    content = labelled(tmp_path)
    assert Exported(content, ExportFormat.CSV, variables=("q",)).rows[:2] == [
        ["q", "q__missing"],
        ["Yes", ""],
    ]
    codes = Exported(content, ExportFormat.CSV, variables=("q",), answers=Answers.CODES)
    assert codes.rows[1] == ["1", ""]


WAVES = [
    ("N", 34, "TV; Radio"),
    ("S", "", "Radio"),
    ("N", 20, ""),
    ("S", 30, "TV; Paper"),
    ("N", 40, "Radio; Paper"),
]


def test_a_long_file_has_a_line_for_each_value(tmp_path: Path) -> None:
    content = as_csv(("region", "age", "media"), *WAVES * 4)
    [head, *lines] = Exported(content, ExportFormat.CSV, layout=Layout.LONG).rows
    assert head == ["row", "variable", "variable_label", "value", "value_label", "number", "missing"]
    assert lines[:7] == [
        ["1", "region", "region", "N", "N", "", ""],
        ["1", "age", "age", "34", "", "34.0", ""],
        ["1", "media", "media", "TV", "TV", "", ""],
        ["1", "media", "media", "Radio", "Radio", "", ""],
        ["2", "region", "region", "S", "S", "", ""],
        ["2", "age", "age", "", "", "", ""],
        ["2", "media", "media", "Radio", "Radio", "", ""],
    ]
    assert [line[3] for line in lines[7:10]] == ["N", "20", ""]
    assert len(lines) == 4 * (5 * 2 + 8)
    labels = labelled(tmp_path)
    answers = Exported(labels, ExportFormat.CSV, layout=Layout.LONG, variables=("q",)).rows[1:]
    before = Imported(labels)
    assert [line[3] or None for line in answers] == before.column("q")
    assert [line[6] or None for line in answers] == before.column("q__missing")
    assert answers[0][4] == "Yes"


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_every_format_holds_a_long_file(kind: ExportFormat) -> None:
    exported = Exported(SURVEY, kind, layout=Layout.LONG)
    assert exported.n_rows > len(Imported(SURVEY).rows) * 9
    if kind is not ExportFormat.TRIPLES:
        assert len(Imported(exported.content).rows) == exported.n_rows


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_lines_of_a_long_file_name_the_interview_in_every_format(kind: ExportFormat) -> None:
    interviews = [str(uuid4()) for _ in range(3)]
    content = as_csv(("response_id", "age"), *((one, 30 + i) for i, one in enumerate(interviews)))
    exported = Exported(content, kind, layout=Layout.LONG, variables=("age",))
    assert exported.n_rows == 3
    if kind is not ExportFormat.TRIPLES:
        assert Imported(exported.content).column("response_id") == interviews


def test_what_excel_and_spss_cannot_hold_is_refused_and_not_cut() -> None:
    long = as_csv(("t", "n"), ("x" * 40_000, 1), ("y", 2))
    for kind in (ExportFormat.XLSX, ExportFormat.SAV):
        with pytest.raises(FileRefused) as refused:
            Exported(long, kind)
        assert "40,000" in refused.value.detail
        assert "Parquet" in refused.value.hint
    assert len(Exported(long, ExportFormat.CSV).rows[1][0]) == 40_000


def test_a_workbook_describes_its_variables_and_codes(tmp_path: Path) -> None:
    from python_calamine import CalamineWorkbook

    path = tmp_path / "out.xlsx"
    path.write_bytes(Exported(labelled(tmp_path), ExportFormat.XLSX).content)
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["Data", "Variables", "Codes"]
    assert book.get_sheet_by_name("Variables").to_python()[1] == ["q", "Vote?", "category", "", 5.0]
    assert ["q", "1", "Yes", ""] in book.get_sheet_by_name("Codes").to_python()


def test_days_before_1900_are_texts_in_excel_and_days_again_when_read() -> None:
    content = as_csv(("day", "n"), ("1700-01-01", 1), ("2020-02-29", 2), ("1899-12-31", 3))
    assert Imported(Exported(content, ExportFormat.XLSX).content).column("day") == [
        dt.date(1700, 1, 1),
        dt.date(2020, 2, 29),
        dt.date(1899, 12, 31),
    ]


def test_a_foreign_codebook_that_does_not_fit_is_ignored() -> None:
    with TemporaryDirectory() as folder:
        path = f"{folder}/x.parquet"
        with duckdb.connect() as connection:
            for text in ("no json", "[]", '{"variables": [{"alias": "n"}]}', '{"variables": 3}'):
                connection.execute(
                    f"COPY (SELECT 1 AS n) TO '{path}' (FORMAT parquet, KV_METADATA {{'plugzero.codebook': '{text}'}})"
                )
                assert Imported(Path(path).read_bytes()).kinds == {"n": "integer"}

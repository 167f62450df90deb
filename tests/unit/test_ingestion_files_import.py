"""A file on disk becomes a typed dataset: what is understood of columns, and that nothing is lost or invented."""

import csv
import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.ingestion.domain.codebook import CATEGORICAL
from services.ingestion.domain.guarding import GUARDED
from services.ingestion.domain.refusals import FileRefused
from tests.imported_file import Imported

MINUS = "other: '-' looks like a missing value; it is kept as an answer"


def one_column(cells: list[str], name: str = "x") -> Imported:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([(name, "other"), *((cell, "-") for cell in cells)])
    return Imported(buffer.getvalue().encode())


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "2", "-3", ""], "integer", [1, 2, -3, None]),
        (["−5", "7", "8"], "integer", [-5, 7, 8]),
        (["1.0", "2.0", "3.0"], "integer", [1, 2, 3]),
        (["1,234", "56", "1,234,567"], "integer", [1234, 56, 1234567]),
        (["1.5", "2", ".5", "1e3"], "decimal", [1.5, 2, 0.5, 1000]),
        (["1,5", "2", "1.234,75"], "decimal", [1.5, 2, 1234.75]),
        (["1 234,5", "7", "8,25"], "decimal", [1234.5, 7, 8.25]),
        (["1'234.5", "7", "8.25"], "decimal", [1234.5, 7, 8.25]),
        (["12%", "7.5 %", "100%"], "percentage", [12, 7.5, 100]),
        (["$5", "$1,200.50", "-$3"], "currency", [5, 1200.5, -3]),
        (["5 EUR", "7,50 EUR", "1.000 EUR"], "currency", [5, 7.5, 1000]),
        (["true", "FALSE", "True"], "boolean", [True, False, True]),
        (["2020-02-29", "2021-1-2", ""], "date", [dt.date(2020, 2, 29), dt.date(2021, 1, 2), None]),
        (["31.12.2020", "1.2.2021"], "date", [dt.date(2020, 12, 31), dt.date(2021, 2, 1)]),
        (["12/31/2020", "01/02/2021"], "date", [dt.date(2020, 12, 31), dt.date(2021, 1, 2)]),
        (["31/12/2020", "01/02/2021"], "date", [dt.date(2020, 12, 31), dt.date(2021, 2, 1)]),
        (["3 Jan 2020", "14 Feb 2021"], "date", [dt.date(2020, 1, 3), dt.date(2021, 2, 14)]),
        (["January 3, 2020", "May 14, 2021"], "date", [dt.date(2020, 1, 3), dt.date(2021, 5, 14)]),
        (["10:15", "23:59:59"], "time", [dt.time(10, 15), dt.time(23, 59, 59)]),
        (["3:05 PM", "11:59 am"], "time", [dt.time(15, 5), dt.time(11, 59)]),
        (["00123", "04567", "99999"], "id", ["00123", "04567", "99999"]),
        (["1234567890123456789", "2", "3"], "id", ["1234567890123456789", "2", "3"]),
        (["a@example.com", "b.c@example.org"], "email", ["a@example.com", "b.c@example.org"]),
        (["https://example.com/a", "www.example.org"], "url", ["https://example.com/a", "www.example.org"]),
        (["+44 20 7946 0000", "(030) 123-4567"], "phone", ["+44 20 7946 0000", "(030) 123-4567"]),
        (["13/01/2020", "01/13/2020", "02/03/2020"], "text", ["13/01/2020", "01/13/2020", "02/03/2020"]),
        (["long story", "another story", "third one"], "text", ["long story", "another story", "third one"]),
        (["", "", ""], "text", [None, None, None]),
    ],
)
def test_a_kind_is_understood_and_its_values_survive(cells: list[str], kind: str, values: list[Any]) -> None:
    read = one_column(cells)
    assert (read.kinds["x"], read.column("x")) == (kind, values)
    assert read.described["x"]["reason"]


@pytest.mark.parametrize(
    ("cells", "kind", "values", "is_sure"),
    [
        (["950", "1.100", "12.500"], "integer", [950, 1100, 12500], False),
        (["1.000", "2.000", "7.000"], "integer", [1000, 2000, 7000], False),
        (["1.100 €", "950 €", "2.250 €"], "currency", [1100, 950, 2250], False),
        (["1.234", "0.567", "2.250"], "decimal", [1.234, 0.567, 2.25], True),
        (["1.100", "1.25", "3"], "decimal", [1.1, 1.25, 3], True),
        (["1.0", "2.0", "3.0"], "integer", [1, 2, 3], True),
        (["1.100,5", "950", "2.250"], "decimal", [1100.5, 950, 2250], True),
    ],
)
def test_points_between_semicolons_group_thousands_where_nothing_speaks_of_decimals(
    cells: list[str], kind: str, values: list[float], is_sure: bool
) -> None:
    read = Imported("\n".join(("x;other", *(f"{cell};text {cell}" for cell in cells))).encode())
    assert (read.kinds["x"], read.column("x")) == (kind, values)
    assert any(doubt.startswith("x:") for doubt in read.table.report["doubts"]) is not is_sure


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["25000-49999", "50000-74999", "75000-99999"] * 4, "ordered"),
        (["2024-01-11", "2/03/2024", "2024-03-11", "14/03/2024", "31/05/2024"], "text"),
    ],
)
def test_ranges_and_dates_in_several_formats_are_no_telephone_numbers(cells: list[str], kind: str) -> None:
    assert one_column(cells).kinds["x"] == kind


def test_date_times_are_stored_in_utc() -> None:
    naive = one_column(["2020-01-02 10:00", "2020-01-02T23:59:59"])
    assert naive.kinds["x"] == "datetime"
    assert naive.column("x") == ["2020-01-02 10:00:00+00", "2020-01-02 23:59:59+00"]
    aware = one_column(["2020-01-02T10:00:00+02:00", "2020-01-02T10:00:00Z"])
    assert aware.column("x") == ["2020-01-02 08:00:00+00", "2020-01-02 10:00:00+00"]


def test_a_day_and_month_that_cannot_be_told_apart_lower_the_confidence() -> None:
    read = one_column(["01/02/2020", "03/04/2020"])
    assert read.described["x"]["kind"] == "date"
    assert read.described["x"]["confidence"] == 0.5
    assert read.table.report["doubts"]


def test_texts_that_recur_are_categories_in_natural_order() -> None:
    read = one_column(["Item 10", "Item 9", "item 1", " Item 9 "] * 5)
    assert read.kinds["x"] == "category"
    assert [c["code"] for c in read.variable("x")["codes"]] == ["item 1", "Item 9", "Item 10"]
    assert set(read.column("x")) == {"Item 10", "Item 9", "item 1"}


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"], [1, 2, 3, 4, 5]),
        (["1 - Very bad", "2 - Bad", "5 - Very good"], [1, 2, 5]),
        (["1 - Very bad", "2", "3", "4", "5 - Very good"], [1, 2, 3, 4, 5]),
        (["1 star", "2 stars", "5 stars"], [1, 2, 5]),
        (["Under 18", "18 - 29", "30 - 44", "60+"], [None] * 4),
        (["None or less than $2,999", "$3,000-$4,999", "$105,000 and over"], [None] * 3),
        (["Never", "Sometimes", "Always", "Don't know"], [1, 2, 3, None]),
    ],
)
def test_scales_are_ordered_as_they_rise(labels: list[str], values: list[float | None]) -> None:
    read = one_column([*reversed(labels), *labels] * 2)
    assert read.kinds["x"] == "ordered"
    codes = read.variable("x")["codes"]
    assert [(c["label"], c["value"]) for c in codes] == list(zip(labels, values, strict=True))


def test_several_answers_in_a_cell_are_a_multiple_response() -> None:
    read = one_column(["TV; Radio", "Radio", "TV; Press; Radio", "", "Press; TV", "Radio;TV"] * 3)
    assert read.kinds["x"] == "multiple"
    assert [c["code"] for c in read.variable("x")["codes"]] == ["Press", "Radio", "TV"]
    assert read.column("x")[:4] == [["TV", "Radio"], ["Radio"], ["TV", "Press", "Radio"], None]


def test_sentences_with_commas_are_no_multiple_response() -> None:
    read = one_column(["be honest, kind and loyal", "be honest, kind, and loyal"] * 20)
    assert read.kinds["x"] == "category"


def test_a_respondents_number_is_an_id_and_a_weight_a_weight() -> None:
    rows = "".join(f"{3_887_000_000 + i},{0.5 + i / 100},{18 + i % 40}\n" for i in range(60))
    read = Imported(("RespondentID,weight,age\n" + rows).encode())
    assert read.kinds == {"RespondentID": "id", "weight": "decimal", "age": "integer"}
    assert [read.variable(n)["role"] for n in read.names] == ["id", "weight", None]


def test_late_text_among_numbers_becomes_missing_and_is_reported_with_its_row() -> None:
    read = one_column([str(i) for i in range(99)] + ["about 7"])
    assert read.kinds["x"] == "integer"
    assert read.column("x")[-1] is None
    [coerced] = read.table.report["coerced"]
    assert (coerced["n"], coerced["examples"]) == (1, [{"row": 100, "text": "about 7"}])


def test_many_texts_among_numbers_are_no_numbers() -> None:
    read = one_column([str(i) for i in range(80)] + [f"about {i}" for i in range(20)])
    assert read.kinds["x"] == "text"
    assert read.column("x")[-1] == "about 19"


def test_types_come_from_all_rows_not_from_a_sample() -> None:
    cells = ["1234"] * 20_000 + ["NA"] * 3000 + ["1,5"] * 1200
    read = one_column(cells)
    assert read.kinds["x"] == "decimal"
    assert read.column("x")[-1] == 1.5
    assert read.described["x"]["coerced"] == 0


def test_markers_of_missing_values_are_missing_among_numbers_and_kept_among_texts() -> None:
    assert one_column(["1", "NA", "3", "n/a", "-"]).column("x") == [1, None, 3, None, None]
    texts = one_column(["North", "NA", "North", "NA", "South", "South"])
    assert texts.column("x")[1] == "NA"
    assert texts.table.report["doubts"] == [
        "x: 'NA' looks like a missing value; it is kept as an answer",
        MINUS,
    ]


def test_names_that_could_break_sql_are_only_names() -> None:
    name = 'x"; DROP TABLE raw; --'
    read = one_column(["1", "2"], name=name)
    assert read.column(name) == [1, 2]
    category = one_column(["it's", "it's", "a\\b", "a\\b"])
    assert category.column("x") == ["it's", "it's", "a\\b", "a\\b"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_all_line_endings_are_read(ending: str) -> None:
    read = Imported(ending.join(["a,b", "1,x", '2,"y"', "3,z", ""]).encode())
    assert read.rows == [(1, "x"), (2, "y"), (3, "z")]


def test_blank_lines_are_counted_and_left_out() -> None:
    read = Imported(b"a,b\n\n1,x\n,\n2,y\n\n")
    assert read.rows == [(1, "x"), (2, "y")]


def test_a_quote_inside_an_unquoted_cell_is_a_character() -> None:
    read = Imported(b'size,n\n5" screen,1\n7" screen,2\n9" screen,3\n')
    assert read.column("size") == ['5" screen', '7" screen', '9" screen']


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "file-empty"),
        (b"\n\n\n", "file-without-table"),
        (b"a,b\n", "file-without-table"),
        (b"\x00\x01\x02\x03" * 50, "file-not-text"),
        (b"a,b\n1,2\n" * 2000 + b"\x00", "file-not-text"),
        (b"%PDF-1.7\n\xe2\xe3", "file-format-not-supported"),
        (b"PK\x03\x04" + b"\x00" * 26 + b"xl/workbook.xml", "file-damaged"),
        (",".join(f"c{i}" for i in range(6000)).encode() + b"\n", "file-too-complex"),
    ],
)
def test_what_is_no_table_is_refused_with_a_hint(content: bytes, slug: str) -> None:
    with pytest.raises(FileRefused) as refused:
        Imported(content)
    assert refused.value.slug == slug
    assert refused.value.hint


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """A minimal .xlsx (ECMA-376 part 1) with one sheet of inline strings and numbers."""
    space = "http://schemas.openxmlformats.org"
    sheet = "".join(f"<row>{''.join(_cell(value) for value in row)}</row>" for row in rows)
    members = {
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{space}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{space}/officeDocument/2006/relationships/worksheet" Target="worksheets/s.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}/spreadsheetml/2006/main" '
        f'xmlns:r="{space}/officeDocument/2006/relationships"><sheets><sheet name="Answers" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/worksheets/s.xml": f'<worksheet xmlns="{space}/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _cell(value: object) -> str:
    return (
        f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        if isinstance(value, str)
        else f"<c><v>{value}</v></c>"
    )


def test_the_first_sheet_of_a_workbook_is_read_like_a_csv() -> None:
    rows: list[list[object]] = [["region", "age", "score"], *[["Süd", 31, 1.5], ["Nord", 44, 2]] * 5]
    read = Imported(workbook(rows))
    assert read.kinds == {"region": "category", "age": "integer", "score": "decimal"}
    assert read.rows[:2] == [("Süd", 31, 1.5), ("Nord", 44, 2.0)]
    assert read.table.report["workbook"]["sheet"] == "Answers"
    assert read.table.report["workbook"]["other_sheets"] == []


def test_a_workbook_that_unfolds_to_more_than_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ingestion.domain.workbook.MAX_UNPACKED_BYTES", 10_000)
    with pytest.raises(FileRefused) as refused:
        Imported(workbook([["a"], *[["x" * 100]] * 1000]))
    assert refused.value.slug == "file-too-complex"


def test_a_truncated_workbook_is_damaged() -> None:
    with pytest.raises(FileRefused) as refused:
        Imported(workbook([["a", "b"], ["x", 1]] * 50)[:-300])
    assert refused.value.slug == "file-damaged"


def test_permuting_rows_changes_no_kind_and_no_code() -> None:
    rows = [f"{c},{i % 7},{i}" for i, c in enumerate(["Nord", "Süd", "Ost", "West"] * 30)]
    there = Imported("\n".join(["r,n,i", *rows]).encode())
    back = Imported("\n".join(["r,n,i", *reversed(rows)]).encode())
    assert there.kinds == back.kinds
    assert there.table.codebook == back.table.codebook
    assert there.rows == list(reversed(back.rows))


# What tables of text can hold: everything but lone surrogates, which no file can, and most control characters.
# Cells that are all in apostrophes cannot be told from cells quoted by apostrophes.
character = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff'") | st.sampled_from(
    "\t\r\n\x85\"',;|"
)
cell = st.text(character, max_size=12)
table = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=30)
)


def comparable(value: Any, kind: str) -> Any:
    return value if kind == "text" else str(value).strip()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(rows=[["", "'="], ["a", "''+1"]], delimiter=",", encoding="utf-8")
@given(
    rows=table, delimiter=st.sampled_from(",;\t|"), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
)
def test_what_pythons_csv_module_wrote_is_read_back_equal(
    rows: list[list[str]], delimiter: str, encoding: str
) -> None:
    names = ["alpha", "beta", "gamma", "delta"][: len(rows[0])]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerows([names, *rows])
    expected = [row for row in rows if any(row)]
    content = buffer.getvalue().encode(encoding)
    if not expected:
        with pytest.raises(FileRefused):
            Imported(content)
        return
    read = Imported(content)
    assert read.names == names
    assert len(read.rows) == len(expected)
    for got, cells in zip(read.rows, expected, strict=True):
        for value, text, name in zip(got, cells, names, strict=True):
            # An apostrophe before what a spreadsheet would take for a formula is the guard of our own exports.
            freed = text[1:] if re.search(GUARDED, text) else text
            check_cell(value, freed, read.kinds[name])


BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u3000\ufeff"


def check_cell(value: Any, text: str, kind: str) -> None:
    """A cell means what it said: blank is missing, texts stay as they are, codes lose only blanks around them."""
    bare = text.strip(BLANKS)
    if not bare:
        assert value is None
    elif kind == "text":
        assert value == text
    elif kind in CATEGORICAL or isinstance(value, str):
        assert value == bare or isinstance(value, list)
    elif value is not None and kind in {"integer", "decimal"}:
        assert float(value) == pytest.approx(float(bare.replace(",", ".").replace("−", "-").replace(" ", "")))


scraps = st.sampled_from(
    [
        b"a,b\n",
        b"1;2\r\n",
        b'"',
        b"\r",
        b"\n",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x00",
        b"\xe4",
        b"\t|",
        b"'",
        b"sep=;\n",
        b'\\"',
        b"NA,",
    ]
)
mess = st.lists(
    scraps | st.binary(max_size=6) | cell.map(lambda text: text.encode("utf-8", "replace")), max_size=40
).map(b"".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=mess)
@example(content=b"a,b\n\xff\xfe\x80\x80\x80\x80\x80\x80\x80\x80\x80\xe0")  # a mark of UTF-16 in the middle
def test_any_bytes_are_a_table_or_refused_with_a_reason(content: bytes) -> None:
    read, refused = attempted(content)
    if refused is not None:
        assert refused.detail
        assert refused.hint
    if read is not None:
        assert read.table.n_rows == len(read.rows) > 0
        assert len(set(map(str.casefold, read.names))) == read.table.n_columns
        table = read.table
        json.dumps([table.codebook, table.columns_metadata, table.preview, table.report], allow_nan=False)


def attempted(content: bytes) -> tuple[Imported | None, FileRefused | None]:
    try:
        return Imported(content), None
    except FileRefused as refused:
        return None, refused

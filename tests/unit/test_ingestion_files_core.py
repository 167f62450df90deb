"""How bytes are judged, decoded and cut into cells; pure."""

import csv
import io

import pytest

from services.ingestion.domain.dialects import (
    NO_DELIMITER,
    Dialect,
    detect_dialect,
    excel_directive,
    sample_rows,
)
from services.ingestion.domain.encodings import decode_chunks, detect_encoding
from services.ingestion.domain.headers import detect_header
from services.ingestion.domain.records import LineReport, fitted, records
from services.ingestion.domain.signatures import Format, judge


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"", Format.EMPTY),
        (b"a,b\n1,2\n", Format.TEXT),
        ("größe;ja\n".encode("cp1252"), Format.TEXT),
        ("größe;ja\n1;2\n".encode("utf-16"), Format.TEXT),
        ("größe;ja\n1;2\n".encode("utf-16-le"), Format.TEXT),
        (b"PAR1 is a column name\n", Format.TEXT),
        (b"BZh,b\n1,2\n", Format.TEXT),
        (b"\x00\x01\x02\x03" * 50, Format.BINARY),
        (bytes(range(256)), Format.BINARY),
        (b"%PDF-1.4\n1 0 obj", Format.PDF),
        (b"PK\x03\x04" + b"\x00" * 26 + b"xl/workbook.xml", Format.XLSX),
        (b"PK\x03\x04" + b"\x00" * 26 + b"word/document.xml", Format.DOCX),
        (b"PK\x03\x04" + b"\x00" * 26 + b"photos/1.jpg", Format.ZIP),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.OLE),
        (b"$FL2@(#) SPSS DATA FILE\x02\x00\x00\x00", Format.SAV),
        (b"0" * 200 + b"ASCII SPSS PORT FILE" + b" " * 20 + b"\r\n", Format.POR),
        (b"<stata_dta><header><release>118", Format.DTA),
        (b"\x72\x02\x01\x00\x07\x00", Format.DTA),
        (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!00", Format.XPT),
        (bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011") + bytes(20), Format.SAS7BDAT),
        (b"rr\x01 is text\n", Format.TEXT),
        (b"\x1f\x8b\x08", Format.GZIP),
    ],
)
def test_content_is_judged_by_its_bytes(head: bytes, expected: Format) -> None:
    assert judge(head).format is expected


GERMAN = "Wähler;Größe;Straße\r\nJürgen;groß;Schloßallee\r\nZoë;müßig;Überlingen\r\n" * 20


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("a,b\n1,2\n", "ascii", "utf-8"),
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8"),
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN, "utf-16", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "utf-32", "utf-32-le"),
        ("r\xe9gion;age\n1;2\n", "cp1252", "cp1252"),
        ("Region;Straße\n" + "Süd;Größe\nKöln;Weiß\nHöhe;Fuß\nSüd;Äpfel\n" * 25, "cp1252", "cp1252"),
        ("Stadt;Preis\n" + "Köln;0,5 €\nMünster;1,5 €\nBonn;2,5 €\n" * 33, "cp1252", "cp1252"),
        ("Straße;Preis\n" + "Größe;5 €\n„Zitat“ – Köln;7 €\n" * 10, "cp1252", "cp1252"),
        ("Region\n" + "Süd\nNord\nKöln\n" * 60, "cp1252", "cp1252"),
        ("Ответ;Возраст\nда;31\nнет;44\n" * 20, "cp1251", "cp1251"),
        ("zażółć;gęślą jaźń\nświeży;źle\n" * 20, "cp1250", "cp1250"),
        ("回答;年齢\nはい;三十\n" * 20, "shift_jis", "cp932"),
    ],
)
def test_the_encoding_is_found_and_the_text_read_back(text: str, encoding: str, expected: str) -> None:
    content = text.encode(encoding)
    chunks = [content[i : i + 7] for i in range(0, len(content), 7)]
    found = detect_encoding([content])
    assert found.name == expected
    assert "".join(decode_chunks(chunks, found)) == text


def test_a_late_accent_in_a_large_ascii_file_decides_the_encoding() -> None:
    chunks = [b"name,n\n" + b"Smith,1\n" * 100_000, "Müller,2\n".encode("cp1252")]
    assert detect_encoding(chunks).name == "cp1252"


def test_a_few_broken_characters_do_not_make_utf8_another_encoding() -> None:
    found = detect_encoding([GERMAN.encode() + b"\xc3"])
    assert (found.name, found.is_exact) == ("utf-8", False)
    assert "".join(decode_chunks([GERMAN.encode() + b"\xc3"], found)) == GERMAN + "\ufffd"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n4,5,6\n", ","),
        ("a;b\n1,5;2,5\n3,5;7,25\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b|c\nx|y|z\n", "|"),
        ('income,region\n"$10,000; or less",North\n"$20,000; or less",South\n', ","),
        ("comment\nI like it, really\nNo\nyes, no, maybe\n", NO_DELIMITER),
        ("age\n31\n44\n", NO_DELIMITER),
        ("Report of 2020\n\na;b;c\n" + "1;2;3\n" * 5, ";"),
    ],
)
def test_the_delimiter_is_the_one_that_cuts_rows_of_one_width(text: str, delimiter: str) -> None:
    assert detect_dialect(text).delimiter == delimiter


def test_apostrophes_quote_only_where_they_stand_around_cells_throughout() -> None:
    assert detect_dialect("'a','b'\n'x, y','1'\n'z','2'\n" * 3).quote == "'"
    assert detect_dialect("a,b\nit's,1\n'tis,2\nrock 'n' roll,3\n" * 3).quote == '"'


def test_excels_directive_is_obeyed_and_is_no_row_of_the_table() -> None:
    text = "sep=;\r\na;b\r\n1;2\r\n"
    assert excel_directive(text) == ";"
    rows = sample_rows(text, detect_dialect(text))
    header = detect_header(rows, has_directive=True)
    assert (header.names, header.n_skipped) == (("a", "b"), 2)


def rows_of(text: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text)) if any(row)]


def test_duplicate_empty_and_case_twin_names_are_repaired_and_reported() -> None:
    header = detect_header(rows_of(",age,age,Age,age_2\nx,1,2,3,4\ny,1,2,3,4\n"))
    assert header.aliases == ("column_1", "age", "age_3", "Age_4", "age_2")
    assert len({alias.casefold() for alias in header.aliases}) == 5
    assert len(header.repairs) == 3


@pytest.mark.parametrize(
    ("text", "has_header"),
    [
        ("region,age\nNorth,31\n", True),
        ("North,31\nSouth,44\n", False),
        ("country,2019,2020\nDE,1,2\nFR,3,4\n", True),
        ("North,Yes\nSouth,No\nNorth,No\nSouth,Yes\n", False),
        ("id\n1\n", True),
    ],
)
def test_a_first_row_of_values_is_no_header(text: str, *, has_header: bool) -> None:
    assert detect_header(rows_of(text)).has_header is has_header


def test_row_names_without_a_header_cell_get_a_column() -> None:
    header = detect_header(rows_of("age,sex\n1,31,m\n2,44,f\n"))
    assert header.aliases == ("column_1", "age", "sex")


def test_titles_above_a_table_are_skipped() -> None:
    header = detect_header(rows_of("Study 7\nexported today\na,b,c\n1,2,3\n4,5,6\n"))
    assert (header.names, header.n_skipped) == (("a", "b", "c"), 3)


COMMA = Dialect(",", '"', None, "")


def read(text: str) -> tuple[list[tuple[int, list[str]]], LineReport]:
    report = LineReport()
    return list(records(io.StringIO(text, newline=""), COMMA, report)), report


def test_records_carry_the_number_of_their_first_line() -> None:
    found, _ = read('a,b\n"x\ny",1\n\n"z",2\n')
    assert found == [(1, ["a", "b"]), (2, ["x\ny", "1"]), (5, ["z", "2"])]


def test_a_quote_that_never_closes_costs_its_own_line_only() -> None:
    found, report = read('a,b\n1,2\n"open,3\n4,5\n6,7')
    assert [row for _, row in found] == [["a", "b"], ["1", "2"], ["4", "5"], ["6", "7"]]
    assert [(n.line, n.excerpt) for n in report.rejected] == [(3, '"open,3\n')]
    assert report.n_rejected == 1


def test_a_giant_cell_is_rejected_and_the_rest_is_read() -> None:
    found, report = read("a,b\n" + "x" * 1_000_001 + ",1\n2,3\n")
    assert [row for _, row in found] == [["a", "b"], ["2", "3"]]
    assert report.n_rejected == 1


def test_short_rows_are_filled_and_long_ones_cut_only_where_nothing_is_lost() -> None:
    report = LineReport()
    assert fitted(["1"], 2, 3, report) == ["1", "", ""]
    assert fitted(["1", "2", "3", ""], 3, 3, report) == ["1", "2", "3"]
    assert fitted(["1", "2", "3", "4"], 4, 3, report) is None
    assert (report.n_repaired, report.n_rejected) == (2, 1)

"""Exports of survey programs: their header rows, and their columns joined into questions, sets and grids."""

import csv
import io
from collections.abc import Sequence

import pytest
import xlsxwriter

from services.ingestion.domain.headers import detect_header
from services.ingestion.domain.survey_headers import join_rows
from tests.imported_file import Imported

Rows = Sequence[Sequence[str]]


def text(rows: Rows, delimiter: str = ",") -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


BRANDS = ("Acorn", "Birch", "Cedar")
AGREE = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")


def qualtrics() -> list[list[str]]:
    """As Qualtrics writes CSV: short names, wordings, import ids, then the answers."""
    names = ["StartDate", "ResponseId", "Q1", "Q2_1", "Q2_2", "Q2_3", "Q2_3_TEXT", "Q3_1", "Q3_2", "Q4"]
    wordings = [
        "Start Date",
        "Response ID",
        "How old are you?",
        "Which brands do you know? - Selected Choice - Acorn",
        "Which brands do you know? - Selected Choice - Birch",
        "Which brands do you know? - Selected Choice - Other (please specify)",
        "Which brands do you know? - Other (please specify) - Text",
        "Do you agree - or not? - It is cheap",
        "Do you agree - or not? - It is good",
        "Would you\nbuy it? - Selected Choice",
    ]
    ids = ["startDate", "_recordId", "QID1_TEXT", "QID2_1", "QID2_2", "QID2_3", "QID2_3_TEXT"]
    ids += ["QID3_1", "QID3_2", "QID4"]
    rows = [names, wordings, [f'{{"ImportId":"{one}"}}' for one in ids]]
    for i in range(30):
        brands = [
            "Acorn" if i % 2 else "",
            "Birch" if i % 3 else "",
            "Other (please specify)" if i % 7 == 0 else "",
        ]
        agree = [AGREE[i % 2], AGREE[i % 5]]
        other = f"brand {i}" if i % 7 == 0 else ""
        rows.append(
            [f"2024-05-{i % 28 + 1:02} 10:00:00", f"R_{i:05}", f"{18 + i}", *brands, other, *agree, "Yes"]
        )
    return rows


def surveymonkey() -> list[list[str]]:
    """As SurveyMonkey writes it: questions over their first column, answers below, then the interviews."""
    above = ["Respondent ID", "Collector ID", "Start Date", "IP Address", "What is your age?"]
    above += ["Which brands do you know?", "", "", "", "How do you like them?", "", "Anything else?"]
    below = [
        "",
        "",
        "",
        "",
        "Response",
        *BRANDS,
        "Other (please specify)",
        "Acorn",
        "Birch",
        "Open-Ended Response",
    ]
    rows = [above, below]
    for i in range(30):
        brands = [brand if (i >> n) % 2 else "" for n, brand in enumerate(BRANDS)]
        system = [f"{11_000_000_000 + i}", "400", f"05/{i % 28 + 1:02}/2024 10:00:00 AM", f"192.0.2.{i}"]
        other = "an elm" if i == 8 else ""
        rows.append(
            [*system, f"{18 + i % 40}", *brands, other, AGREE[i % 5], AGREE[i % 3], f"Remark number {i}"]
        )
    return rows


def test_qualtrics_three_rows_name_the_columns() -> None:
    read = Imported(text(qualtrics()))
    header = read.table.report["header"]
    assert (header["rows"], header["layout"], read.table.n_rows) == (3, "Qualtrics", 30)
    assert read.variables["Q1"]["kind"] == "integer"
    assert read.variables["Q1"]["label"] == "How old are you?"
    assert read.variables["ResponseId"]["kind"] == "id"
    assert read.variables["Q4"]["label"] == "Would you\nbuy it?"
    brands = read.variables["Q2"]
    assert (brands["kind"], brands["label"]) == ("multiple", "Which brands do you know?")
    assert [(c["code"], c["label"]) for c in brands["codes"]] == [
        ("Q2_1", "Acorn"),
        ("Q2_2", "Birch"),
        ("Q2_3", "Other (please specify)"),
    ]
    assert brands["source"] == {
        "set": "Q2",
        "members": ["Q2_1", "Q2_2", "Q2_3"],
        "counted": None,
        "other_text": ["Q2_3_TEXT"],
    }
    assert read.column("Q2")[:3] == [["Q2_3"], ["Q2_1", "Q2_2"], ["Q2_2"]]
    assert read.variables["Q2_3_TEXT"]["question"]["part"] == "other_text"
    [grid] = read.table.codebook["grids"]
    assert (grid["label"], [item["label"] for item in grid["items"]]) == (
        "Do you agree - or not?",
        ["It is cheap", "It is good"],
    )
    assert read.table.codebook["multiple_response_sets"] == ["Q2"]


def test_the_rows_of_a_grid_share_its_scale_although_some_answers_were_never_given() -> None:
    read = Imported(text(qualtrics()))
    for alias in ("Q3_1", "Q3_2"):
        codes = read.variables[alias]["codes"]
        assert [(c["code"], c["value"]) for c in codes] == [(w, float(i)) for i, w in enumerate(AGREE, 1)]
        assert read.variables[alias]["kind"] == "ordered"


def test_surveymonkeys_two_rows_are_joined_to_questions() -> None:
    read = Imported(text(surveymonkey()))
    header = read.table.report["header"]
    assert (header["rows"], header["layout"], read.table.n_rows) == (2, "SurveyMonkey", 30)
    assert read.names[:5] == [
        "Respondent ID",
        "Collector ID",
        "Start Date",
        "IP Address",
        "What is your age?",
    ]
    assert read.kinds["What is your age?"] == "integer"
    assert read.variables["Anything else?"]["kind"] == "text"
    brands = read.variables["Which brands do you know?"]
    assert [c["label"] for c in brands["codes"]] == list(BRANDS)
    assert brands["source"]["other_text"] == ["Which brands do you know? - Other (please specify)"]
    assert read.column("Which brands do you know?")[0] is None
    assert read.column("Which brands do you know?")[3] == [
        "Which brands do you know? - Acorn",
        "Which brands do you know? - Birch",
    ]
    [grid] = read.table.codebook["grids"]
    assert (grid["alias"], [c["code"] for c in grid["codes"]]) == ("How do you like them?", list(AGREE))
    joined = {told["alias"]: told for told in read.table.report["joined"]}
    assert joined["Which brands do you know?"]["kind"] == "multiple_response_set"
    assert "its own answer or nothing" in joined["Which brands do you know?"]["reason"]


def test_merged_header_cells_of_a_workbook_are_the_same_blanks() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        rows = surveymonkey()
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if cell:
                    sheet.write(i, j, cell)
        sheet.merge_range(0, 5, 0, 8, "Which brands do you know?")
    read = Imported(buffer.getvalue())
    assert read.table.report["header"]["rows"] == 2
    assert read.table.codebook["multiple_response_sets"] == ["Which brands do you know?"]


def test_a_long_question_at_the_end_does_not_make_the_first_row_a_title() -> None:
    rows = [["Respondent ID", "Which?", *[""] * 9], ["", *(f"Option {c}" for c in "ABCDEFGHIJ")]]
    rows += [
        [f"{i}", *(f"Option {c}" if i % (n + 2) else "" for n, c in enumerate("ABCDEFGHIJ"))]
        for i in range(20)
    ]
    read = Imported(text(rows))
    assert (read.table.n_rows, read.table.codebook["multiple_response_sets"]) == (20, ["Which?"])


def test_three_stacked_rows_are_section_question_and_item() -> None:
    rows = [
        ["id", "Brands", "", "", ""],
        ["", "Known", "", "Bought", ""],
        ["", "Acorn", "Birch", "Acorn", "Birch"],
        *([f"{i}", str(i % 2), str(i % 3 % 2), str(i % 5 % 2), str(i % 7 % 2)] for i in range(20)),
    ]
    read = Imported(text(rows))
    assert read.table.report["header"]["rows"] == 3
    assert read.table.codebook["multiple_response_sets"] == ["Brands - Known", "Brands - Bought"]


def test_names_with_wordings_below_them() -> None:
    rows = [["v1", "v2_1", "v2_2"], ["Age in years", "Media used: Radio", "Media used: TV"]]
    rows += [[str(20 + i), str(i % 2), str(i % 3 % 2)] for i in range(12)]
    read = Imported(text(rows, ";"))
    assert read.table.report["header"]["rows"] == 2
    assert read.variables["v1"]["label"] == "Age in years"
    assert read.table.codebook["multiple_response_sets"] == ["v2"]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [["name", "", "city"], ["Ann", "B", "Rome"], ["Bob", "C", "Oslo"], ["Eve", "B", "Rome"]], id="gap"
        ),
        pytest.param(
            [["q1", "q2"], ["some longer text", "another one"], ["a third text", "and a fourth"]] * 3,
            id="texts",
        ),
        pytest.param([["a", "b"], ["1", "2"], ["3", "4"]], id="numbers"),
        pytest.param(
            [["Report 2024 of May", "", "", ""], ["id", "region", "vote", "age"]]
            + [[f"{i}", "North", "Yes", "30"] for i in range(5)],
            id="title",
        ),
        pytest.param(
            [["id", "Yes", ""], ["1", "Yes", "No"], ["2", "No", "Yes"], ["3", "Yes", "Yes"]], id="unnamed"
        ),
    ],
)
def test_one_header_row_stays_one(rows: Rows) -> None:
    assert detect_header([list(row) for row in rows]).n_rows == 1


def test_header_rows_can_be_joined_by_order() -> None:
    found = join_rows([["Which?", "", "Age"], ["A", "B", ""]], 2)
    assert found.names == ("Which? - A", "Which? - B", "Age")


def dummies(names: Sequence[str], marks: Sequence[Sequence[str]]) -> Imported:
    return Imported(text([["id", *names], *([f"{i}", *row] for i, row in enumerate(marks))]))


@pytest.mark.parametrize(
    ("names", "yes", "no", "labels"),
    [
        (["Q5_1", "Q5_2", "Q5_3"], "1", "0", ["Q5_1", "Q5_2", "Q5_3"]),
        (["Which? [A]", "Which? [B]", "Which? [C]"], "Yes", "No", ["A", "B", "C"]),
        (
            ["Q5[SQ001]. Which? [A]", "Q5[SQ002]. Which? [B]", "Q5[SQ003]. Which? [C]"],
            "Y",
            "",
            ["A", "B", "C"],
        ),
        (["Which: A", "Which: B", "Which: C"], "checked", "unchecked", ["A", "B", "C"]),
        (["Welche? - A", "Welche? - B", "Welche? - C"], "ausgewählt", "nicht ausgewählt", ["A", "B", "C"]),
        (["race___1", "race___2", "race___3"], "Checked", "Unchecked", ["race___1", "race___2", "race___3"]),
        (["Q7r1", "Q7r2", "Q7r3"], "1", "", ["Q7r1", "Q7r2", "Q7r3"]),
        (["A:Which?", "B:Which?", "C:Which?"], "TRUE", "FALSE", ["A", "B", "C"]),
    ],
)
def test_dichotomies_are_a_set(names: Sequence[str], yes: str, no: str, labels: Sequence[str]) -> None:
    marks = [[yes if (i >> n) % 2 else no for n in range(3)] for i in range(16)]
    read = dummies(names, marks)
    [alias] = read.table.codebook["multiple_response_sets"]
    found = read.variables[alias]
    assert [c["label"] for c in found["codes"]] == labels or [c["code"] for c in found["codes"]] == labels
    expected = [[names[n] for n in range(3) if (i >> n) % 2] for i in range(16)]
    assert read.column(alias) == [row or (None if not no else []) for row in expected]
    assert {told["confidence"] for told in read.table.report["joined"]} <= {0.8, 0.85, 0.9, 0.95}


@pytest.mark.parametrize("separator", [";", ", "])
def test_google_forms_checkbox_cells_are_a_set_and_its_grid_rows_a_grid(separator: str) -> None:
    rows = [
        [
            "Timestamp",
            "Which brands do you know?",
            "How do you like them? [Acorn]",
            "How do you like them? [Birch]",
        ]
    ]
    for i in range(32):
        brands = separator.join(brand for n, brand in enumerate(BRANDS) if (i >> n) % 2)
        rows.append([f"2024/05/{i % 28 + 1:02} 10:00:00", brands, AGREE[i % 5], AGREE[i % 3]])
    read = Imported(text(rows))
    assert read.kinds["Which brands do you know?"] == "multiple"
    assert read.column("Which brands do you know?")[3] == ["Acorn", "Birch"]
    [grid] = read.table.codebook["grids"]
    assert (grid["label"], [item["label"] for item in grid["items"]]) == (
        "How do you like them?",
        ["Acorn", "Birch"],
    )


def test_header_rows_with_line_breaks_blank_lines_and_ragged_rows_are_left_out_of_the_answers() -> None:
    whole = text(qualtrics())
    ragged = Imported(whole + b"\r\n\r\n2024-05-01 10:00:00,R_x,44\r\n")
    plain = Imported(whole + b"\r\n")
    assert (plain.table.n_rows, ragged.table.n_rows) == (30, 31)
    assert ragged.rows[:30] == plain.rows
    assert ragged.table.report["rows"]["repaired"] == 1


def test_typeforms_columns_under_their_own_name_are_a_set() -> None:
    marks = [[b if (i >> n) % 2 else "" for n, b in enumerate(BRANDS)] for i in range(16)]
    read = dummies(BRANDS, marks)
    [alias] = read.table.codebook["multiple_response_sets"]
    assert read.variables[alias]["label"] == "Acorn, Birch, Cedar"
    assert read.column(alias)[5] == ["Acorn", "Cedar"]


def test_none_as_an_option_is_an_answer_and_a_marker_is_not() -> None:
    names = ["Which? - A", "Which? - B", "Which? - None"]
    read = dummies(
        names, [["A", "", ""], ["", "B", ""], ["", "", "None"], ["N/A", "N/A", "N/A"], ["A", "B", ""]] * 3
    )
    assert read.column("Which?")[:4] == [["Which? - A"], ["Which? - B"], ["Which? - None"], None]


def test_a_single_answer_keeps_the_text_written_beside_it() -> None:
    rows = [
        ["Which?", "Which? - Other (please specify)"],
        *([["A", ""], ["B", ""], ["Other", "a thing"]] * 5),
    ]
    read = Imported(text(rows))
    assert read.variables["Which?"]["question"]["part"] == "answer"
    other = read.variables["Which? - Other (please specify)"]
    assert other["question"] == {
        "text": "Which?",
        "item": "Other (please specify)",
        "part": "other_text",
        "of": "Which?",
    }
    assert read.table.codebook["multiple_response_sets"] == []


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        pytest.param(
            ["Height (cm)", "Weight (kg)"], [["170", "60"], ["180", "90"], ["165", "70"]] * 4, id="units"
        ),
        pytest.param(
            ["income_1", "income_2"], [[f"{i * 991}", f"{i * 77}"] for i in range(30)], id="numbers"
        ),
        pytest.param(
            ["city_1", "city_2"], [["Rome", "red"], ["Oslo", "blue"], ["Rome", "red"]] * 4, id="unlike"
        ),
    ],
)
def test_columns_that_share_nothing_stay_apart(names: Sequence[str], cells: Rows) -> None:
    read = dummies(names, cells)
    assert (read.table.report["joined"], read.table.codebook["grids"]) == ([], [])


def test_ratings_by_number_are_a_grid_that_a_person_should_look_at() -> None:
    read = dummies(["Q8_1", "Q8_2"], [[f"{i % 5 + 1}", f"{i % 4 + 1}"] for i in range(20)])
    [grid] = read.table.codebook["grids"]
    assert (grid["alias"], grid["codes"], len(grid["items"])) == ("Q8", [], 2)
    assert any(doubt.startswith("Q8: joined from 2 columns") for doubt in read.table.report["doubts"])


def test_qualtrics_answers_in_one_column_are_cut_at_bare_commas() -> None:
    head = [
        ["R", "Q2"],
        ["Response", "Which? - Selected Choice"],
        [f'{{"ImportId":"QID{i}"}}' for i in (1, 2)],
    ]
    cells = ["A,B", "A", "B", "C", "B,C", "A,B,C"] * 4
    read = Imported(text([*head, *([f"r{i}", cell] for i, cell in enumerate(cells))]))
    assert read.kinds["Q2"] == "multiple"
    assert read.column("Q2")[:2] == [["A", "B"], ["A"]]


def test_an_answer_with_a_comma_in_its_wording_stays_whole() -> None:
    cells = [
        "Phone",
        "Tablet",
        "Phone, Laptop, large or small",
        "Laptop, large or small",
        "Phone, Tablet",
        "Tablet, Laptop, large or small",
    ] * 6
    read = Imported(text([["t", "Which?"], *([f"{i}", cell] for i, cell in enumerate(cells))]))
    assert [c["code"] for c in read.variables["Which?"]["codes"]] == [
        "Laptop, large or small",
        "Phone",
        "Tablet",
    ]
    assert read.column("Which?")[2] == ["Phone", "Laptop, large or small"]


@pytest.mark.parametrize(
    "cells", [["Paris, France", "Rome, Italy", "Oslo, Norway"], ["Doe,Jane", "Roe,John"]]
)
def test_places_and_names_with_commas_are_single_answers(cells: list[str]) -> None:
    read = Imported(text([["t", "x"], *([f"{i}", cell] for i, cell in enumerate(cells * 8))]))
    assert read.kinds["x"] == "category"


def test_one_interview_is_enough_where_surveymonkey_marks_its_columns() -> None:
    read = Imported(text(surveymonkey()[:2] + surveymonkey()[9:10]))
    assert (read.table.report["header"]["rows"], read.table.n_rows) == (2, 1)

"""Files of SPSS, Stata and SAS: values, labels, missing codes and sets arrive as the file says. Written here by ReadStat."""

import datetime as dt
import math
import struct
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingestion.domain import statfiles
from services.ingestion.domain.refusals import FileRefused
from services.ingestion.domain.stat_formats import Program, meaning_of_format
from tests.imported_file import Imported

Writer = Callable[..., None]
WRITERS: dict[str, Writer] = {
    "sav": pyreadstat.write_sav,
    "zsav": lambda frame, path, **own: pyreadstat.write_sav(frame, path, compress=True, **own),
    "por": pyreadstat.write_por,
    "dta": pyreadstat.write_dta,
    "xpt": lambda frame, path, **own: pyreadstat.write_xport(frame, path, table_name="T", **own),
}


def written(extension: str, frame: pd.DataFrame, **own: Any) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{extension}"
        WRITERS[extension](frame, str(path), **own)
        return path.read_bytes()


def sav(columns: dict[str, Any], **own: Any) -> Imported:
    return Imported(written("sav", pd.DataFrame(columns), **own))


def with_sets(content: bytes, sets: bytes, *, extended: bool = False) -> bytes:
    """The file with a record of multiple-response sets (subtype 7 or 19) before the end of its dictionary."""
    end = content.index(struct.pack("<ii", 999, 0))
    record = struct.pack("<iiii", 7, 19 if extended else 7, 1, len(sets)) + sets
    return content[:end] + record + content[end:]


@pytest.mark.parametrize("extension", ["sav", "zsav", "por", "dta", "xpt"])
def test_values_labels_and_days_arrive_from_every_program(extension: str) -> None:
    frame = pd.DataFrame(
        {
            "SEX": [1.0, 2.0, 1.0, None],
            "AGE": [20.0, 31.0, 45.0, 70.0],
            "NAME": ["Zoë", "Bo", "", "Ann"] if extension != "por" else ["Zoe", "Bo", "", "Ann"],
            "DAY": [dt.date(2020, 2, 29), None, dt.date(1700, 1, 1), dt.date(2020, 1, 3)],
        }
    )
    has_labels = extension in {"sav", "zsav", "dta"}
    labels = {"variable_value_labels": {"SEX": {1.0: "Male", 2.0: "Female"}}} if has_labels else {}
    if extension == "dta":
        labels = {"variable_value_labels": {"SEX": {1: "Male", 2: "Female"}}}
        frame["SEX"] = frame["SEX"].astype("Int64")
    found = Imported(
        written(extension, frame, column_labels=["Sex of respondent", None, None, None], **labels)
    )
    assert found.kinds["AGE"] == "integer"
    assert found.column("AGE") == [20, 31, 45, 70]
    assert found.column("NAME") == [*frame["NAME"][:2], None, "Ann"]
    assert found.kinds["DAY"] == "date"
    assert found.column("DAY") == list(frame["DAY"])
    assert found.variables["SEX"]["label"] == "Sex of respondent"
    if not has_labels:
        assert found.column("SEX") == [1, 2, 1, None]
        return
    assert found.kinds["SEX"] == "category"
    assert found.column("SEX") == ["1", "2", "1", None]
    assert found.variables["SEX"]["codes"] == [
        {"code": "1", "label": "Male", "value": None},
        {"code": "2", "label": "Female", "value": None},
    ]


def test_declared_missing_values_are_missing_each_with_its_kind() -> None:
    labels = {1.0: "Good", 2.0: "Bad", -9.0: "Refused", -8.0: "Don't know", -7.0: "DK (2)", 99.0: "Inap."}
    found = sav(
        {"q": [1.0, 2.0, -9.0, -8.0, -7.0, 99.0, -50.0, None]},
        variable_value_labels={"q": labels},
        missing_ranges={"q": [{"lo": -99, "hi": -1}, 99]},
        variable_measure={"q": "nominal"},
    )
    assert found.column("q") == ["1", "2", *[None] * 6]
    assert found.column("q__missing") == [None, None, "refused", "-8", "-7", "not_asked", "-50", None]
    entry = found.variables["q"]
    assert [code["code"] for code in entry["codes"]] == ["1", "2"]
    assert entry["missing"] == {"n": 6, "-50": 1, "-7": 1, "-8": 1, "not_asked": 1, "refused": 1}
    assert {(code["code"], code["label"], code["kind"]) for code in entry["missing_codes"]} == {
        (-9.0, "Refused", "refused"),
        (-8.0, "Don't know", "-8"),
        (-7.0, "DK (2)", "-7"),
        (99.0, "Inap.", "not_asked"),
        (-50.0, "-50", "-50"),
    }


def test_declared_missing_texts_are_missing_too() -> None:
    found = sav({"s": ["x", "y", "-9", ""]}, missing_ranges={"s": ["-9"]})
    assert found.column("s") == ["x", "y", None, None]
    assert found.column("s__missing") == [None, None, "-9", None]


def test_letters_of_stata_are_missing_values_with_their_labels() -> None:
    frame = pd.DataFrame({"x": [1, 2, "a", "b"], "y": [1.5, 2.5, 3.5, 4.5]})
    found = Imported(
        written(
            "dta",
            frame,
            missing_user_values={"x": ["a", "b"]},
            variable_value_labels={"x": {1: "Yes", 2: "No", "a": "refused to say"}},
        )
    )
    assert found.column("x") == ["1", "2", None, None]
    assert found.column("x__missing") == [None, None, "refused", "b"]
    assert [code["label"] for code in found.variables["x"]["codes"]] == ["Yes", "No"]


@pytest.mark.parametrize(
    ("measure", "labels", "values", "kind"),
    [
        ("nominal", {1.0: "a", 2.0: "b"}, [1.0, 2.0, 3.0], "category"),
        ("ordinal", {1.0: "a", 2.0: "b"}, [1.0, 2.0], "ordered"),
        ("scale", {1.0: "a", 2.0: "b"}, [1.0, 2.0], "category"),
        ("unknown", {1.0: "Strongly disagree", 2.0: "Neutral", 3.0: "Strongly agree"}, [1.0, 3.0], "ordered"),
        ("nominal", {1.0: "Disagree", 2.0: "Neutral", 3.0: "Agree"}, [1.0, 3.0], "category"),
        ("ordinal", {1.0: "not at all", 7.0: "completely"}, [float(n) for n in range(1, 8)], "ordered"),
        ("scale", {0.0: "none"}, [0.0, 1.0, 2.0, 17.0, 40.0], "integer"),
        ("scale", {0.0: "none"}, [0.0, 1.5, 2.0, 17.0, 40.0], "decimal"),
    ],
)
def test_labels_and_measurement_level_decide_what_is_a_category(
    measure: str, labels: dict[float, str], values: list[float], kind: str
) -> None:
    found = sav({"q": values * 3}, variable_value_labels={"q": labels}, variable_measure={"q": measure})
    assert found.kinds["q"] == kind
    if kind in {"category", "ordered"}:
        codes = found.variables["q"]["codes"]
        numbers = [float(code["code"]) for code in codes]
        assert numbers == sorted({*labels, *values}), "the file's numbers, in their order"
        assert [code["label"] for code in codes] == [labels.get(n, f"{n:.0f}") for n in numbers]
        assert [code["value"] for code in codes] == (numbers if kind == "ordered" else [None] * len(codes))


def test_sets_of_dichotomies_and_of_categories_become_variables() -> None:
    columns = {
        "q1_a": [1.0, 0.0, None, 0.0],
        "q1_b": [1.0, 0.0, None, None],
        "m1": [1.0, 2.0, None, 9.0],
        "m2": [2.0, 2.0, None, 1.0],
    }
    labels = {"q1_a": "Radio", "q1_b": "TV"}
    value_labels = {name: {1.0: "Bread", 2.0: "Milk"} for name in ("m1", "m2")}
    content = written("sav", pd.DataFrame(columns), column_labels=labels, variable_value_labels=value_labels)
    found = Imported(
        with_sets(
            content, b"$media=D1 1 10 Used media q1_a q1_b\n$food=C 6 Bought m1 m2\n$gone=C 1 x m1 lost\n"
        )
    )
    assert found.table.codebook["multiple_response_sets"] == ["media", "food"]
    assert found.column("media") == [["q1_a", "q1_b"], [], None, []]
    assert [(c["code"], c["label"]) for c in found.variables["media"]["codes"]] == [
        ("q1_a", "Radio"),
        ("q1_b", "TV"),
    ]
    assert found.column("food") == [["1", "2"], ["2"], None, ["9", "1"]]
    assert [(c["code"], c["label"]) for c in found.variables["food"]["codes"]] == [
        ("1", "Bread"), ("2", "Milk"), ("9", "9"),
    ]  # fmt: skip
    assert found.variables["media"]["missing"] == {"n": 1}
    assert any("gone" in doubt and "lost" in doubt for doubt in found.table.report["doubts"])


def test_a_set_can_be_named_by_the_labels_of_the_counted_value() -> None:
    columns = {"q1": [1.0, 0.0], "q2": [1.0, 1.0]}
    value_labels = {"q1": {1.0: "Radio", 0.0: "no"}, "q2": {1.0: "TV", 0.0: "no"}}
    content = written("sav", pd.DataFrame(columns), variable_value_labels=value_labels)
    found = Imported(with_sets(content, b"$m=E 11 1 1 5 Media q1 q2\n", extended=True))
    assert [code["label"] for code in found.variables["m"]["codes"]] == ["Radio", "TV"]
    assert found.column("m") == [["q1", "q2"], ["q2"]]


def test_numbers_dates_and_times_keep_what_their_format_says() -> None:
    found = sav(
        {
            "whole": [1.0, -2.0, None],
            "broken": [1.5, 2.0, None],
            "huge": [1e300, 2.0, None],
            "at": [dt.datetime(2020, 1, 2, 3, 4, 5), dt.datetime(1800, 1, 1), None],  # noqa: DTZ001 - SPSS knows no zones
            "clock": [dt.time(23, 59, 59), dt.time(0, 0), None],
            "spent": [90_000.0, 5.0, None],
            "paid": [10.5, 3.0, None],
            "share": [45.0, 3.5, None],
            "weekday": [1.0, 7.0, None],
            "weight": [0.5, 1.5, None],
            "resp_id": [1.0, 2.0, 3.0],
        },
        variable_format={
            "spent": "TIME8",
            "paid": "DOLLAR8.2",
            "share": "PCT5.1",
            "weekday": "WKDAY9",
        },
    )
    assert found.kinds == {
        "whole": "integer", "broken": "decimal", "huge": "decimal", "at": "datetime", "clock": "time", "spent": "duration",
        "paid": "currency", "share": "percentage", "weekday": "category", "weight": "decimal", "resp_id": "id",
    }  # fmt: skip
    assert found.column("at") == ["2020-01-02 03:04:05+00", "1800-01-01 00:00:00+00", None]
    assert found.column("clock") == [dt.time(23, 59, 59), dt.time(0, 0), None]
    assert found.column("spent") == [90_000.0, 5.0, None]
    assert found.variables["weekday"]["codes"][0]["label"] == "Sunday"
    assert found.variables["weight"]["role"] == "weight"
    assert (found.variables["paid"]["unit"], found.variables["share"]["unit"]) == ("$", "%")
    assert found.described["at"]["min"] == "1800-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("program", "written_as", "stored", "shown"),
    [
        # SPSS counts seconds from 14 October 1582: 13,166,064,000 is 1 January 2000 (IBM, Date and time formats).
        (Program.SPSS, "DATE11", 13_166_064_000, dt.date(2000, 1, 1)),
        # Stata: td(01jan2000) is 14,610; tm(2000m1) 480; tq(2000q1) 160; th(2000h1) 80; tw(2000w2) 2081 ([D] datetime).
        (Program.STATA, "%td", 14_610, dt.date(2000, 1, 1)),
        (Program.STATA, "%tdD_m_Y", 14_610, dt.date(2000, 1, 1)),
        (Program.STATA, "%d", 14_610, dt.date(2000, 1, 1)),
        (Program.STATA, "%tm", 480, dt.date(2000, 1, 1)),
        (Program.STATA, "%tq", 160, dt.date(2000, 1, 1)),
        (Program.STATA, "%th", 80, dt.date(2000, 1, 1)),
        (Program.STATA, "%tw", 2_081, dt.date(2000, 1, 8)),
        (Program.STATA, "%tm", -1, dt.date(1959, 12, 1)),
        (Program.STATA, "%tcHH:MM:SS", 3_661_000, dt.time(1, 1, 1)),
        # SAS: '01JAN2000'd is 14,610; '01JAN2000:00:00'dt 1,262,304,000; '01:01:01't 3,661.
        (Program.SAS, "DATE9.", 14_610, dt.date(2000, 1, 1)),
        (Program.SAS, "YYMMDD10", 14_610, dt.date(2000, 1, 1)),
        (Program.SAS, "TIME8.", 3_661, dt.time(1, 1, 1)),
        (Program.SAS, "PERCENT8.2", 0.45, 45.0),
        (Program.SAS, "BEST12.", 0.45, 0.45),
        (Program.STATA, "%9.0g", 0.45, 0.45),
    ],
)
def test_formats_mean_what_their_programs_say(
    program: Program, written_as: str, stored: float, shown: object
) -> None:
    meaning = meaning_of_format(program, written_as)
    sql = meaning.sql.replace("{v}", f"CAST({stored} AS DOUBLE)")
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {sql}").fetchall()[0][0] == shown


def test_a_number_beyond_any_calendar_is_missing_and_told() -> None:
    found = sav({"day": [13_166_064_000.0, 1e300, None]}, variable_format={"day": "DATE11"})
    assert found.column("day") == [dt.date(2000, 1, 1), None, None]
    assert [(c["column"], c["n"]) for c in found.table.report["coerced"]] == [("day", 1)]
    assert found.variables["day"]["missing"] == {"n": 2}


def test_names_that_differ_by_case_only_and_sets_named_like_a_variable_get_aliases_of_their_own() -> None:
    content = written("dta", pd.DataFrame({"Age": [1.0, 2.5], "age": [3.0, 4.5]}))
    assert set(Imported(content).names) == {"Age", "age_2"}
    content = with_sets(written("sav", pd.DataFrame({"q": [1.0], "q_2": [0.0]})), b"$q=D1 1 1 Q q q_2\n")
    found = Imported(content)
    assert len({name.lower() for name in found.names}) == len(found.names) == 3


def test_chunks_join_to_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statfiles, "_CELLS_PER_CHUNK", 1)  # a thousand rows at a time, the least
    for n_rows in (999, 1000, 2001):
        values = [float(n) for n in range(n_rows)]
        for extension in ("sav", "dta", "xpt", "por"):
            found = Imported(
                written(extension, pd.DataFrame({"X": values, "S": [f"t{n % 7}" for n in range(n_rows)]}))
            )
            assert found.column("X") == list(range(n_rows)), (extension, n_rows)


@pytest.mark.parametrize("extension", ["sav", "zsav", "dta"])
def test_a_file_that_was_cut_is_refused_with_a_reason(extension: str) -> None:
    frame = pd.DataFrame({"x": [float(n) for n in range(500)], "s": ["text"] * 500})
    whole = written(extension, frame)
    for n_bytes in (200, len(whole) // 2, len(whole) - 600):
        with pytest.raises(FileRefused) as refused:
            Imported(whole[:n_bytes])
        assert refused.value.slug in {"file-damaged", "file-without-table"}
        assert refused.value.hint


def test_a_file_without_rows_is_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        sav({"x": []})
    assert refused.value.slug == "file-without-table"


# No separators of answers, no numbers: those are understood as in any file.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00;|,\n"), max_size=20)


@given(
    st.lists(
        st.tuples(
            # The largest double is SPSS's HIGHEST, and no value.
            st.none() | st.floats(-1e300, 1e300),
            TEXTS.map(lambda text: f"a{text}."),
            st.sampled_from([1.0, 2.0, 3.0, None]),
        ),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_file_of_spss_holds_arrives(rows: list[tuple[float | None, str, float | None]]) -> None:
    numbers, texts, answers = (list(column) for column in zip(*rows, strict=True))
    found = sav(
        {"n": pd.array(numbers, dtype="Float64"), "t": texts, "a": pd.array(answers, dtype="Float64")},
        variable_value_labels={"a": {1.0: "One", 2.0: "Two", 3.0: "Three"}},
        variable_measure={"n": "scale", "a": "nominal"},
    )
    read = found.column("n")
    for wanted, value in zip(numbers, read, strict=True):
        assert (wanted is None and value is None) or math.isclose(
            wanted or 0, float(value), rel_tol=0, abs_tol=0
        )
    assert found.column("t") == texts
    assert found.column("a") == [None if answer is None else str(int(answer)) for answer in answers]

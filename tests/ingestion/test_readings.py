"""A file read otherwise than detected: encoding, dialect, header, sheets, kinds; nothing is uploaded again."""

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pandas as pd
import pyreadstat
import pytest
import xlsxwriter

from tests.conftest import Clients, Person
from tests.ingestion.test_corrections import correct, entry
from tests.ingestion.test_derived import BAND, derive, outcome, read, send
from tests.ingestion.test_files import imported

Drain = Callable[[], Awaitable[None]]
Member = Callable[[str], Awaitable[Person]]


async def ask(clients: Clients, person: Person, dataset: int, **options: Any) -> httpx2.Response:
    path = f"/api/datasets/{dataset}/read"
    return await clients.ingestion.post(path, json={"options": options}, headers=person.headers)


async def rows(clients: Clients, person: Person, dataset: int) -> list[list[Any]]:
    answer = await clients.ingestion.get(f"/api/datasets/{dataset}/rows", headers=person.headers)
    return list(answer.json()["rows"])


async def dataset_of(
    clients: Clients, drain: Drain, person: Person, project: int, content: bytes
) -> tuple[int, Any]:
    file = await imported(clients, drain, person, project, content)
    assert file["upload_status"] == "SUCCESS", file
    return int(file["dataset_ids"][0]), file


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("name,n\nŁódź,1\nKraków,2\nGdańsk,3\n".encode("cp1250"), {"encoding": "cp1250"}, ["Łódź", 1]),
        (b"a;b,c\n1;2,3\n4;5,6\n7;8,9\n", {"delimiter": "comma"}, ["1;2", 3]),
        (b"2019,2020\n1,2\n3,4\n", {"header": True}, [1, 2]),
        (b"x,y\nu,v\nw,z\n", {"header": False}, ["x", "y"]),
        (b"# a note,with,commas\nname,n,m\nx,1,2\ny,3,4\n", {"rows_above": 1}, ["x", 1, 2]),
        (b"d,n\n03/04/2026,1\n05/06/2026,2\n", {"date_order": "mdy"}, ["2026-03-04", 1]),
        (b"d,n\n03/04/2026,1\n05/06/2026,2\n", {"date_order": "dmy"}, ["2026-04-03", 1]),
        (b"x,n\n-99,1\n3,2\n4,-99\n", {"missing": ["-99"]}, [None, 1]),
        (b"zip,n\n10115,1\n20095,2\n", {"kinds": {"zip": "id"}}, ["10115", 1]),
        (b"q,n\n1,1\n2,2\n1,3\n2,4\n", {"kinds": {"q": "category"}}, ["1", 1]),
        (b"w,n\n1.234,1\n2.345,2\n", {"decimal": "comma"}, [1234, 1]),
        (b"d,n\nsoon,1\n2026-01-02,2\nlater,3\n", {"kinds": {"d": "date"}}, [None, 1]),
        (b"x,n\n12,1\n7.5,2\n", {"kinds": {"x": "percentage"}}, [12, 1]),
        (b"x,n\n12 %,1\n7.5,2\n", {"kinds": {"x": "percentage"}}, [12, 1]),
        (b"x;n\n1.234;1\n2.500;2\n", {"kinds": {"x": "currency"}, "decimal": "comma"}, [1234, 1]),
        (b"x,n\n1 200.50,1\n3,2\n", {"kinds": {"x": "currency"}}, [1200.5, 1]),
        (b"x,n\n90,1\n61.5,2\n", {"kinds": {"x": "duration"}}, [90, 1]),
        (b"x,n\n1h 20m,1\nlong,2\nlonger,3\n", {"kinds": {"x": "duration"}}, [4800, 1]),
        (b"x,n\n007,1\n012,2\n", {"kinds": {"x": "integer"}}, [7, 1]),
        (b"x,n\n007.5,1\n012,2\n", {"kinds": {"x": "decimal"}}, [7.5, 1]),
        (b"x,n\n2.0,1\n2.5,2\n", {"kinds": {"x": "integer"}}, [2, 1]),
        (b"x,n\nYes,1\nNo,2\nyes,3\n", {"kinds": {"x": "boolean"}}, [True, 1]),
        (b"x,n\n0,1\n1,2\n0,3\n", {"kinds": {"x": "boolean"}}, [False, 1]),
        ("x,n\nнет,1\nда,2\n".encode(), {"kinds": {"x": "boolean"}}, [False, 1]),
        (b"Which?,,Age\nA,B,\nA,,31\n,B,54\nA,B,22\n", {"header_rows": 1}, ["A", "B", None]),
        (b"city,size\nin the north,in km\nOslo,454\nBergen,465\n", {"header_rows": 2}, ["Oslo", 454]),
        (b"x,n\n99,99\n3,2\n4,99\n", {"missing_of": {"x": ["99"]}}, [None, 99]),
        (b"m,n\na/b,1\nb,2\nc/a,3\n", {"separators": {"m": "/"}}, [["a", "b"], 1]),
        (b"email,n\na@b.org,1\nc@d.org,2\n", {"leave_out": ["email"]}, [1]),
        (b"m,n\na;b,1\nb,2\nc;a,3\n", {"kinds": {"m": "multiple"}, "delimiter": "comma"}, [["a", "b"], 1]),
    ],
)  # fmt: skip
async def test_what_a_person_tells_is_read(
    *,
    clients: Clients,
    drain: Drain,
    alice: Person,
    project: int,
    content: bytes,
    options: dict[str, Any],
    expected: list[Any],
) -> None:
    dataset, _ = await dataset_of(clients, drain, alice, project, content)
    change = await outcome(clients, drain, alice, await ask(clients, alice, dataset, **options))
    assert (change["status"], change["version"]) == ("SUCCESS", 2), change
    assert (await rows(clients, alice, dataset))[0] == expected
    assert (await read(clients, alice, dataset))["codebook"]["reading"] == options


async def test_the_file_shows_the_new_reading_and_nothing_else_is_lost(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    dataset, file = await dataset_of(clients, drain, alice, project, b"q,age\n" + b"1,20\n2,60\n" * 5)
    await outcome(clients, drain, alice, await derive(clients, alice, dataset, "group", BAND))
    await correct(clients, alice, dataset, age={"label": "Age in years"})
    assert (await entry(clients, alice, dataset, "q"))["kind"] == "integer"
    asked = await correct(clients, alice, dataset, q={"kind": "category", "label": "Question"})
    assert (asked.status_code, asked.json()["kind"], asked.json()["status"]) == (202, "READ", "PENDING")
    change = await outcome(clients, drain, alice, asked)
    assert change["status"] == "SUCCESS", change
    found = {e["alias"]: e for e in (await read(clients, alice, dataset))["variables"]}
    assert (found["q"]["kind"], found["q"]["label"]) == ("category", "Question")
    assert [code["code"] for code in found["q"]["codes"]] == ["1", "2"]
    assert found["age"]["label"] == "Age in years"
    assert found["group"]["kind"] == "ordered"
    shown = (await clients.ingestion.get(f"/api/files/{file['id']}", headers=alice.headers)).json()
    assert shown["columns_metadata"]["columns"][0]["kind"] == "category"
    assert shown["columns_metadata"]["columns"][0]["reason"] == "you told so"
    preview = await clients.ingestion.get(f"/api/files/{file['id']}/preview", headers=alice.headers)
    assert preview.json()["rows"][0] == ["1", 20]
    await outcome(clients, drain, alice, await ask(clients, alice, dataset, missing=["60"]))
    assert (await entry(clients, alice, dataset, "q"))["kind"] == "category", "what was told before holds"
    assert (await rows(clients, alice, dataset))[1] == ["2", None, None]
    await outcome(clients, drain, alice, await ask(clients, alice, dataset, missing=None, kinds={"q": None}))
    assert (await rows(clients, alice, dataset))[1][:2] == [2, 60]


async def test_what_cannot_be_read_like_that_leaves_the_dataset(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    dataset, file = await dataset_of(clients, drain, alice, project, b"q,age\n" + b"x,20\ny,60\n" * 5)
    change = await outcome(clients, drain, alice, await ask(clients, alice, dataset, kinds={"q": "date"}))
    assert (change["status"], change["error"]["type"]) == ("FAILED", "/problems/kind-does-not-fit")
    assert (
        change["error"]["detail"] == "'q' cannot be taken for date: none of its 10 cells is written like one."
    )
    assert (await read(clients, alice, dataset))["version"] == 1
    shown = (await clients.ingestion.get(f"/api/files/{file['id']}", headers=alice.headers)).json()
    assert (shown["upload_status"], shown["error"]) == ("SUCCESS", None)


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"encoding": "utf-9"}, "/options/encoding"),
        ({"encoding": "base64"}, "/options/encoding"),
        ({"delimiter": "colon"}, "/options/delimiter"),
        ({"header": "yes"}, "/options/header"),
        ({"header_rows": 0}, "/options/header_rows"),
        ({"header_rows": 6}, "/options/header_rows"),
        ({"header": False, "header_rows": 2}, "/options/header_rows"),
        ({"rows_above": -1}, "/options/rows_above"),
        ({"decimal": ","}, "/options/decimal"),
        ({"date_order": "ydm"}, "/options/date_order"),
        ({"missing": "-99"}, "/options/missing"),
        ({"kinds": {"q": "colour"}}, "/options/kinds"),
        ({"kinds": {"nope": "date"}}, "/options/kinds"),
        ({"missing_of": {"nope": ["9"]}}, "/options/missing_of"),
        ({"missing_of": {"q": "9"}}, "/options/missing_of"),
        ({"separators": {"q": ""}}, "/options/separators"),
        ({"leave_out": ["nope"]}, "/options/leave_out"),
        ({"leave_out": []}, "/options/leave_out"),
        ({"colour": 1}, "/options/colour"),
    ],
)
async def test_options_that_make_no_sense_are_named(
    *, clients: Clients, drain: Drain, alice: Person, project: int, options: dict[str, Any], pointer: str
) -> None:
    dataset, _ = await dataset_of(clients, drain, alice, project, b"q,age\nx,20\ny,60\n")
    answer = await ask(clients, alice, dataset, **options)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def workbook(*, hidden: bool = False) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows_of_sheet in (
            ("Notes", [["made by", "hand"], ["x", "y"]]),
            ("North", [["name", "n"], ["a", 1], ["b", 2]]),
            ("South", [["name", "n"], ["c", 3], ["d", 4]]),
            ("Codes", [["code", "label"], ["1", "Yes"]]),
        ):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows_of_sheet):
                sheet.write_row(number, 0, row)
            if name == "Notes" and hidden:
                sheet.hide()
        book.get_worksheet_by_name("North").activate()
    return out.getvalue()


async def how(clients: Clients, person: Person, file: Any) -> Any:
    """What the import report says of the workbook."""
    answer = await clients.ingestion.get(f"/api/files/{file['id']}/report", headers=person.headers)
    return answer.json()["workbook"]


async def test_sheets_are_chosen_put_below_each_other_or_read_as_datasets_of_their_own(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    dataset, file = await dataset_of(clients, drain, alice, project, workbook(hidden=True))
    assert await how(clients, alice, file) == {
        "sheet": "North", "other_sheets": ["Notes", "South", "Codes"], "hidden_sheets": ["Notes"], "merged_cells_filled": 0,
    }  # fmt: skip
    assert await rows(clients, alice, dataset) == [["a", 1], ["b", 2]]
    await outcome(clients, drain, alice, await ask(clients, alice, dataset, sheets=["North", "3"]))
    assert await rows(clients, alice, dataset) == [
        ["a", 1, "North"], ["b", 2, "North"], ["c", 3, "South"], ["d", 4, "South"],
    ]  # fmt: skip
    odd = await outcome(clients, drain, alice, await ask(clients, alice, dataset, sheets=["North", "Codes"]))
    assert odd["status"] == "FAILED"
    assert "have different headers" in odd["error"]["detail"]
    gone = await outcome(clients, drain, alice, await ask(clients, alice, dataset, sheets=["West"]))
    assert gone["error"]["detail"] == "The workbook has no sheet 'West'; it has Notes, North, South, Codes."
    path = f"/api/files/{file['id']}/datasets"
    more = await send(clients, alice, "POST", path, name="South alone", options={"sheets": ["South"]})
    change = await outcome(clients, drain, alice, more)
    assert change["status"] == "SUCCESS", change
    assert await rows(clients, alice, change["dataset_id"]) == [["c", 3], ["d", 4]]
    shown = (await clients.ingestion.get(f"/api/files/{file['id']}", headers=alice.headers)).json()
    assert shown["dataset_ids"] == [dataset, change["dataset_id"]]
    assert (await how(clients, alice, file))["sheet"] == "North, South"
    deleted = await clients.ingestion.delete(f"/api/files/{file['id']}", headers=alice.headers)
    assert deleted.status_code == 204
    await drain()
    assert (
        await clients.ingestion.get(f"/api/datasets/{change['dataset_id']}", headers=alice.headers)
    ).status_code == 404


async def test_cells_merged_downwards_hold_for_all_their_rows(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(1, 1, ["region", "city", "n"])
        sheet.merge_range(2, 1, 4, 1, "North")
        for number, city in enumerate(["a", "b", "c"]):
            sheet.write_row(2 + number, 2, [city, number])
        sheet.write_row(5, 1, ["South", "d", 3])
    dataset, file = await dataset_of(clients, drain, alice, project, out.getvalue())
    assert [row[0] for row in await rows(clients, alice, dataset)] == ["North", "North", "North", "South"]
    assert (await how(clients, alice, file))["merged_cells_filled"] == 2


async def test_others_read_nothing(
    *, clients: Clients, drain: Drain, alice: Person, mallory: Person, member: Member, project: int
) -> None:
    dataset, file = await dataset_of(clients, drain, alice, project, b"q,age\nx,20\ny,60\n")
    viewer = await member("VIEWER")
    another = f"/api/files/{file['id']}/datasets"
    for person, status in ((mallory, 404), (viewer, 403)):
        assert (await ask(clients, person, dataset, header=True)).status_code == status
        assert (await send(clients, person, "POST", another, name="x")).status_code == status


async def test_readings_that_are_asked_for_together_all_hold(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = "town;n;m\nŁódź;1;1\nKraków;2;2\nGdańsk;1;9\n".encode("cp1250")
    dataset, _ = await dataset_of(clients, drain, alice, project, content)
    answers = [
        await ask(clients, alice, dataset, encoding="cp1250"),
        await ask(clients, alice, dataset, missing=["9"]),
        await correct(clients, alice, dataset, n={"kind": "category", "label": "First"}),
        await correct(clients, alice, dataset, m={"kind": "id", "label": "Second"}),
    ]
    assert [answer.status_code for answer in answers] == [202] * 4
    await drain()
    assert await rows(clients, alice, dataset) == [
        ["Łódź", "1", "1"],
        ["Kraków", "2", "2"],
        ["Gdańsk", "1", None],
    ]
    now = await read(clients, alice, dataset)
    assert (now["version"], [v["label"] for v in now["variables"]]) == (5, ["town", "First", "Second"])
    kinds = {"n": "category", "m": "id"}
    assert now["codebook"]["reading"] == {"encoding": "cp1250", "missing": ["9"], "kinds": kinds}


async def test_an_option_that_a_file_does_not_heed_is_named(
    clients: Clients, drain: Drain, alice: Person, project: int, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"age": [20.0, 30.0, 40.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "wave.sav"))
    cases: list[tuple[bytes, dict[str, Any]]] = [
        (
            (tmp_path / "wave.sav").read_bytes(),
            {"kinds": {"age": "category"}, "encoding": "cp1250", "header": False, "rows_above": 0},
        ),
        (workbook(), {"encoding": "cp1250"}),
        (b"a,b\n1,2\n3,4\n", {"sheets": ["1"]}),
    ]
    for content, options in cases:
        dataset, file = await dataset_of(clients, drain, alice, project, content)
        another = {"name": "Another", "options": options}
        path = f"/api/files/{file['id']}/datasets"
        for answer in (
            await ask(clients, alice, dataset, **options),
            await clients.ingestion.post(path, json=another, headers=alice.headers),
        ):
            assert answer.status_code == 422, answer.text
            assert [e["pointer"] for e in answer.json()["errors"]] == [f"/options/{name}" for name in options]
        assert (await read(clients, alice, dataset))["version"] == 1


async def test_columns_of_a_statistics_file_are_left_out_and_come_back(
    clients: Clients, drain: Drain, alice: Person, project: int, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"name": ["Ada", "Bo", "Cy"], "age": [20.0, 30.0, 40.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "wave.sav"))
    dataset, _ = await dataset_of(clients, drain, alice, project, (tmp_path / "wave.sav").read_bytes())
    await outcome(clients, drain, alice, await ask(clients, alice, dataset, leave_out=["name"]))
    assert await rows(clients, alice, dataset) == [[20], [30], [40]]
    await outcome(clients, drain, alice, await ask(clients, alice, dataset, leave_out=None))
    assert (await rows(clients, alice, dataset))[0] == ["Ada", 20]
    nothing = await ask(clients, alice, dataset, leave_out=["name", "age"])
    change = await outcome(clients, drain, alice, nothing)
    assert (change["status"], change["error"]["detail"]) == (
        "FAILED",
        "/options/leave_out: no column is left.",
    )

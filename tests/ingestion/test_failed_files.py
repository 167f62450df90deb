"""A file that was not understood is read as a person says; it is not uploaded again."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
import xlsxwriter

from tests.conftest import Clients, Person
from tests.ingestion.test_files import imported
from tests.ingestion.test_files import read as shown
from tests.ingestion.test_readings import ask, rows

Drain = Callable[[], Awaitable[None]]
Member = Callable[[str], Awaitable[Person]]
ONE_ROW = b"price,amount\n"
"""One row, which is taken for a header without rows."""


async def read_again(clients: Clients, person: Person, file: Any, **body: Any) -> httpx2.Response:
    path = f"/api/files/{file['id']}/read"
    return await clients.ingestion.post(path, json=body, headers=person.headers)


async def test_it_becomes_a_dataset_and_what_was_told_holds(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await imported(clients, drain, alice, project, ONE_ROW)
    assert (file["upload_status"], file["error"]["type"]) == ("FAILED", "/problems/file-without-table")
    again = await read_again(clients, alice, file, options={"header": False, "missing": ["amount"]})
    assert (again.status_code, again.headers["location"]) == (202, f"/api/files/{file['id']}")
    assert (again.json()["upload_status"], again.json()["error"]) == ("PENDING", None)
    await drain()
    after = await shown(clients, alice, file["id"])
    assert (after["upload_status"], after["error"]) == ("SUCCESS", None)
    assert after["reading"] == {"header": False, "missing": ["amount"]}
    [dataset] = after["dataset_ids"]
    assert await rows(clients, alice, dataset) == [["price", None]]
    assert (await shown(clients, alice, file["id"], "/preview"))["rows"] == [["price", None]]
    # A later reading of the dataset adds to what was told before.
    asked = await ask(clients, alice, dataset, missing=["price"])
    assert asked.status_code == 202, asked.text
    await drain()
    assert await rows(clients, alice, dataset) == [[None, "amount"]]


async def test_what_fails_again_says_why_and_may_be_tried_once_more(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    stored = io.BytesIO()
    with xlsxwriter.Workbook(stored) as book:
        book.add_worksheet().write_row(0, 0, ["price", "amount"])
    file = await imported(clients, drain, alice, project, stored.getvalue())
    assert file["upload_status"] == "FAILED"
    await read_again(clients, alice, file, options={"delimiter": "semicolon", "header": False})
    await drain()
    after = await shown(clients, alice, file["id"])
    assert (after["upload_status"], after["error"]["type"]) == ("FAILED", "/problems/options-do-not-fit")
    assert after["error"]["detail"].startswith("/options/delimiter: files of format xlsx heed ")
    await read_again(clients, alice, file, options={"header": False})
    await drain()
    after = await shown(clients, alice, file["id"])
    assert (after["upload_status"], after["reading"]) == ("SUCCESS", {"header": False})


async def test_a_repeated_request_reads_once(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await imported(clients, drain, alice, project, ONE_ROW)
    answers = await asyncio.gather(
        *(read_again(clients, alice, file, options={"header": False}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    await drain()
    assert len((await shown(clients, alice, file["id"]))["dataset_ids"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"options": {"header": "yes"}}, "/options/header"),
        ({"options": {"colour": 1}}, "/options/colour"),
        ({"file_type": "PDF"}, "/file_type"),
        ({"file_type": "UNSTRUCTURED", "options": {"header": False}}, "/options"),
        ({"surprise": 1}, "/surprise"),
    ],
)
async def test_what_makes_no_sense_is_named_and_nothing_happens(
    *, clients: Clients, drain: Drain, alice: Person, project: int, body: Any, pointer: str
) -> None:
    file = await imported(clients, drain, alice, project, ONE_ROW)
    refused = await read_again(clients, alice, file, **body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await shown(clients, alice, file["id"]))["upload_status"] == "FAILED"


async def test_only_who_may_write_and_only_what_failed(
    *, clients: Clients, drain: Drain, alice: Person, mallory: Person, member: Member, project: int
) -> None:
    file = await imported(clients, drain, alice, project, ONE_ROW)
    assert (await read_again(clients, mallory, file)).status_code == 404
    assert (await read_again(clients, await member("VIEWER"), file)).status_code == 403
    fine = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    refused = await read_again(clients, alice, fine, options={"header": False})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/file-not-failed")

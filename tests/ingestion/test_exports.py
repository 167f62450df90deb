"""Exports through HTTP and the worker: written once, downloaded by link, refused with a reason, gone after a day."""

import asyncio
import io
import uuid
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pyarrow.parquet as pq
import pytest

from services.ingestion.consumers.jobs import purge_exports
from tests.conftest import Clients, Person
from tests.ingestion.survey_definitions import interviewed, published
from tests.ingestion.test_files import imported

Drain = Callable[[], Awaitable[None]]
Member = Callable[[str], Awaitable[Person]]
TABLE = b"region,vote,age\n" + b"North,Yes,34\nSouth,No,51\n" * 10


@pytest.fixture
async def dataset(clients: Clients, drain: Drain, alice: Person, project: int) -> int:
    """The id of a dataset read from a CSV."""
    file = await imported(clients, drain, alice, project, TABLE)
    return int(file["dataset_ids"][0])


async def ask(clients: Clients, person: Person, dataset: int, **body: Any) -> httpx2.Response:
    return await clients.ingestion.post(f"/api/datasets/{dataset}/exports", json=body, headers=person.headers)


async def written(clients: Clients, drain: Drain, person: Person, dataset: int, **body: Any) -> Any:
    asked = await ask(clients, person, dataset, **body)
    assert asked.status_code in {200, 202}, asked.text
    await drain()
    return (await clients.ingestion.get(asked.headers["location"], headers=person.headers)).json()


async def downloaded(url: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return await client.get(url)


async def test_a_dataset_is_written_once_and_downloaded_without_log_in(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    asked = await ask(clients, alice, dataset, format="csv")
    assert (asked.status_code, asked.json()["status"], asked.json()["url"]) == (202, "PENDING", None)
    again = await ask(clients, alice, dataset, format="csv")
    assert again.json()["id"] == asked.json()["id"], "the same request is the same export"
    await drain()
    export = (await clients.ingestion.get(asked.headers["location"], headers=alice.headers)).json()
    assert (export["status"], export["n_rows"], export["error"]) == ("SUCCESS", 20, None)
    file = await downloaded(export["url"])
    assert file.headers["content-type"].startswith("text/csv")
    assert 'filename="survey.csv"' in file.headers["content-disposition"]
    assert file.content.decode("utf-8-sig").splitlines()[:2] == ["region,vote,age", "North,Yes,34"]
    assert len(file.content) == export["size_bytes"]
    listed = await clients.ingestion.get(f"/api/datasets/{dataset}/exports", headers=alice.headers)
    assert [item["id"] for item in listed.json()["items"]] == [export["id"]]


@pytest.mark.parametrize("kind", ["xlsx", "sav", "parquet"])
async def test_every_format_is_written_by_the_worker(
    *, clients: Clients, drain: Drain, alice: Person, project: int, dataset: int, kind: str
) -> None:
    export = await written(clients, drain, alice, dataset, format=kind, variables=["vote", "age"])
    assert export["status"] == "SUCCESS", export
    content = (await downloaded(export["url"])).content
    again = await imported(clients, drain, alice, project, content)
    assert [c["name"] for c in again["columns_metadata"]["columns"]] == ["vote", "age"]
    if kind == "parquet":
        assert pq.read_table(io.BytesIO(content)).num_rows == 20


async def test_triple_s_is_an_archive_of_metadata_and_rows(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    export = await written(clients, drain, alice, dataset, format="triples", variables=["vote", "age"])
    assert (export["status"], export["format"], export["n_rows"]) == ("SUCCESS", "triples", 20)
    file = await downloaded(export["url"])
    assert 'filename="survey.zip"' in file.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.read("survey.csv").decode().splitlines()[:3] == ["serial,vote,age", "1,2,34", "2,1,51"]
        assert b'type="single"' in archive.read("survey.xml")


async def test_a_download_is_one_call_where_the_worker_is_quick(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    path = f"/api/datasets/{dataset}/export?format=csv&answers=codes"
    asking = asyncio.create_task(clients.ingestion.get(path, headers=alice.headers))
    while not asking.done():
        await drain()
    answer = await asking
    assert answer.status_code == 303, answer.text
    assert (await downloaded(answer.headers["location"])).status_code == 200


async def test_what_a_format_cannot_hold_is_said_and_other_formats_go_on(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await imported(clients, drain, alice, project, b"t,n\n" + b"x" * 40_000 + b",1\ny,2\n")
    (dataset,) = file["dataset_ids"]
    failed = await written(clients, drain, alice, dataset, format="xlsx")
    assert (failed["status"], failed["url"]) == ("FAILED", None)
    assert "40,000" in failed["error"]["detail"]
    assert failed["error"]["hint"]
    again = await ask(clients, alice, dataset, format="xlsx")
    assert again.json()["id"] != failed["id"], "what failed can be tried again"
    assert (await written(clients, drain, alice, dataset, format="parquet"))["status"] == "SUCCESS"


async def test_bad_requests_name_the_field(clients: Clients, alice: Person, dataset: int) -> None:
    for body, pointer in (
        ({"format": "docx"}, "/format"),
        ({}, "/format"),
        ({"format": "csv", "variables": ["nothere"]}, "/variables"),
        ({"format": "csv", "variables": []}, "/variables"),
        ({"format": "csv", "answers": "words"}, "/answers"),
        ({"format": "csv", "filter": {}}, "/filter"),
    ):
        answer = await ask(clients, alice, dataset, **body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_strangers_see_no_export_and_viewers_ask_for_none(
    *, clients: Clients, drain: Drain, alice: Person, mallory: Person, member: Member, dataset: int
) -> None:
    export = await written(clients, drain, alice, dataset, format="csv")
    path = f"/api/exports/{export['id']}"
    assert (await clients.ingestion.get(path, headers=mallory.headers)).status_code == 404
    assert (await ask(clients, mallory, dataset, format="csv")).status_code == 404
    viewer = await member("VIEWER")
    assert (await ask(clients, viewer, dataset, format="sav")).status_code == 403
    assert (await clients.ingestion.get(path, headers=viewer.headers)).json()["status"] == "SUCCESS"


async def test_an_export_goes_with_its_file_and_after_a_day(
    *, clients: Clients, drain: Drain, alice: Person, project: int, dataset: int, owner: asyncpg.Connection
) -> None:
    resources = clients.apps["ingestion"].state.resources
    find = "SELECT object_key FROM data_ingestion_datasetexport WHERE id = $1"
    old = await written(clients, drain, alice, dataset, format="csv")
    key = await owner.fetchval(find, old["id"])
    assert await resources.objects.keys(key) == [key]
    await purge_exports(resources)
    assert await resources.objects.keys(key) == [key], "not before its day is over"
    await owner.execute(
        "UPDATE data_ingestion_datasetexport SET created_at = now() - interval '25 hours' WHERE id = $1",
        old["id"],
    )
    await purge_exports(resources)
    assert await resources.objects.keys(key) == []
    assert (
        await clients.ingestion.get(f"/api/exports/{old['id']}", headers=alice.headers)
    ).status_code == 404

    fresh = await written(clients, drain, alice, dataset, format="csv")
    key = await owner.fetchval(find, fresh["id"])
    file = (await clients.ingestion.get(f"/api/projects/{project}/files", headers=alice.headers)).json()[
        "items"
    ][0]
    await clients.ingestion.delete(f"/api/files/{file['id']}", headers=alice.headers)
    await drain()
    assert await resources.objects.keys(key) == []


async def test_responses_of_a_survey_leave_in_one_call_wide_or_long(
    clients: Clients, drain: Drain, alice: Person, mallory: Person, project: int
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    path = f"/api/surveys/{survey['id']}/export"
    for cups in (2, 5):
        await interviewed(clients.ingestion, survey, {"drink": "coffee", "cups": cups})
    await drain()

    async def lines(**how: str) -> list[str]:
        asked = clients.ingestion.get(path, params={"format": "csv", **how}, headers=alice.headers)
        asking = asyncio.ensure_future(asked)
        while not asking.done():
            await drain()
        answer = await asking
        assert answer.status_code == 303, answer.text
        return (await downloaded(answer.headers["location"])).content.decode("utf-8-sig").splitlines()

    assert len(await lines()) == 3
    long = await lines(layout="long")
    assert long[0] == "row,response_id,variable,variable_label,value,value_label,number,missing"
    assert [line.split(",")[4:7] for line in long if ",cups," in line] == [
        ["2.0", "", "2.0"],
        ["5.0", "", "5.0"],
    ]
    assert "skipped" in next(line for line in long if ",why," in line)
    answer = await clients.ingestion.get(path, params={"format": "csv"}, headers=mallory.headers)
    assert answer.status_code == 404


async def test_the_answers_of_a_survey_and_an_unknown_dataset(clients: Clients, alice: Person) -> None:
    answer = await ask(clients, alice, 2**40, format="csv")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    unknown = await clients.ingestion.get(f"/api/exports/{uuid.uuid4().int % 10**9}", headers=alice.headers)
    assert unknown.status_code == 404

"""Rows of datasets in pages: filtered, stable while the dataset changes, and the process that reads them replaced when it dies."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import psutil
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.test_derived import BAND, derive
from tests.ingestion.test_files import imported

Drain = Callable[[], Awaitable[None]]
N = 450
TABLE = "id,vote,age,day,note\n" + "".join(
    f"r{n},{'Yes' if n % 3 else 'No'},{n % 90 if n % 7 else ''},2026-01-{n % 28 + 1:02},=1+{n} 😀\n"
    for n in range(N)
)


@pytest.fixture
async def dataset(clients: Clients, drain: Drain, alice: Person, project: int) -> int:
    """The id of a dataset of 450 rows."""
    file = await imported(clients, drain, alice, project, TABLE.encode())
    return int(file["dataset_ids"][0])


async def page(clients: Clients, person: Person, dataset: int, **query: Any) -> httpx2.Response:
    if "filter" in query:
        query["filter"] = json.dumps(query["filter"])
    return await clients.ingestion.get(f"/api/datasets/{dataset}/rows", params=query, headers=person.headers)


async def test_pages_hold_every_row_once_and_stay_with_their_version(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    first = await page(clients, alice, dataset, limit=200)
    assert first.status_code == 200, first.text
    body = first.json()
    assert (body["version"], body["n_rows"], len(body["rows"])) == (1, N, 200)
    assert body["columns"][2] == {"alias": "age", "kind": "integer"}
    assert body["rows"][0] == ["r0", "No", None, "2026-01-01", "=1+0 😀"]
    assert body["rows"][1] == ["r1", "Yes", 1, "2026-01-02", "=1+1 😀"]
    await derive(clients, alice, dataset, "g", BAND)
    await drain()
    positions = list(body["positions"])
    while body["next_cursor"]:
        body = (await page(clients, alice, dataset, limit=200, cursor=body["next_cursor"])).json()
        assert body["version"] == 1
        positions += body["positions"]
    assert positions == list(range(1, N + 1))
    assert (await page(clients, alice, dataset, limit=1)).json()["version"] == 2


async def test_a_filter_selects_rows_and_pages_of_them(clients: Clients, alice: Person, dataset: int) -> None:
    tree = {"op": "and", "args": [
        {"op": "eq", "variable": "vote", "value": "No"}, {"op": "ge", "variable": "age", "value": 60}]}  # fmt: skip
    expected = [n for n in range(N) if n % 3 == 0 and n % 7 and n % 90 >= 60]
    found: list[str] = []
    cursor = None
    while True:
        query = {"filter": tree, "variables": ["id"], "limit": 10} | ({"cursor": cursor} if cursor else {})
        body = (await page(clients, alice, dataset, **query)).json()
        assert body["n_rows"] == len(expected)
        found += [row[0] for row in body["rows"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert found == [f"r{n}" for n in expected]
    other = await page(clients, alice, dataset, filter=tree, variables=["vote"], cursor="x")
    assert other.status_code == 422


async def test_what_does_not_fit_is_named(
    clients: Clients, alice: Person, mallory: Person, dataset: int
) -> None:
    unknown = await page(clients, alice, dataset, variables=["votes"])
    assert unknown.json()["errors"][0]["pointer"] == "/variables"
    assert "did you mean 'vote'" in unknown.json()["detail"]
    wrong = await page(clients, alice, dataset, filter={"op": "lt", "variable": "vote", "value": 1})
    assert wrong.json()["errors"][0]["pointer"] == "/filter/value"
    broken = await clients.ingestion.get(
        f"/api/datasets/{dataset}/rows", params={"filter": "{"}, headers=alice.headers
    )
    assert "the filter is no JSON" in broken.json()["detail"]
    assert (await page(clients, mallory, dataset)).status_code == 404


async def test_a_stored_filter_and_labels(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    young = {"op": "lt", "variable": "age", "value": 2}
    body = {"name": "Babies", "expression": young}
    await clients.ingestion.post(f"/api/datasets/{dataset}/filters", json=body, headers=alice.headers)
    await derive(clients, alice, dataset, "g", BAND)
    await drain()
    stored = {"op": "stored", "name": "Babies"}
    found = await page(clients, alice, dataset, filter=stored, variables=["age", "g"], answers="labels")
    assert {tuple(row) for row in found.json()["rows"]} == {(0, "younger"), (1, "younger")}


async def test_the_reader_is_replaced_when_it_was_killed(
    clients: Clients, alice: Person, dataset: int
) -> None:
    assert (await page(clients, alice, dataset)).status_code == 200
    readers = [
        child
        for child in psutil.Process().children(recursive=True)
        if "rows_child" in " ".join(child.cmdline())
    ]
    assert len(readers) == 1
    readers[0].kill()
    assert (await page(clients, alice, dataset)).status_code == 200

"""No object without a row, and none left behind: what becomes of stored bytes when something fails or is deleted."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kernel.objects import Objects
from kernel.problems import Unavailable
from tests.conftest import Clients, Person
from tests.ingestion.test_files import imported, read, upload

Drain = Callable[[], Awaitable[None]]


def bucket(clients: Clients) -> Objects:
    objects: Objects = clients.apps["ingestion"].state.resources.objects
    return objects


async def test_an_upload_whose_row_cannot_be_written_leaves_no_object(
    clients: Clients, alice: Person, team: int, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any, **__: Any) -> None:
        raise Unavailable("the database is away")

    monkeypatch.setattr("services.ingestion.service.files.record", fails)
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/files", files={"file": ("a.csv", b"a\n1\n")}, headers=alice.headers
    )
    assert answer.status_code == 503
    assert await bucket(clients).keys(f"teams/{team}/") == []
    listed = await clients.ingestion.get(f"/api/projects/{project}/files", headers=alice.headers)
    assert listed.json()["items"] == []


async def test_a_file_deleted_before_it_is_read_leaves_nothing(
    clients: Clients, drain: Drain, alice: Person, team: int, project: int
) -> None:
    file = await upload(clients, alice, project, b"a,b\n1,x\n2,y\n")
    gone = await clients.ingestion.delete(f"/api/files/{file['id']}", headers=alice.headers)
    assert gone.status_code == 204
    await drain()
    assert await bucket(clients).keys(f"teams/{team}/") == []


async def test_deleting_a_project_purges_its_objects_and_no_others(
    clients: Clients, drain: Drain, alice: Person, team: int, project: int
) -> None:
    other = await clients.ingestion.post(
        "/api/projects", json={"team_id": team, "name": "b"}, headers=alice.headers
    )
    kept = await imported(clients, drain, alice, other.json()["id"], b"a,b\n1,x\n2,y\n")
    await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    gone = await clients.ingestion.delete(f"/api/projects/{project}", headers=alice.headers)
    assert gone.status_code == 204
    await drain()
    assert await bucket(clients).keys(f"teams/{team}/projects/{project}/") == []
    assert (await read(clients, alice, kept["id"], "/preview"))["rows"] == [[1, "x"], [2, "y"]]


async def test_deleting_a_file_leaves_none_of_its_original_previews_rows_and_exports(
    clients: Clients, drain: Drain, alice: Person, team: int, project: int
) -> None:
    file = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    dataset = f"/api/datasets/{file['dataset_ids'][0]}"
    for kind in ("csv", "parquet"):
        asked = await clients.ingestion.post(
            f"{dataset}/exports", json={"format": kind}, headers=alice.headers
        )
        assert asked.status_code in {200, 202}
    await drain()
    names = {key.rpartition("/")[2] for key in await bucket(clients).keys(f"teams/{team}/")}
    assert {"original", "preview.json", "dataset-v1.parquet"} < names
    assert len(names) == 5
    gone = await clients.ingestion.delete(f"/api/files/{file['id']}", headers=alice.headers)
    assert gone.status_code == 204
    await drain()
    assert await bucket(clients).keys(f"teams/{team}/") == []
    for path in (f"/api/files/{file['id']}", dataset, f"{dataset}/exports", asked.headers["location"]):
        assert (await clients.ingestion.get(path, headers=alice.headers)).status_code == 404

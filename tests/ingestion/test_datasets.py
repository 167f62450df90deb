"""Datasets through HTTP: listed, read with their codebook, renamed."""

import io
from collections.abc import Awaitable, Callable

from pyarrow import parquet

from tests.conftest import Clients, Person
from tests.ingestion.test_files import imported

Drain = Callable[[], Awaitable[None]]


async def test_datasets_of_a_project_are_listed_with_their_rows(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n3,z\n")
    listed = await clients.ingestion.get(f"/api/projects/{project}/datasets", headers=alice.headers)
    assert [(d["name"], d["version"], d["n_rows"]) for d in listed.json()["items"]] == [
        ("survey", 1, 3),
        ("survey", 1, 2),
    ]
    first = await clients.ingestion.get(f"/api/projects/{project}/datasets?limit=1", headers=alice.headers)
    cursor = first.json()["next_cursor"]
    second = await clients.ingestion.get(
        f"/api/projects/{project}/datasets?limit=1&cursor={cursor}", headers=alice.headers
    )
    assert [d["n_rows"] for d in second.json()["items"]] == [2]


async def test_a_dataset_is_renamed_without_a_new_version(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    where = f"/api/datasets/{file['dataset_ids'][0]}"
    renamed = await clients.ingestion.patch(where, json={"name": "Wave 1"}, headers=alice.headers)
    assert (renamed.json()["name"], renamed.json()["version"]) == ("Wave 1", 1)
    nameless = await clients.ingestion.patch(where, json={"name": None}, headers=alice.headers)
    assert nameless.status_code == 422


async def test_the_rows_lie_in_parquet_under_the_aliases_of_the_codebook(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = (
        b"Region,Spend $,Spend $,media\n"
        + b"North,1.5,2,TV;Radio\nSouth,2.5,3,Radio\nNorth,3.5,4,TV;Press\n" * 4
    )
    file = await imported(clients, drain, alice, project, content)
    dataset = (
        await clients.ingestion.get(f"/api/datasets/{file['dataset_ids'][0]}", headers=alice.headers)
    ).json()
    aliases = [v["alias"] for v in dataset["variables"]]
    assert aliases == ["Region", "Spend $", "Spend $_2", "media"]

    objects = clients.apps["ingestion"].state.resources.objects
    stored = await objects.get(file["file"].replace("original", "dataset-v1.parquet"))
    table = parquet.read_table(io.BytesIO(stored))
    assert table.column_names == aliases
    assert [str(column.type) for column in table.columns] == [
        "string",
        "double",
        "int64",
        "list<element: string>",
    ]
    assert table.slice(0, 1).to_pylist() == [
        {"Region": "North", "Spend $": 1.5, "Spend $_2": 2, "media": ["TV", "Radio"]}
    ]

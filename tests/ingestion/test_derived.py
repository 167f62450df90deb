"""Derived variables, stored filters and merged datasets through HTTP and the worker."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pyarrow.parquet as pq
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.test_exports import downloaded, written
from tests.ingestion.test_files import imported

Drain = Callable[[], Awaitable[None]]
Member = Callable[[str], Awaitable[Person]]
TABLE = b"region,vote,age\n" + b"North,Yes,34\nSouth,No,51\n" * 10
BAND = {"type": "band", "variable": "age", "cuts": [50], "labels": ["younger", "older"]}


@pytest.fixture
async def dataset(clients: Clients, drain: Drain, alice: Person, project: int) -> int:
    """The id of a dataset read from a CSV."""
    file = await imported(clients, drain, alice, project, TABLE)
    return int(file["dataset_ids"][0])


async def send(clients: Clients, person: Person, method: str, path: str, **body: Any) -> httpx2.Response:
    return await clients.ingestion.request(method, path, json=body or None, headers=person.headers)


async def derive(
    clients: Clients, person: Person, dataset: int, alias: str, definition: Any
) -> httpx2.Response:
    path = f"/api/datasets/{dataset}/variables"
    return await send(clients, person, "POST", path, alias=alias, label="", definition=definition)


async def outcome(clients: Clients, drain: Drain, person: Person, asked: httpx2.Response) -> Any:
    assert asked.status_code in {200, 202}, asked.text
    await drain()
    return (await clients.ingestion.get(asked.headers["location"], headers=person.headers)).json()


async def read(clients: Clients, person: Person, dataset: int) -> Any:
    return (await clients.ingestion.get(f"/api/datasets/{dataset}", headers=person.headers)).json()


async def column(clients: Clients, drain: Drain, person: Person, dataset: int, alias: str) -> list[Any]:
    export = await written(clients, drain, person, dataset, format="parquet", variables=[alias])
    table = pq.read_table(io.BytesIO((await downloaded(export["url"])).content))
    return list(table.to_pydict()[alias])


async def test_a_derived_variable_is_in_the_next_version_and_the_older_one_stays(
    clients: Clients, drain: Drain, alice: Person, dataset: int, owner: asyncpg.Connection
) -> None:
    asked = await derive(clients, alice, dataset, "age_group", BAND)
    assert (asked.status_code, asked.json()["status"], asked.json()["version"]) == (202, "PENDING", None)
    change = await outcome(clients, drain, alice, asked)
    assert (change["status"], change["version"], change["error"]) == ("SUCCESS", 2, None)
    after = await read(clients, alice, dataset)
    assert after["version"] == 2
    entry = after["variables"][-1]
    assert (entry["alias"], entry["kind"], entry["source"]["derived"]) == ("age_group", "ordered", BAND)
    assert await column(clients, drain, alice, dataset, "age_group") == ["<50", "50+"] * 10
    versions = await owner.fetch(
        "SELECT number, n_rows FROM data_ingestion_datasetversion WHERE dataset_id = $1 ORDER BY number",
        dataset,
    )
    assert [tuple(row) for row in versions] == [(1, 20), (2, 20)]
    listed = await clients.ingestion.get(f"/api/datasets/{dataset}/changes", headers=alice.headers)
    assert [item["id"] for item in listed.json()["items"]] == [change["id"]]


async def test_two_variables_asked_for_at_once_are_both_there(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    await asyncio.gather(*(derive(clients, alice, dataset, f"band_{n}", BAND) for n in range(4)))
    await drain()
    after = await read(clients, alice, dataset)
    assert after["version"] == 5
    assert {e["alias"] for e in after["variables"]} >= {f"band_{n}" for n in range(4)}


async def test_another_definition_reaches_what_is_derived_from_it(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    path = f"/api/datasets/{dataset}/variables"
    await outcome(clients, drain, alice, await derive(clients, alice, dataset, "group", BAND))
    net = {"type": "net", "variable": "group", "keep": False, "nets": [{"code": "low", "values": ["<50"]}]}
    await outcome(clients, drain, alice, await derive(clients, alice, dataset, "net", net))
    moved = BAND | {"cuts": [10], "labels": ["child", "other"]}
    refused = await send(clients, alice, "PUT", f"{path}/group", definition=moved)
    assert refused.status_code == 422
    assert "'net' is derived from it and would not fit" in refused.json()["detail"]
    kept = BAND | {"cuts": [50, 60], "labels": ["a", "b", "c"]}
    change = await outcome(
        clients, drain, alice, await send(clients, alice, "PUT", f"{path}/group", definition=kept)
    )
    assert change["status"] == "SUCCESS"
    assert await column(clients, drain, alice, dataset, "net") == [["low"], []] * 10
    used = await send(clients, alice, "DELETE", f"{path}/group")
    assert (used.status_code, used.json()["detail"]) == (
        409, "'group' is used by variable 'net'; change or remove these first.",
    )  # fmt: skip
    await outcome(clients, drain, alice, await send(clients, alice, "DELETE", f"{path}/net"))
    await outcome(clients, drain, alice, await send(clients, alice, "DELETE", f"{path}/group"))
    after = await read(clients, alice, dataset)
    assert [e["alias"] for e in after["variables"]] == ["region", "vote", "age"]


async def test_a_definition_that_does_not_fit_is_refused_at_once(
    clients: Clients, alice: Person, dataset: int
) -> None:
    wrong = await derive(clients, alice, dataset, "x", {"type": "band", "variable": "vote", "cuts": [1]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/definition/variable"
    taken = await derive(clients, alice, dataset, "AGE", BAND)
    assert taken.json()["errors"][0]["pointer"] == "/alias"
    own = await send(clients, alice, "DELETE", f"/api/datasets/{dataset}/variables/age")
    assert (own.status_code, own.json()["type"]) == (409, "/problems/variable-not-derived")
    gone = await send(clients, alice, "DELETE", f"/api/datasets/{dataset}/variables/nope")
    assert gone.status_code == 404


async def test_others_neither_see_nor_change_anything(
    *,
    clients: Clients,
    drain: Drain,
    alice: Person,
    mallory: Person,
    member: Member,
    dataset: int,
    project: int,
) -> None:
    asked = await derive(clients, alice, dataset, "g", BAND)
    change = await outcome(clients, drain, alice, asked)
    kept = await send(clients, alice, "POST", f"/api/datasets/{dataset}/filters", name="All", expression={"op": "is_missing", "variable": "age"})  # fmt: skip
    assert kept.status_code == 201, kept.text
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/api/datasets/{dataset}/variables", {"alias": "y", "definition": BAND}),
        ("PUT", f"/api/datasets/{dataset}/variables/g", {"definition": BAND}),
        ("DELETE", f"/api/datasets/{dataset}/variables/g", {}),
        ("GET", f"/api/dataset-changes/{change['id']}", {}),
        ("GET", f"/api/datasets/{dataset}/changes", {}),
        ("POST", f"/api/datasets/{dataset}/filters", {"name": "x", "expression": {}}),
        ("GET", f"/api/datasets/{dataset}/filters", {}),
        ("GET", f"/api/filters/{kept.json()['id']}", {}),
        ("PUT", f"/api/filters/{kept.json()['id']}", {"name": "x", "expression": {}}),
        ("DELETE", f"/api/filters/{kept.json()['id']}", {}),
        ("POST", f"/api/datasets/{dataset}/refresh", {}),
        ("DELETE", f"/api/datasets/{dataset}", {}),
        ("POST", f"/api/projects/{project}/datasets", {"name": "m", "append": {"waves": [{"dataset_id": dataset}] * 2}}),
    ]  # fmt: skip
    viewer = await member("VIEWER")
    for method, path, body in calls:
        assert (await send(clients, mallory, method, path, **body)).status_code == 404, path
        status = (await send(clients, viewer, method, path, **body)).status_code
        assert status == (200 if method == "GET" else 403), path


async def test_a_filter_is_kept_with_its_faults_and_used_in_others(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    path = f"/api/datasets/{dataset}/filters"
    yes = {"op": "eq", "variable": "vote", "value": "Yes"}
    first = await send(clients, alice, "POST", path, name="Yes-sayers", expression=yes)
    assert (first.status_code, first.json()["fits"], first.json()["expression"]) == (201, True, yes)
    assert first.headers["location"] == f"/api/filters/{first.json()['id']}"
    twice = await send(clients, alice, "POST", path, name="Yes-sayers", expression=yes)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/filter-name-taken")
    both = {
        "op": "and",
        "args": [{"op": "stored", "name": "Yes-sayers"}, {"op": "lt", "variable": "age", "value": 40}],
    }
    second = await send(clients, alice, "POST", path, name="Young yes", expression=both)
    assert second.json()["expression"]["args"][0] == yes
    unknown = await send(clients, alice, "POST", path, name="x", expression={"op": "stored", "name": "No"})
    assert unknown.json()["errors"] == [
        {
            "pointer": "/expression/name",
            "detail": "the dataset keeps no filter 'No'; it has 'Yes-sayers', 'Young yes'",
        }
    ]
    wrong = await send(
        clients, alice, "POST", path, name="x", expression={"op": "eq", "variable": "vot", "value": 1}
    )
    assert wrong.json()["errors"][0]["pointer"] == "/expression/variable"
    await outcome(clients, drain, alice, await derive(clients, alice, dataset, "g", BAND))
    on_derived = {"op": "eq", "variable": "g", "value": "<50"}
    third = await send(
        clients, alice, "PUT", f"/api/filters/{first.json()['id']}", name="Young", expression=on_derived
    )
    assert third.json()["name"] == "Young"
    used = await send(clients, alice, "DELETE", f"/api/datasets/{dataset}/variables/g")
    assert used.json()["detail"] == "'g' is used by filter 'Young'; change or remove these first."
    assert (await send(clients, alice, "DELETE", f"/api/filters/{first.json()['id']}")).status_code == 204
    listed = await send(clients, alice, "GET", path)
    assert [kept["name"] for kept in listed.json()] == ["Young yes"]


async def test_an_analysis_keeps_the_tree_of_a_stored_filter(
    clients: Clients, drain: Drain, alice: Person, dataset: int, project: int
) -> None:
    path = f"/api/datasets/{dataset}/filters"
    young = {"op": "lt", "variable": "age", "value": 40}
    kept = (await send(clients, alice, "POST", path, name="Young", expression=young)).json()
    body = {
        "dataset_id": dataset,
        "calculation_type": "FREQUENCY",
        "parameters": {"variables": ["vote"]},
        "filter": {"op": "stored", "name": "Young"},
    }
    asked = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=alice.headers
    )
    assert asked.status_code == 202, asked.text
    await drain()
    analysis = f"/api/analyses/{asked.json()['id']}"
    await send(
        clients, alice, "PUT", f"/api/filters/{kept['id']}", name="Young", expression=young | {"value": 99}
    )
    found = (await clients.analytics.get(analysis, headers=alice.headers)).json()
    assert found["filter"] == young
    assert found["result_data"]["tables"][0]["count"][0:2] in ([10, 0], [0, 10])
    wrong = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body | {"filter": {"op": "stored", "name": "Old"}}, headers=alice.headers
    )  # fmt: skip
    assert wrong.json()["errors"][0]["detail"] == "the dataset keeps no filter 'Old'; it has 'Young'"


async def test_waves_are_appended_and_follow_their_sources_when_refreshed(
    *, clients: Clients, drain: Drain, alice: Person, dataset: int, project: int, owner: asyncpg.Connection
) -> None:
    other = await imported(clients, drain, alice, project, b"vote,age,new\n" + b"Maybe,20,x\nYes,21,y\n" * 10)
    second = other["dataset_ids"][0]
    waves = [{"dataset_id": dataset, "label": "Spring"}, {"dataset_id": second, "code": "b"}]
    path = f"/api/projects/{project}/datasets"
    asked = await send(clients, alice, "POST", path, name="Both", append={"waves": waves})
    change = await outcome(clients, drain, alice, asked)
    assert change["status"] == "SUCCESS", change
    assert change["report"]["only_in"] == {"region": ["1"], "new": ["b"]}
    merged = await read(clients, alice, change["dataset_id"])
    assert (merged["name"], merged["n_rows"], merged["file_id"], merged["survey_id"]) == (
        "Both",
        40,
        None,
        None,
    )
    wave = merged["variables"][0]
    assert [(c["code"], c["label"]) for c in wave["codes"]] == [("1", "Spring"), ("b", "survey")]
    assert merged["variables"][1]["missing"] == {"n": 20, "not_asked": 20}
    await outcome(clients, drain, alice, await derive(clients, alice, change["dataset_id"], "g", BAND))
    await outcome(clients, drain, alice, await derive(clients, alice, dataset, "extra", BAND))
    again = await send(clients, alice, "POST", f"/api/datasets/{change['dataset_id']}/refresh")
    assert (await outcome(clients, drain, alice, again))["version"] == 3
    merged = await read(clients, alice, change["dataset_id"])
    assert [e["alias"] for e in merged["variables"]] == ["wave", "region", "vote", "age", "extra", "new", "g"]
    keep = await send(clients, alice, "DELETE", f"/api/datasets/{dataset}")
    assert (keep.status_code, keep.json()["type"]) == (409, "/problems/dataset-not-merged")
    assert (await send(clients, alice, "DELETE", f"/api/datasets/{change['dataset_id']}")).status_code == 204
    await drain()
    assert (await send(clients, alice, "GET", f"/api/datasets/{change['dataset_id']}")).status_code == 404
    assert (
        await owner.fetchval("SELECT count(*) FROM data_ingestion_dataset WHERE project_id = $1", project)
        == 2
    )


async def test_a_join_reports_what_found_each_other_and_says_why_it_cannot(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    people = await imported(
        clients, drain, alice, project, b"id,name\n" + b"".join(b"%d,n%d\n" % (n, n) for n in range(30))
    )
    scores = await imported(
        clients,
        drain,
        alice,
        project,
        b"person,score\n" + b"".join(b"%d,%d\n" % (n, n * 2) for n in range(20, 40)),
    )
    left, right = people["dataset_ids"][0], scores["dataset_ids"][0]
    body = {"left": left, "right": right, "keys": [{"left": "id", "right": "person"}]}
    path = f"/api/projects/{project}/datasets"
    change = await outcome(
        clients, drain, alice, await send(clients, alice, "POST", path, name="J", join=body)
    )
    assert change["status"] == "SUCCESS", change
    assert (change["report"]["left"]["matched"], change["report"]["right"]["unmatched_examples"][0]) == (
        10,
        "30",
    )
    back = {"left": right, "right": left, "keys": [{"left": "person", "right": "name"}]}
    change = await outcome(
        clients, drain, alice, await send(clients, alice, "POST", path, name="J2", join=back)
    )
    assert change["report"]["left"]["matched"] == 0
    await imported(clients, drain, alice, project, TABLE)
    bad = {"left": left, "right": right, "keys": [{"left": "id", "right": "nope"}]}
    change = await outcome(
        clients, drain, alice, await send(clients, alice, "POST", path, name="J3", join=bad)
    )
    assert (change["status"], change["error"]["type"]) == ("FAILED", "/problems/datasets-not-mergeable")
    assert change["error"]["detail"] == "'nope' of survey cannot be a key."


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"name": "x"}, "either 'append' or 'join'"),
        ({"name": "x", "append": {"waves": [{"dataset_id": 1, "code": "a"}, {"dataset_id": 1, "code": "a"}]}}, "same code"),
        ({"name": "x", "append": {"waves": [{"dataset_id": 1}]}}, "at least 2"),
        ({"name": "x", "join": {"left": 1, "right": 2, "keys": []}}, "at least 1"),
    ],
)  # fmt: skip
async def test_a_merge_that_says_too_little_is_refused(
    clients: Clients, alice: Person, project: int, body: dict[str, Any], says: str
) -> None:
    answer = await send(clients, alice, "POST", f"/api/projects/{project}/datasets", **body)
    assert answer.status_code == 422
    assert says in answer.text


async def test_a_repeat_under_the_same_key_changes_nothing_twice(
    clients: Clients, drain: Drain, alice: Person, project: int, dataset: int
) -> None:
    """A client that lost the answer asks again; two that arrive at once have one effect too."""
    other = (await imported(clients, drain, alice, project, TABLE))["dataset_ids"][0]
    body = {"name": "Both", "append": {"waves": [{"dataset_id": dataset}, {"dataset_id": other}]}}
    headers = {**alice.headers, "Idempotency-Key": "merge-1"}
    path = f"/api/projects/{project}/datasets"
    first, second = await asyncio.gather(
        *(clients.ingestion.post(path, json=body, headers=headers) for _ in range(2))
    )
    assert first.json() == second.json()
    await drain()
    third = await clients.ingestion.post(path, json=body, headers={**headers, "Prefer": "wait=5"})
    assert (third.json()["id"], third.headers["idempotency-replayed"]) == (first.json()["id"], "true")
    listed = await clients.ingestion.get(path, headers=alice.headers)
    assert [each["name"] for each in listed.json()["items"]].count("Both") == 1
    reused = await clients.ingestion.post(path, json=body | {"name": "Other"}, headers=headers)
    assert (reused.status_code, reused.json()["type"]) == (409, "/problems/idempotency-key-reused")

"""Test data of a survey: a dataset of simulated interviews beside the real one, never in it."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2

from contracts.ingestion import DatasetChangeRequested
from kernel.events import Envelope
from kernel.resources import Resources
from kernel.subscriptions import Delivery
from services.ingestion.consumers.changes import change_dataset
from services.ingestion.schemas.surveys import MOST_TEST_ROWS
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack
from tests.ingestion.survey_definitions import interviewed, published
from tests.ingestion.test_exports import downloaded, written
from tests.ingestion.test_survey_doors import SCREENER
from tests.ingestion.test_surveys import drafted, pointers

Drain = Callable[[], Awaitable[None]]
Member = Callable[[str], Awaitable[Person]]


async def ask(
    clients: Clients,
    person: Person,
    survey: dict[str, Any],
    headers: dict[str, str] | None = None,
    **body: Any,
) -> httpx2.Response:
    path = f"/api/surveys/{survey['id']}/test-dataset"
    return await clients.ingestion.post(path, json=body, headers={**person.headers, **(headers or {})})


async def read(clients: Clients, person: Person, path: str) -> Any:
    answer = await clients.ingestion.get(f"/api/{path}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_draft_gives_test_data_that_are_marked_and_used_like_any_dataset(
    *, clients: Clients, project: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    survey = await drafted(clients, project, alice, definition=SCREENER)
    key = {"Idempotency-Key": f"simulate-{survey['id']}"}
    asked = await ask(clients, alice, survey, key, n=60, seed=5)
    assert asked.status_code == 202, asked.text
    assert (await ask(clients, alice, survey, key, n=60, seed=5)).json()["id"] == asked.json()["id"]
    await drain()
    change = await read(clients, alice, asked.headers["location"].removeprefix("/api/"))
    assert (change["kind"], change["status"], change["version"]) == ("SIMULATE", "SUCCESS", 1)
    simulate = f"/api/surveys/{survey['id']}/simulate"
    coverage = await clients.ingestion.post(simulate, json={"n": 60, "seed": 5}, headers=alice.headers)
    assert change["report"] == coverage.json()

    dataset = await read(clients, alice, f"datasets/{change['dataset_id']}")
    assert (dataset["is_test"], dataset["simulated_survey_id"], dataset["survey_id"]) == (
        True,
        survey["id"],
        None,
    )
    assert dataset["name"] == "Test data: Drinks (draft)"
    assert dataset["codebook"]["simulated"] == {"n": 60, "seed": 5, "survey_version": 1}
    rows = await read(clients, alice, f"datasets/{dataset['id']}/rows?limit=100")
    assert len(rows["rows"]) == dataset["n_rows"] == change["report"]["outcomes"]["complete"]
    listed = await read(clients, alice, f"projects/{project}/datasets")
    assert {one["id"]: one["is_test"] for one in listed["items"]} == {
        survey["dataset_id"]: False, dataset["id"]: True,
    }  # fmt: skip
    assert (await read(clients, alice, f"surveys/{survey['id']}/responses"))["items"] == []
    assert (await read(clients, alice, f"surveys/{survey['id']}"))["dataset_id"] == survey["dataset_id"]

    again = await ask(clients, alice, survey, n=60, seed=5)
    await drain()
    assert again.json()["dataset_id"] == dataset["id"]
    hashes = await owner.fetch(
        "SELECT content_hash FROM data_ingestion_datasetversion WHERE dataset_id = $1", dataset["id"]
    )
    assert len(hashes) == 2
    assert len({row["content_hash"] for row in hashes}) == 1, "the same seed, the same bytes"


async def test_test_data_of_a_version_keep_what_is_derived_and_are_never_mixed_with_answers(
    clients: Clients, project: int, alice: Person, drain: Drain
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await interviewed(clients.ingestion, survey, {"drink": "tea"})
    test_id = (await ask(clients, alice, survey, n=30)).json()["dataset_id"]
    await drain()
    groups = [{"code": "hot", "label": "Hot", "values": ["tea"]}]
    derived = {"alias": "hot", "definition": {"type": "recode", "variable": "drink", "groups": groups}}
    path = f"/api/datasets/{test_id}/variables"
    assert (await clients.ingestion.post(path, json=derived, headers=alice.headers)).status_code == 202
    await drain()
    await ask(clients, alice, survey, n=20, seed=2, version=1)
    await drain()
    simulate = f"/api/surveys/{survey['id']}/simulate"
    for version, status in ((1, 200), (2, 404)):
        seen = await clients.ingestion.post(simulate, json={"version": version}, headers=alice.headers)
        assert seen.status_code == status, seen.text
    test, real = [await read(clients, alice, f"datasets/{one}") for one in (test_id, survey["dataset_id"])]
    assert (test["name"], test["version"], test["n_rows"]) == ("Test data: Drinks (version 1)", 3, 20)
    assert (real["is_test"], real["n_rows"]) == (False, 1)
    assert [one["alias"] for one in test["variables"] if one["alias"] != "hot"] == [
        one["alias"] for one in real["variables"]
    ]
    hot = next(one for one in test["variables"] if one["alias"] == "hot")
    assert hot["source"]["derived"] == derived["definition"]
    counted = {"dataset_id": test_id, "calculation_type": "FREQUENCY", "parameters": {"variables": ["hot"]}}
    asked = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=counted, headers=alice.headers
    )
    await drain()
    analysis = await clients.analytics.get(f"/api/analyses/{asked.json()['id']}", headers=alice.headers)
    n_hot = 20 - hot["missing"]["n"]
    export = await written(clients, drain, alice, test_id, format="csv")
    assert (await downloaded(export["url"])).text.count("2001-01-01") == 2 * 20
    assert analysis.json()["result_data"]["tables"][0]["count"] == [n_hot], analysis.text
    waves = [{"dataset_id": test_id, "label": "A"}, {"dataset_id": survey["dataset_id"], "label": "B"}]
    merge = {"name": "Both", "append": {"waves": waves, "wave_variable": "wave"}}
    refused = await clients.ingestion.post(
        f"/api/projects/{project}/datasets", json=merge, headers=alice.headers
    )
    assert (refused.status_code, pointers(refused.json())) == (422, {"/datasets/0"})


async def carried_out(stack: Stack, owner: asyncpg.Connection, change_id: int, **settings: Any) -> None:
    """Deliver a change's event to the worker of an installation with other settings."""
    envelope = Envelope.model_validate_json(
        await owner.fetchval(
            "SELECT envelope FROM messaging_outbox WHERE type = 'dataset-change-requested' "
            "AND envelope->'data'->>'change_id' = $1",
            str(change_id),
        )
    )
    resources = Resources.of(settings_of(stack, "ingestion", **settings))
    try:
        delivery = Delivery("ingestion-change-dataset", envelope, 1, resources)
        await change_dataset(DatasetChangeRequested.model_validate(envelope.data), delivery)
    finally:
        await resources.close()


async def test_rows_of_test_data_count_for_the_plan_and_a_new_version_stands_in_the_place_of_the_old(
    *, stack: Stack, clients: Clients, project: int, alice: Person, owner: asyncpg.Connection
) -> None:
    survey = await drafted(clients, project, alice)
    narrow = {"SMB": {"rows": 12, "responses": 0}}
    told = []
    for n, settings in ((8, {}), (10, {}), (13, {}), (9, {"import_timeout_s": 0.01})):
        asked = (await ask(clients, alice, survey, n=n)).json()
        await carried_out(stack, owner, asked["id"], plan_limits=narrow, **settings)
        told.append(await read(clients, alice, f"dataset-changes/{asked['id']}"))
    assert [one["status"] for one in told] == ["SUCCESS", "SUCCESS", "FAILED", "FAILED"]
    assert told[2]["error"]["type"] == "/problems/plan-limit-reached"
    assert told[3]["error"]["hint"] == "Ask for fewer respondents."
    assert (await read(clients, alice, f"datasets/{told[2]['dataset_id']}"))["n_rows"] == 10


async def test_test_data_are_deleted_alone_or_with_their_survey(
    *, clients: Clients, project: int, team: int, alice: Person, drain: Drain
) -> None:
    survey = await drafted(clients, project, alice)
    objects = clients.apps["ingestion"].state.resources.objects
    for path in ("datasets", "surveys"):
        dataset = (await ask(clients, alice, survey, n=5)).json()["dataset_id"]
        await drain()
        assert len(await objects.keys(f"teams/{team}/projects/{project}/")) == 1
        gone = f"/api/{path}/{dataset if path == 'datasets' else survey['id']}"
        assert (await clients.ingestion.delete(gone, headers=alice.headers)).status_code == 204
        await drain()
        assert await objects.keys(f"teams/{team}/projects/{project}/") == []
        left = await clients.ingestion.get(f"/api/datasets/{dataset}", headers=alice.headers)
        assert left.status_code == 404


async def test_who_may_not_write_makes_no_test_data_and_what_cannot_be_is_refused(
    *, clients: Clients, project: int, alice: Person, mallory: Person, member: Member
) -> None:
    survey = await drafted(clients, project, alice)
    assert (await ask(clients, await member("VIEWER"), survey)).status_code == 403
    assert (await ask(clients, mallory, survey)).status_code == 404
    assert (await ask(clients, alice, survey, version=1)).status_code == 404
    refused = await ask(clients, alice, survey, n=MOST_TEST_ROWS + 1)
    assert (refused.status_code, pointers(refused.json())) == (422, {"/n"})
    broken = await drafted(clients, project, alice, definition={"languages": ["en"], "pages": []})
    refused = await ask(clients, alice, broken)
    assert (refused.status_code, pointers(refused.json())) == (422, {"/definition/pages"})
    await clients.ingestion.post(f"/api/surveys/{survey['id']}/archive", headers=alice.headers)
    assert (await ask(clients, alice, survey)).status_code == 409

"""Responses as a dataset: fresh after every submission, in few versions, with typed missing values."""

import asyncio
import io
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pyarrow.parquet as pq
import pytest

from kernel.db import Tenancy
from services.ingestion.service import responses
from services.ingestion.service.dataset_versions import Content, Overtaken
from tests.conftest import Clients, Person
from tests.ingestion.survey_definitions import begun, interviewed, published, text

Drain = Callable[[], Awaitable[None]]


async def dataset(clients: Clients, survey: dict[str, Any], person: Person) -> dict[str, Any]:
    """The dataset of a survey's responses."""
    answer = await clients.ingestion.get(f"/api/datasets/{survey['dataset_id']}", headers=person.headers)
    return dict(answer.json())


async def rows(clients: Clients, owner: asyncpg.Connection, survey: dict[str, Any]) -> dict[str, list[Any]]:
    """The columns of the current version's file."""
    key = await owner.fetchval(
        "SELECT v.parquet_key FROM data_ingestion_dataset d JOIN data_ingestion_datasetversion v "
        "ON v.dataset_id = d.id AND v.number = d.version WHERE d.id = $1",
        survey["dataset_id"],
    )
    content = await clients.apps["ingestion"].state.resources.objects.get(key)
    return dict(pq.read_table(io.BytesIO(content)).to_pydict())


async def test_a_published_survey_is_an_empty_dataset_with_its_variables(
    clients: Clients, project: int, alice: Person, drain: Drain
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await drain()
    found = await dataset(clients, survey, alice)
    assert (found["version"], found["n_rows"]) == (1, 0)
    assert [v["alias"] for v in found["variables"]][:3] == ["drink", "cups", "why"]


async def test_every_complete_interview_is_a_row_and_what_is_missing_says_why(
    clients: Clients, project: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, layout_style="FOCUS")
    for number in range(6):
        answers: dict[str, Any] = {"drink": "tea" if number % 2 else "coffee", "why": f"because {number} 😀"}
        if number == 0:
            answers["cups"] = 4
        await interviewed(clients.ingestion, survey, answers)
    unfinished = await clients.ingestion.post(f"/public/surveys/{survey['uuid']}/sessions", json={})
    assert unfinished.status_code == 201
    await drain()
    found = await rows(clients, owner, survey)
    assert Counter(found["drink"]) == {"tea": 3, "coffee": 3}
    assert found["cups"] == [4.0, None, None, None, None, None]
    assert found["cups__missing"] == [None, "not_asked", "skipped", "not_asked", "skipped", "not_asked"]
    assert found["why"][0] == "because 0 😀"
    assert all(seconds >= 0 for seconds in found["duration_s"])
    assert len(set(found["response_id"])) == 6


async def test_a_burst_of_submissions_becomes_few_versions(
    clients: Clients, project: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await asyncio.gather(*(interviewed(clients.ingestion, survey, {"drink": "tea"}) for _ in range(20)))
    await drain()
    found = await dataset(clients, survey, alice)
    assert found["n_rows"] == 20
    assert found["version"] <= 4
    n_updates = await owner.fetchval(
        "SELECT count(*) FROM messaging_outbox WHERE type = 'dataset-updated' AND envelope->'data'->>'dataset_id' = $1",
        str(survey["dataset_id"]),
    )
    assert n_updates == found["version"]


async def test_a_new_version_of_the_survey_keeps_the_old_columns(
    clients: Clients, project: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await interviewed(clients.ingestion, survey, {"drink": "tea"})
    question = {"code": "mood", "type": "nps", "text": text("Mood?")}
    body = {"definition": {"pages": [{"code": "p1", "questions": [question]}]}}
    await clients.ingestion.patch(f"/api/surveys/{survey['id']}", json=body, headers=alice.headers)
    await clients.ingestion.post(f"/api/surveys/{survey['id']}/publish", headers=alice.headers)
    await interviewed(clients.ingestion, survey, {"mood": 9})
    await drain()
    found = await rows(clients, owner, survey)
    assert (found["drink"], found["mood"]) == (["tea", None], [None, "9"])
    assert (found["drink__missing"], found["mood__missing"]) == ([None, "not_asked"], ["not_asked", None])
    assert found["survey_version"] == [1, 2]


async def test_deleting_a_survey_purges_its_stored_tables(
    clients: Clients, project: int, team: int, alice: Person, drain: Drain
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await interviewed(clients.ingestion, survey, {"drink": "tea"})
    await drain()
    objects = clients.apps["ingestion"].state.resources.objects
    prefix = f"teams/{team}/projects/{project}/"
    assert len(await objects.keys(prefix)) >= 1
    await clients.ingestion.post(f"/api/surveys/{survey['id']}/close", headers=alice.headers)
    deleted = await clients.ingestion.delete(f"/api/surveys/{survey['id']}", headers=alice.headers)
    assert deleted.status_code == 204
    await drain()
    assert await objects.keys(prefix) == []


async def test_of_two_rebuilds_at_once_only_one_adds_a_version(
    clients: Clients, project: int, team: int, alice: Person, drain: Drain
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await drain()
    await interviewed(clients.ingestion, survey, {"drink": "tea"})
    database, tenancy = clients.apps["ingestion"].state.resources.database, Tenancy.of_team(team)
    rebuilds = []
    for _ in range(2):
        async with database.snapshot(tenancy) as session:
            rebuilds.append(await responses.tabulate_responses(session, survey["id"]))
    first, second = rebuilds
    assert first is not None
    assert second is not None
    content = Content("a", first.codebook, first.table.n_rows, first.content_hash)
    async with database.transaction(tenancy) as session:
        assert await responses.add_version(session, first, content, team_id=team)
    with pytest.raises(Overtaken):
        async with database.transaction(tenancy) as session:
            await responses.add_version(session, second, content, team_id=team)
    assert (await dataset(clients, survey, alice))["version"] == 2
    async with database.snapshot(tenancy) as session:
        assert await responses.tabulate_responses(session, survey["id"]) is None


async def test_an_analysis_right_after_the_last_submission_counts_it(
    clients: Clients, project: int, alice: Person, drain: Drain
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    for number in range(6):
        await interviewed(clients.ingestion, survey, {"drink": "tea" if number % 2 else "coffee"})
    body = {
        "dataset_id": survey["dataset_id"],
        "calculation_type": "FREQUENCY",
        "parameters": {"variables": ["drink"]},
    }
    headers = {**alice.headers, "Prefer": "wait=20"}
    asked = asyncio.create_task(
        clients.analytics.post(f"/api/projects/{project}/analyses", json=body, headers=headers)
    )
    while not asked.done():
        await drain()
    answer = await asked
    assert answer.status_code in {200, 202}, answer.text
    await drain()
    read = await clients.analytics.get(f"/api/analyses/{answer.json()['id']}", headers=alice.headers)
    assert read.json()["result_data"]["tables"][0]["count"] == [3, 3], read.text


async def test_derived_variables_follow_every_new_interview(
    clients: Clients, project: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await interviewed(clients.ingestion, survey, {"drink": "tea"})
    await drain()
    groups = [{"code": "hot", "label": "Hot", "values": ["tea"]}]
    body = {"alias": "hot", "definition": {"type": "recode", "variable": "drink", "groups": groups}}
    path = f"/api/datasets/{survey['dataset_id']}/variables"
    asked = await clients.ingestion.post(path, json=body, headers=alice.headers)
    assert asked.status_code == 202, asked.text
    await drain()
    assert (await rows(clients, owner, survey))["hot"] == ["hot"]
    await interviewed(clients.ingestion, survey, {"drink": "coffee"})
    await drain()
    found = await rows(clients, owner, survey)
    assert sorted(zip(found["drink"], found["hot"], strict=True)) == [("coffee", None), ("tea", "hot")]
    again = await dataset(clients, survey, alice)
    assert (again["n_rows"], again["variables"][-1]["label"]) == (2, "hot")
    await interviewed(clients.ingestion, survey, {"drink": "tea"})
    await drain()
    assert (await dataset(clients, survey, alice))["version"] == again["version"] + 1


async def test_interviews_that_were_broken_off_are_rows_where_the_survey_wants_them(
    clients: Clients, project: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    numbers: list[dict[str, Any]] = [
        {"code": f"q{n}", "type": "number", "text": text("How many?")} for n in (1, 2, 3)
    ]
    numbers[0]["then"] = [{"when": "q1 > 90", "to": "@screen_out"}]
    pages = [{"code": f"p{n}", "questions": [question]} for n, question in enumerate(numbers)]
    quotas = [{"code": "few", "when": "q1 == 7", "target": 0}]
    definition = {"languages": ["en"], "pages": pages, "quotas": quotas}
    survey = await published(clients.ingestion, project, alice.headers, definition)
    await interviewed(clients.ingestion, survey, {"q1": 1, "q2": 2, "q3": 3})
    for answers in ({"q1": 99}, {"q1": 7}, {"q1": 4}):
        token = await begun(clients.ingestion, survey)
        await clients.ingestion.put(f"/public/sessions/{token}/answers", json={"answers": answers})
    await drain()
    assert (await dataset(clients, survey, alice))["n_rows"] == 1
    path, wanted = f"/api/surveys/{survey['id']}", ["in_progress", "quota_full", "screened_out"]
    edited = await clients.ingestion.patch(path, json={"dataset_includes": wanted}, headers=alice.headers)
    assert edited.json()["dataset_includes"] == wanted
    behind = "SELECT n_rows, codebook->>'n_finished' AS n FROM data_ingestion_datasetversion WHERE dataset_id = $1 ORDER BY number DESC"
    await drain()
    found = await rows(clients, owner, survey)
    assert found["status"] == ["complete", "screened_out", "quota_full", "in_progress"]
    assert found["q2__missing"] == [None, "not_asked", "not_reached", "not_reached"]
    assert tuple(await owner.fetchrow(behind, survey["dataset_id"]) or ()) == (4, "3")
    body = {
        "dataset_id": survey["dataset_id"],
        "calculation_type": "FREQUENCY",
        "parameters": {"variables": ["q2"]},
    }
    asked = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=alice.headers
    )
    await drain()
    read = await clients.analytics.get(f"/api/analyses/{asked.json()['id']}", headers=alice.headers)
    assert read.json()["result_data"]["tables"][0]["missing"] == {"not_asked": 1, "not_reached": 2}
    await clients.ingestion.put(f"/public/sessions/{token}/answers", json={"answers": {"q2": 5}})
    await clients.ingestion.post(f"{path}/close", headers=alice.headers)
    await drain()
    assert (await rows(clients, owner, survey))["q2"] == [2.0, None, None, 5.0]
    await clients.ingestion.patch(path, json={"dataset_includes": []}, headers=alice.headers)
    await drain()
    assert (await dataset(clients, survey, alice))["n_rows"] == 1
    refused = await clients.ingestion.patch(
        path, json={"dataset_includes": ["complete"]}, headers=alice.headers
    )
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/dataset_includes/0")

"""What no well-meaning client sends: numbers beyond the database, halves of characters, edits on what was just edited."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.survey_definitions import published

TOO_LARGE = (2**63, 10**40, -(2**63) - 1)


def pointers(answer: Any) -> list[str]:
    """The fields that an answer calls invalid."""
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("number", TOO_LARGE)
async def test_an_id_that_no_row_can_have_is_named_in_a_body(
    clients: Clients, project: int, alice: Person, number: int
) -> None:
    here = f"/api/projects/{project}"
    chart = {"type": "chart", "analysis_result_id": number}
    bodies: list[tuple[str, str, dict[str, Any], str]] = [
        ("ingestion", "/api/projects", {"team_id": number, "name": "x"}, "/team_id"),
        (
            "analytics",
            f"{here}/analyses",
            {"dataset_id": number, "calculation_type": "MEAN", "parameters": {}},
            "/dataset_id",
        ),
        (
            "analytics",
            f"{here}/insights",
            {"title": "x", "analysis_result_id": number},
            "/analysis_result_id",
        ),
        (
            "analytics",
            f"{here}/reports",
            {"title": "x", "blocks": [chart]},
            "/blocks/0/analysis_result_id",
        ),
    ]
    for service, path, body, pointer in bodies:
        answer = await getattr(clients, service).post(path, json=body, headers=alice.headers)
        assert pointers(answer) == [pointer]


@pytest.mark.parametrize("number", TOO_LARGE)
async def test_an_id_that_no_row_can_have_is_named_in_a_query(
    clients: Clients, project: int, alice: Person, number: int
) -> None:
    for service, path, name in (
        ("ingestion", "/api/projects", "team_id"),
        ("analytics", f"/api/projects/{project}/analyses", "dataset_id"),
        ("seo", "/api/audits/1/links", "page_id"),
    ):
        answer = await getattr(clients, service).get(path, params={name: number}, headers=alice.headers)
        assert pointers(answer) == [f"/query/{name}"]


async def test_half_a_surrogate_pair_is_a_422_and_not_our_error(
    clients: Clients, project: int, alice: Person
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    token = (await clients.ingestion.post(f"/public/surveys/{survey['uuid']}/sessions", json={})).json()[
        "token"
    ]
    as_json = {"Content-Type": "application/json"}
    for answers in ({"drink": "\ud800"}, {"\udfff": "tea"}):
        answer = await clients.ingestion.put(
            f"/public/sessions/{token}/answers", content=json.dumps({"answers": answers}), headers=as_json
        )
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(pointers(answer)) == 1
    written = await clients.analytics.post(
        f"/api/projects/{project}/insights",
        content=json.dumps({"title": "x", "evidence": {"share": "\ud800"}}),
        headers={**as_json, **alice.headers},
    )
    assert pointers(written) == [""]


async def test_a_problem_keeps_its_number_where_a_survey_has_a_status(
    clients: Clients, project: int, alice: Person
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    refused = await clients.ingestion.post(f"/api/surveys/{survey['id']}/reopen", headers=alice.headers)
    assert refused.json()["status"] == refused.status_code == 409
    assert refused.json()["survey_status"] == "PUBLISHED"


async def test_a_new_interview_says_where_it_is(clients: Clients, project: int, alice: Person) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    begin = await clients.ingestion.post(f"/public/surveys/{survey['uuid']}/sessions", json={})
    assert begin.headers["location"] == f"/public/sessions/{begin.json()['token']}"
    assert (await clients.ingestion.get(begin.headers["location"])).status_code == 200


@pytest.mark.parametrize("title", ["", "   ", "x" * 256])
async def test_a_title_that_cannot_be_is_refused_on_edit_too(
    clients: Clients, project: int, alice: Person, title: str
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    path = f"/api/surveys/{survey['id']}"
    answer = await clients.ingestion.patch(path, json={"title": title}, headers=alice.headers)
    assert pointers(answer) == ["/title"]


@pytest.mark.parametrize(
    ("service", "path", "table", "field"),
    [
        ("identity", "/api/teams", "accounts_team", "name"),
        ("ingestion", "/api/projects", "data_ingestion_project", "name"),
        ("ingestion", "/api/projects/{project}/surveys", "data_ingestion_survey", "title"),
        ("analytics", "/api/projects/{project}/reports", "analysis_report", "title"),
        ("analytics", "/api/projects/{project}/insights", "analysis_researchinsight", "title"),
    ],
)
async def test_an_edit_that_waited_for_another_sees_it(
    *,
    clients: Clients,
    team: int,
    project: int,
    alice: Person,
    owner: asyncpg.Connection,
    service: str,
    path: str,
    table: str,
    field: str,
) -> None:
    client = getattr(clients, service)
    body = {field: "x"} | ({"team_id": team} if path == "/api/projects" else {})
    made = await client.post(path.format(project=project), json=body, headers=alice.headers)
    path, row = made.headers["location"], made.json()["id"]
    tag = (await client.get(path, headers=alice.headers)).headers["etag"]
    edited = await client.patch(path, json={field: "y"}, headers={**alice.headers, "If-Match": tag})
    assert edited.status_code == 200, edited.text
    assert edited.headers["etag"] != tag
    stale = await client.patch(path, json={field: "z"}, headers={**alice.headers, "If-Match": tag})
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/precondition-failed")
    tag = edited.headers["etag"]
    async with owner.transaction():
        await owner.execute(f"UPDATE {table} SET revision = revision + 1 WHERE id = $1", row)
        late = asyncio.create_task(
            client.patch(path, json={field: "z"}, headers={**alice.headers, "If-Match": tag})
        )
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not (late.done() or await owner.fetchval(waiting)):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)
    assert (await late).status_code == 412

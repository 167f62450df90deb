"""The erasure of one respondent: nothing of what was said is left, counts add up, and the receipt says so."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kernel.ids import hash_token
from services.ingestion.service.erasures import receipt_hash
from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.ingestion.killed_deliveries import Deliverable
from tests.ingestion.survey_definitions import DRINKS, begun, interviewed, published
from tests.ingestion.test_exports import ask
from tests.ingestion.test_survey_files import PNG, asking, keys, sent
from tests.ingestion.test_surveys_dataset import rows

Drain = Callable[[], Awaitable[None]]
Member = Callable[[str], Awaitable[Person]]
SECRET = "My name is Hasenclever"
INVITED = (
    "INSERT INTO data_ingestion_participant (project_id, survey_id, survey_response_id, email, token_hash) "
    "VALUES ($1, $2, $3, 'hasenclever@example.com', 'x')"
)
QUOTA = DRINKS | {"quotas": [{"code": "all", "when": "true", "target": 2}]}


async def response_id(owner: asyncpg.Connection, token: str) -> int:
    return int(
        await owner.fetchval(
            "SELECT id FROM data_ingestion_surveyresponse WHERE token_hash = $1", hash_token(token)
        )
    )


async def erase(clients: Clients, survey: dict[str, Any], number: int, person: Person) -> Any:
    return await clients.ingestion.delete(
        f"/api/surveys/{survey['id']}/responses/{number}", headers=person.headers
    )


async def objects_with_the_secret(clients: Clients, team: int, project: int) -> list[str]:
    """Keys of the project's objects in which the erased words stand; Parquet is compressed, so it is read."""
    import io

    import pyarrow.parquet as pq

    objects = clients.apps["ingestion"].state.resources.objects
    found = []
    for key in await objects.keys(f"teams/{team}/projects/{project}/"):
        content = await objects.get(key)
        text = (
            str(pq.read_table(io.BytesIO(content)).to_pydict())
            if content[:4] == b"PAR1"
            else content.decode("utf-8", "replace")
        )
        found += [key] if SECRET in text else []
    return found


async def test_nothing_of_an_erased_interview_is_left_and_the_receipt_says_what_was(
    *, clients: Clients, project: int, team: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, QUOTA)
    await drain()
    kept = await interviewed(clients.ingestion, survey, {"drink": "tea"})
    await drain()
    token = await interviewed(clients.ingestion, survey, {"drink": "coffee", "cups": 3, "why": SECRET})
    await drain()
    body = {
        "dataset_id": survey["dataset_id"],
        "calculation_type": "FREQUENCY",
        "parameters": {"variables": ["drink"]},
    }
    asked = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=alice.headers
    )
    await ask(clients, alice, survey["dataset_id"], format="csv")
    await drain()
    assert len(await objects_with_the_secret(clients, team, project)) == 2
    number = await response_id(owner, token)
    answer = await erase(clients, survey, number, alice)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert answer.json()["waiting_for"] == [survey["dataset_id"]]
    assert (await clients.ingestion.get(f"/public/sessions/{token}")).status_code == 404
    behind = (
        "SELECT count(*) FROM data_ingestion_responseerasure WHERE completed_at IS NULL AND survey_id = $1"
    )
    assert await owner.fetchval(behind, survey["id"]) == 1
    await drain()

    assert await objects_with_the_secret(clients, team, project) == []
    stored = await owner.fetchrow("SELECT * FROM data_ingestion_surveyresponse WHERE id = $1", number)
    assert stored is not None
    assert SECRET not in str(dict(stored))
    assert (stored["status"], stored["answers"], stored["paradata"], stored["language"]) == (
        "ERASED",
        "{}",
        "{}",
        "",
    )
    assert (stored["created_at"].hour, stored["created_at"].minute, stored["submitted_at"]) == (0, 0, None)
    found = await rows(clients, owner, survey)
    assert (found["drink"], found["why"]) == (["tea"], [None])
    numbers = await owner.fetch(
        "SELECT number FROM data_ingestion_datasetversion WHERE dataset_id = $1 ORDER BY 1",
        survey["dataset_id"],
    )
    assert [row["number"] for row in numbers] == [1, 2, 4], "version 3 held the interview"

    read = await clients.ingestion.get(answer.headers["location"], headers=alice.headers)
    receipt = read.json()["receipt"]
    assert (read.json()["status"], read.json()["waiting_for"]) == ("complete", [])
    removed = receipt["removed"]
    assert (removed["answers"], removed["quota_seats"], removed["session_token"]) == (3, 1, 1)
    assert (removed["fingerprint"], stored["fingerprint"]) == (1, "")
    assert [version["version"] for version in removed["dataset_versions"]] == [3]
    assert (len(removed["exports"]), removed["objects"]) == (1, 2)
    assert receipt["requested_by"] == f"user:{alice.user_id}"
    sealed = {name: value for name, value in receipt.items() if name != "sha256"}
    assert receipt["sha256"] == receipt_hash(sealed)
    again = await erase(clients, survey, number, alice)
    assert (again.status_code, again.json()) == (200, read.json())
    await counts_add_up(clients, survey, alice)
    analysis = await clients.analytics.get(f"/api/analyses/{asked.json()['id']}", headers=alice.headers)
    assert analysis.json()["stale"] is True
    log = await clients.identity.get(f"/api/teams/{team}/activity", headers=alice.headers)
    acts = {act["action"]: act for act in log.json()["items"]}
    assert acts["response.erased"]["actor"] == f"user:{alice.user_id}"
    assert acts["response.erasure_completed"]["details"]["sha256"] == receipt["sha256"]
    assert (await clients.ingestion.get(f"/public/sessions/{kept}")).status_code == 200


async def counts_add_up(clients: Clients, survey: dict[str, Any], person: Person) -> None:
    """Of two interviews one was erased; it is listed and counted apart, and its place in the quota is free."""
    path = f"/api/surveys/{survey['id']}"
    results = (await clients.ingestion.get(f"{path}/results", headers=person.headers)).json()
    assert (results["started"], results["complete"], results["erased"]) == (1, 1, 1)
    assert results["quotas"][0]["complete"] == 1
    listed = await clients.ingestion.get(f"{path}/responses?status=erased", headers=person.headers)
    assert [one["answers"] for one in listed.json()["items"]] == [{}]


async def test_an_erased_interview_with_files_can_be_a_row_that_says_so(
    *, clients: Clients, project: int, team: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, asking())
    token = await begun(clients.ingestion, survey)
    assert (await sent(clients.ingestion, token, PNG)).status_code == 201
    assert len(await keys(clients, team)) == 1
    path = f"/api/surveys/{survey['id']}"
    await clients.ingestion.patch(path, json={"dataset_includes": ["erased"]}, headers=alice.headers)
    number = await response_id(owner, token)
    await owner.execute(INVITED, project, survey["id"], number)
    answer = await erase(clients, survey, number, alice)
    removed = answer.json()["receipt"]["removed"]
    assert (removed["files"], removed["participants"]) == (1, 1)
    assert (
        await owner.fetchval("SELECT count(*) FROM data_ingestion_participant WHERE project_id = $1", project)
        == 0
    )
    await drain()
    assert await keys(clients, team) == []
    found = await rows(clients, owner, survey)
    assert (found["has__missing"], found["status"], found["started_at"]) == (["erased"], ["erased"], [None])
    read = (await clients.ingestion.get(answer.headers["location"], headers=alice.headers)).json()
    assert read["status"] == "complete"


async def test_only_who_may_write_erases_and_strangers_learn_nothing(
    *,
    clients: Clients,
    project: int,
    alice: Person,
    mallory: Person,
    member: Member,
    owner: asyncpg.Connection,
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    number = await response_id(owner, await interviewed(clients.ingestion, survey, {"drink": "tea"}))
    assert (await erase(clients, survey, number, mallory)).status_code == 404
    assert (await erase(clients, survey, number, await member("VIEWER"))).status_code == 403
    other = await published(clients.ingestion, project, alice.headers)
    assert (await erase(clients, other, number, alice)).status_code == 404
    erasure = f"/api/surveys/{survey['id']}/responses/{number}/erasure"
    assert (await clients.ingestion.get(erasure, headers=alice.headers)).status_code == 404
    status = "SELECT status FROM data_ingestion_surveyresponse WHERE id = $1"
    assert await owner.fetchval(status, number) == "COMPLETE"


async def test_what_was_merged_from_the_dataset_is_made_anew_without_the_interview(
    *, clients: Clients, project: int, team: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    first = await published(clients.ingestion, project, alice.headers)
    second = await published(clients.ingestion, project, alice.headers)
    for survey in (first, second):
        await interviewed(clients.ingestion, survey, {"drink": "tea"})
    token = await interviewed(clients.ingestion, first, {"drink": "coffee", "why": SECRET})
    await drain()
    waves = [{"dataset_id": survey["dataset_id"], "label": "Wave"} for survey in (first, second)]
    body = {"name": "Both", "append": {"waves": waves}}
    merged = await clients.ingestion.post(
        f"/api/projects/{project}/datasets", json=body, headers=alice.headers
    )
    assert merged.status_code == 202, merged.text
    await drain()
    assert len(await objects_with_the_secret(clients, team, project)) == 2
    answer = await erase(clients, first, await response_id(owner, token), alice)
    await drain()
    assert await objects_with_the_secret(clients, team, project) == []
    read = (await clients.ingestion.get(answer.headers["location"], headers=alice.headers)).json()
    assert read["status"] == "complete"
    datasets = {version["dataset_id"] for version in read["receipt"]["removed"]["dataset_versions"]}
    assert datasets == {first["dataset_id"], merged.json()["dataset_id"]}


@pytest.mark.faults
async def test_a_worker_killed_in_the_middle_of_an_erasure_leaves_nothing_behind(
    *,
    stack: Stack,
    clients: Clients,
    project: int,
    team: int,
    alice: Person,
    drain: Drain,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    rnd = random.Random(5)
    survey = await published(clients.ingestion, project, alice.headers)
    token = await interviewed(clients.ingestion, survey, {"drink": "tea", "why": SECRET})
    await drain()
    answer = await erase(clients, survey, await response_id(owner, token), alice)
    given = await Deliverable.latest(stack, owner, project, "response-erased", scratch_folder=str(tmp_path))
    for _ in range(2):
        await given.deliver_and_kill(rnd.uniform(0.02, 0.5))
    await drain()
    assert await objects_with_the_secret(clients, team, project) == []
    read = (await clients.ingestion.get(answer.headers["location"], headers=alice.headers)).json()
    assert (read["status"], len(read["receipt"]["removed"]["dataset_versions"])) == ("complete", 1)
    told = "SELECT count(*) FROM messaging_outbox WHERE project_id = $1 AND type = 'erasure-completed'"
    assert await owner.fetchval(told, project) == 1

"""What a team may have, by the tier of its owner: refused with figures, under concurrency too, and seen beforehand."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2
import pytest

from contracts.ingestion import FileUploaded
from kernel.events import Envelope
from kernel.principals import JwksKeys, TokenVerifier
from kernel.resources import Resources
from kernel.subscriptions import Delivery
from services.ingestion.app import create
from services.ingestion.consumers.files import parse_uploaded_file
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import begun, interviewed, published
from tests.ingestion.test_survey_files import PNG, asking, keys, sent

ONE_QUESTION = {
    "languages": ["en"],
    "pages": [
        {
            "code": "p1",
            "questions": [
                {
                    "code": "q1",
                    "type": "single_choice",
                    "text": {"en": "Tea?"},
                    "options": [{"code": "a", "text": {"en": "Yes"}}, {"code": "b", "text": {"en": "No"}}],
                }
            ],
        }
    ],
}
LIMITS = {"SMB": {"projects": 3, "storage_bytes": 100, "responses": 1, "rows": 3}}


@pytest.fixture
async def small(stack: Stack, clients: Clients) -> AsyncIterator[httpx2.AsyncClient]:
    """Ingestion of an installation with narrow plans."""
    app = create(settings_of(stack, "ingestion", plan_limits=LIMITS))
    keys = JwksKeys(app.state.resources.settings, transport=httpx2.ASGITransport(clients.apps["identity"]))
    app.state.resources.verifier = TokenVerifier(app.state.resources.settings, keys)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test") as client:
            yield client


async def upload(client: httpx2.AsyncClient, person: Person, project: int, content: bytes) -> httpx2.Response:
    return await client.post(
        f"/api/projects/{project}/files",
        files={"file": ("table.csv", content, "text/csv")},
        headers=person.headers,
    )


def refusal(answer: httpx2.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["type"], body.get("limit", "")


@pytest.mark.asvs("2.3.2", "2.3.4")
async def test_the_last_project_goes_to_one_of_many_at_once(
    small: httpx2.AsyncClient, alice: Person, team: int, project: int
) -> None:
    body = {"team_id": team, "name": "One more"}
    answers = await asyncio.gather(
        *(small.post("/api/projects", json=body, headers=alice.headers) for _ in range(8))
    )
    assert sorted(a.status_code for a in answers) == [201, 201, *[403] * 6]
    refused = next(a for a in answers if a.status_code == 403).json()
    assert (refused["limit"], refused["maximum"], refused["used"]) == ("projects", 3, 3)
    assert "SMB" in refused["detail"]


async def test_storage_is_counted_in_bytes_and_a_refused_upload_leaves_nothing(
    *,
    small: httpx2.AsyncClient,
    clients: Clients,
    alice: Person,
    team: int,
    project: int,
    owner: asyncpg.Connection,
) -> None:
    assert (await upload(small, alice, project, b"a,b\n1,2\n" + b"3,4\n" * 20)).status_code == 202
    objects = clients.apps["ingestion"].state.resources.objects
    kept = await objects.keys(f"teams/{team}/")
    too_much = await upload(small, alice, project, b"a,b\n1,2\n")
    assert too_much.status_code == 202, "88 + 8 bytes"
    refused = await upload(small, alice, project, b"a,b\n1,2\n")
    assert refusal(refused) == (403, "/problems/plan-limit-reached", "storage_bytes")
    assert (refused.json()["maximum"], refused.json()["used"]) == (100, 96)
    assert len(await objects.keys(f"teams/{team}/")) == len(kept) + 1
    n_files = await owner.fetchval(
        "SELECT count(*) FROM data_ingestion_rawdatafile WHERE project_id = $1", project
    )
    assert n_files == 2


async def read_within(stack: Stack, owner: asyncpg.Connection, file_id: int) -> None:
    """Deliver a file's event to the reader of an installation with narrow plans."""
    envelope = Envelope.model_validate_json(
        await owner.fetchval(
            "SELECT envelope FROM messaging_outbox WHERE type = 'file-uploaded' AND envelope->'data'->>'file_id' = $1",
            str(file_id),
        )
    )
    resources = Resources.of(settings_of(stack, "ingestion", plan_limits=LIMITS))
    try:
        delivery = Delivery("ingestion-parse-file", envelope, 1, resources)
        await parse_uploaded_file(FileUploaded.model_validate(envelope.data), delivery)
    finally:
        await resources.close()


async def test_a_file_with_more_rows_than_the_plan_allows_fails_with_the_way_out(
    stack: Stack, clients: Clients, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    uploaded = [
        (await upload(clients.ingestion, alice, project, content)).json()
        for content in (b"a,b\n1,2\n3,4\n", b"a,b\n1,2\n5,6\n")
    ]
    for file in uploaded:
        await read_within(stack, owner, file["id"])
    done, failed = [
        (await clients.ingestion.get(f"/api/files/{file['id']}", headers=alice.headers)).json()
        for file in uploaded
    ]
    assert (done["upload_status"], failed["upload_status"]) == ("SUCCESS", "FAILED")
    assert failed["error"]["type"] == "/problems/plan-limit-reached"
    assert "3 rows" in failed["error"]["detail"]
    assert failed["dataset_ids"] == []
    objects = clients.apps["ingestion"].state.resources.objects
    keys = await objects.keys(failed["file"].removesuffix("original"))
    assert [key.rpartition("/")[2] for key in keys] == ["original"], "the file is kept, nothing else"


async def test_interviews_end_with_the_plan_at_both_doors_and_none_that_began_is_lost(
    small: httpx2.AsyncClient, clients: Clients, alice: Person, project: int
) -> None:
    survey: dict[str, Any] = await published(clients.ingestion, project, alice.headers, ONE_QUESTION)
    going_on = await begun(small, survey)
    await interviewed(small, survey, {"q1": "a"})
    answer = await small.post(f"/public/surveys/{survey['uuid']}/sessions", json={})
    assert refusal(answer) == (403, "/problems/plan-limit-reached", "responses")
    assert "SMB" not in answer.text, "the team's figures are its own"
    browser = Browser(small)
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(q1="a")
    assert browser.status == 403
    assert "no more answers at the moment" in browser.page
    stored = await small.put(f"/public/sessions/{going_on}/answers", json={"answers": {"q1": "a"}})
    assert stored.status_code == 200
    assert (await small.post(f"/public/sessions/{going_on}/submit")).status_code == 200


async def test_everybody_in_the_team_sees_what_is_used(
    clients: Clients, alice: Person, mallory: Person, team: int, project: int
) -> None:
    path = f"/api/teams/{team}/usage"
    usage = (await clients.identity.get(path, headers=alice.headers)).json()
    assert usage["segment"] == "SMB"
    assert {entry["limit"]: entry["used"] for entry in usage["limits"]} == {
        "projects": 1,
        "storage_bytes": 0,
        "responses": 0,
        "rows": 0,
    }
    assert all(entry["maximum"] > 0 for entry in usage["limits"])
    assert (await clients.identity.get(path, headers=mallory.headers)).status_code == 404


async def test_an_enterprise_has_no_limits(
    small: httpx2.AsyncClient, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE accounts_user SET segment = 'ENTERPRISE' WHERE id = $1", alice.user_id)
    for n in range(5):
        body = {"team_id": team, "name": f"Project {n}"}
        assert (await small.post("/api/projects", json=body, headers=alice.headers)).status_code == 201


async def test_files_count_for_the_plan_of_the_team(
    *, small: httpx2.AsyncClient, clients: Clients, team: int, project: int, alice: Person
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, asking())
    token = await begun(small, survey)
    assert (await sent(small, token, PNG[:60])).status_code == 201
    refused = await sent(small, await begun(small, survey), PNG[:60])
    assert (refused.status_code, refused.json()["limit"]) == (403, "storage_bytes")
    assert len(await keys(clients, team)) == 1
    usage = await clients.identity.get(f"/api/teams/{team}/usage", headers=alice.headers)
    assert "60" in usage.text

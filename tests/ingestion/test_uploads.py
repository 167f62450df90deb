"""Uploads in parts: straight to the object store, cut off and gone on with, verified by the worker before they count."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pytest

from kernel.objects import Objects
from tests.conftest import Clients, Person
from tests.ingestion.test_files import read, upload

Drain = Callable[[], Awaitable[None]]
MIB = 1024 * 1024


def table(n_bytes: int) -> bytes:
    """A CSV of about so many bytes."""
    rnd = random.Random(4)
    block = "".join(f"{rnd.choice('abc')},{rnd.randint(18, 80)},{rnd.random():.9f}\n" for _ in range(20_000))
    return b"region,age,score\n" + block.encode() * max(1, n_bytes // len(block))


SMALL = b"region,age\nNorth,34\nSouth,51\n"
LARGE = table(34 * MIB)


def bucket(clients: Clients) -> Objects:
    objects: Objects = clients.apps["ingestion"].state.resources.objects
    return objects


async def begun(clients: Clients, person: Person, project: int, content: bytes, **more: Any) -> Any:
    body = {"filename": "big.csv", "size_bytes": len(content), **more}
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/uploads", json=body, headers=person.headers
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/uploads/{answer.json()['id']}"
    return answer.json()


async def send(begun: Any, content: bytes, *numbers: int) -> None:
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        for part in begun["parts"]:
            if not numbers or part["number"] in numbers:
                start = (part["number"] - 1) * begun["part_size"]
                answer = await client.put(part["url"], content=content[start : start + part["size_bytes"]])
                assert answer.status_code == 200, answer.text


async def complete(clients: Clients, person: Person, upload_id: int) -> httpx2.Response:
    return await clients.ingestion.post(f"/api/uploads/{upload_id}/complete", headers=person.headers)


async def see(clients: Clients, person: Person, upload_id: int, rest: str = "") -> Any:
    answer = await clients.ingestion.get(f"/api/uploads/{upload_id}{rest}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_large_file_goes_in_parts_and_on_after_a_lost_connection(
    *, clients: Clients, drain: Drain, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    sha256 = hashlib.sha256(LARGE).hexdigest()
    first = await begun(clients, alice, project, LARGE, sha256=sha256.upper(), content_type="text/csv")
    assert [(p["number"], p["size_bytes"]) for p in first["parts"]] == [
        (1, 16 * MIB),
        (2, 16 * MIB),
        (3, len(LARGE) - 32 * MIB),
    ]
    await send(first, LARGE, 3, 1)  # in any order; then the connection is lost

    again = await see(clients, alice, first["id"])
    assert (again["status"], again["arrived_parts"], again["n_parts"]) == ("OPEN", [1, 3], 3)
    assert again["arrived_bytes"] == len(LARGE) - 16 * MIB
    assert [p["number"] for p in again["parts"]] == [2]
    early = await complete(clients, alice, first["id"])
    assert (early.status_code, early.json()["missing"]) == (409, [2])
    assert early.json()["type"] == "/problems/upload-incomplete"
    await send(again, LARGE)

    accepted = await complete(clients, alice, first["id"])
    assert accepted.status_code == 202, accepted.text
    file = accepted.json()
    assert accepted.headers["location"] == f"/api/files/{file['id']}"
    assert (file["upload_status"], file["sha256"], file["progress"]["phase"]) == ("PENDING", "", "verifying")
    told = "SELECT type FROM messaging_outbox WHERE project_id = $1 ORDER BY id"
    assert [r["type"] for r in await owner.fetch(told, project)] == ["upload-completed"]
    where = f"/api/files/{file['id']}/download"
    assert (await clients.ingestion.get(where, headers=alice.headers)).status_code == 409

    await drain()
    done = await read(clients, alice, file["id"])
    assert (done["upload_status"], done["sha256"], done["size_bytes"]) == ("SUCCESS", sha256, len(LARGE))
    assert [r["type"] for r in await owner.fetch(told, project)] == [
        "upload-completed",
        "file-uploaded",
        "file-processed",
    ]
    repeated = await complete(clients, alice, first["id"])
    assert (repeated.status_code, repeated.json()["id"]) == (202, file["id"])
    finished = await see(clients, alice, first["id"])
    assert (finished["status"], finished["file_id"], finished["parts"]) == ("COMPLETE", file["id"], [])
    assert finished["arrived_bytes"] == len(LARGE)


@pytest.mark.parametrize("announced", ["another-sha256", "refused-duplicate"])
async def test_what_is_not_as_announced_is_refused_and_nothing_of_it_stays(
    *, clients: Clients, drain: Drain, alice: Person, team: int, project: int, announced: str
) -> None:
    if announced == "another-sha256":
        more, slug, n_kept = {"sha256": "0" * 64}, "upload-mismatch", 0
    else:
        await upload(clients, alice, project, SMALL)
        await drain()
        more, slug, n_kept = {"on_duplicate": "refuse"}, "duplicate-file", 3
    made = await begun(clients, alice, project, SMALL, **more)
    await send(made, SMALL)
    file = (await complete(clients, alice, made["id"])).json()
    await drain()
    refused = await read(clients, alice, file["id"])
    assert (refused["upload_status"], refused["sha256"], refused["size_bytes"]) == ("FAILED", "", 0)
    assert refused["error"]["type"] == f"/problems/{slug}"
    if slug == "upload-mismatch":
        found = hashlib.sha256(SMALL).hexdigest()
        assert (refused["error"]["expected"], refused["error"]["found"]) == ("0" * 64, found)
        assert found in refused["error"]["detail"]
    else:
        assert refused["error"]["duplicate_of"]
    assert len(await bucket(clients).keys(f"teams/{team}/")) == n_kept
    download = await clients.ingestion.get(f"/api/files/{file['id']}/download", headers=alice.headers)
    assert (download.status_code, download.json()["type"]) == (409, "/problems/file-without-original")
    gone = await clients.ingestion.delete(f"/api/files/{file['id']}", headers=alice.headers)
    assert gone.status_code == 204


async def test_a_part_of_another_size_is_refused_by_the_object_store(
    clients: Clients, alice: Person, project: int
) -> None:
    made = await begun(clients, alice, project, SMALL)
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.put(made["parts"][0]["url"], content=SMALL + b"x")
        assert answer.status_code == 403
    early = await complete(clients, alice, made["id"])
    assert early.json()["missing"] == [1]


async def test_known_content_is_refused_before_a_byte_is_sent_where_asked(
    clients: Clients, alice: Person, project: int
) -> None:
    known = await upload(clients, alice, project, SMALL)
    body = {"filename": "a.csv", "size_bytes": len(SMALL), "sha256": known["sha256"]}
    where = f"/api/projects/{project}/uploads"
    kept = await clients.ingestion.post(where, json=body, headers=alice.headers)
    assert kept.status_code == 201
    refused = await clients.ingestion.post(
        where, json={**body, "on_duplicate": "refuse"}, headers=alice.headers
    )
    assert (refused.status_code, refused.json()["duplicate_of"]) == (409, [known["id"]])


async def test_giving_up_throws_the_parts_away(
    clients: Clients, alice: Person, team: int, project: int
) -> None:
    made = await begun(clients, alice, project, SMALL)
    await send(made, SMALL)
    where = f"/api/uploads/{made['id']}"
    assert (await clients.ingestion.delete(where, headers=alice.headers)).status_code == 204
    assert (await clients.ingestion.get(where, headers=alice.headers)).status_code == 404
    assert (await complete(clients, alice, made["id"])).status_code == 404
    assert [u async for u in bucket(clients).parts.unfinished(f"teams/{team}/")] == []
    async with httpx2.AsyncClient(trust_env=False) as client:
        late = await client.put(made["parts"][0]["url"], content=SMALL)
        assert late.status_code == 404


async def test_an_upload_begun_twice_under_one_key_is_one(
    clients: Clients, alice: Person, team: int, project: int
) -> None:
    body, where = {"filename": "a.csv", "size_bytes": 10}, f"/api/projects/{project}/uploads"
    headers = {**alice.headers, "Idempotency-Key": f"parts-{project}"}
    first = await clients.ingestion.post(where, json=body, headers=headers)
    second = await clients.ingestion.post(where, json=body, headers=headers)
    assert (first.status_code, second.json()) == (201, first.json())
    assert len([u async for u in bucket(clients).parts.unfinished(f"teams/{team}/")]) == 1
    listed = await clients.ingestion.get(where, headers=alice.headers)
    assert [(u["id"], u["status"]) for u in listed.json()["items"]] == [(first.json()["id"], "OPEN")]


async def test_completing_at_once_from_two_sides_makes_one_file(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    made = await begun(clients, alice, project, SMALL)
    await send(made, SMALL)
    answers = await asyncio.gather(*[complete(clients, alice, made["id"]) for _ in range(4)])
    assert {a.status_code for a in answers} == {202}
    assert len({a.json()["id"] for a in answers}) == 1
    await drain()
    assert (await read(clients, alice, answers[0].json()["id"]))["upload_status"] == "SUCCESS"


async def test_a_file_deleted_while_it_is_verified_leaves_nothing(
    clients: Clients, drain: Drain, alice: Person, team: int, project: int
) -> None:
    made = await begun(clients, alice, project, SMALL)
    await send(made, SMALL)
    file = (await complete(clients, alice, made["id"])).json()
    await clients.ingestion.delete(f"/api/files/{file['id']}", headers=alice.headers)
    await drain()
    assert await bucket(clients).keys(f"teams/{team}/") == []


async def test_links_are_given_in_batches(clients: Clients, alice: Person, project: int) -> None:
    made = await begun(clients, alice, project, b"", size_bytes=2048 * MIB - 1)
    assert (made["n_parts"], len(made["parts"]), made["next_part"]) == (128, 100, 101)
    rest = await see(clients, alice, made["id"], "?from_part=101")
    assert ([p["number"] for p in rest["parts"]], rest["next_part"]) == (list(range(101, 129)), None)
    assert rest["parts"][-1]["size_bytes"] == 16 * MIB - 1


async def test_limits_are_checked_before_and_after(
    clients: Clients, alice: Person, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, resources = f"/api/projects/{project}/uploads", clients.apps["ingestion"].state.resources

    def limited(most: int) -> None:
        plans = {name: {"storage_bytes": most} for name in ("STUDENT", "SMB")}
        settings = resources.settings.model_copy(update={"plan_limits": plans, "max_upload_bytes": 1000})
        monkeypatch.setattr(resources, "settings", settings)

    limited(100)
    body = {"filename": "a.csv", "size_bytes": 1001}
    large = await clients.ingestion.post(where, json=body, headers=alice.headers)
    assert (large.status_code, large.json()["limit_bytes"]) == (413, 1000)
    full = await clients.ingestion.post(where, json={**body, "size_bytes": 101}, headers=alice.headers)
    assert (full.status_code, full.json()["limit"]) == (403, "storage_bytes")
    made = await begun(clients, alice, project, SMALL)
    await send(made, SMALL)
    limited(5)
    late = await complete(clients, alice, made["id"])
    assert (late.status_code, late.json()["type"]) == (403, "/problems/plan-limit-reached")
    limited(100)
    assert (await complete(clients, alice, made["id"])).status_code == 202


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"filename": "a.csv"}, "/size_bytes"),
        ({"filename": "a.csv", "size_bytes": 0}, "/size_bytes"),
        ({"size_bytes": 10}, "/filename"),
        ({"filename": "a.csv", "size_bytes": 10, "sha256": "abc"}, "/sha256"),
        ({"filename": "a.csv", "size_bytes": 10, "on_duplicate": "maybe"}, "/on_duplicate"),
        ({"filename": "a.csv", "size_bytes": 10, "parts": 3}, "/parts"),
    ],
)
async def test_a_bad_announcement_names_the_field(
    *, clients: Clients, alice: Person, project: int, body: dict[str, Any], pointer: str
) -> None:
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/uploads", json=body, headers=alice.headers
    )
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


async def test_another_team_knows_no_upload_and_a_viewer_sends_none(
    *,
    clients: Clients,
    alice: Person,
    mallory: Person,
    member: Callable[[str], Awaitable[Person]],
    project: int,
) -> None:
    made = await begun(clients, alice, project, SMALL)
    await send(made, SMALL)
    client, viewer, colleague = clients.ingestion, await member("VIEWER"), await member("MEMBER")
    body, where = {"filename": "a.csv", "size_bytes": 1}, f"/api/uploads/{made['id']}"
    for person, status in ((mallory, 404), (viewer, 403)):
        answers = [
            await client.post(f"/api/projects/{project}/uploads", json=body, headers=person.headers),
            await client.get(where, headers=person.headers),
            await complete(clients, person, made["id"]),
            await client.delete(where, headers=person.headers),
        ]
        assert [a.status_code for a in answers] == [status] * 4
    assert (await see(clients, colleague, made["id"]))["arrived_parts"] == [1]
    assert (await complete(clients, colleague, made["id"])).json()["uploaded_by_id"] == alice.user_id

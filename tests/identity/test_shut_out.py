"""Whoever is shut out is refused by every service with the next request: the bound is one statement, not a token's life."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

import asyncpg
import httpx2
import pytest

from kernel.ids import hash_token
from tests.conftest import Clients, Person

Member = Callable[[str], Awaitable[Person]]


async def statuses(clients: Clients, headers: dict[str, str], project: int) -> list[int]:
    """Return how the four services answer this caller now."""
    answers = [
        await clients.identity.get("/api/accounts/me", headers=headers),
        await clients.ingestion.get(f"/api/projects/{project}", headers=headers),
        await clients.analytics.get(f"/api/projects/{project}/analyses", headers=headers),
        await clients.seo.get(f"/api/projects/{project}/audits", headers=headers),
    ]
    return [answer.status_code for answer in answers]


@pytest.mark.asvs("7.2.1", "7.4.1")
async def test_an_ended_session_is_refused_everywhere_by_the_next_request(
    clients: Clients, alice: Person, project: int
) -> None:
    assert await statuses(clients, alice.headers, project) == [200] * 4
    body = {"refresh_token": alice.refresh_token}
    began = time.perf_counter()
    assert (await clients.identity.post("/api/accounts/logout", json=body)).status_code == 204
    assert await statuses(clients, alice.headers, project) == [401] * 4
    assert time.perf_counter() - began < 60, "at once, and not when 15 minutes are over"


@pytest.mark.asvs("7.4.2")
async def test_a_session_that_ran_out_or_whose_account_was_closed_is_refused_everywhere(
    clients: Clients, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    expire = "UPDATE accounts_session SET expires_at = {} WHERE user_id = $1"
    await owner.execute(expire.format("now()"), alice.user_id)
    assert await statuses(clients, alice.headers, project) == [401] * 4
    await owner.execute(expire.format("now() + interval '1 hour'"), alice.user_id)
    assert await statuses(clients, alice.headers, project) == [200] * 4
    for column, value in (("is_active", "false"), ("deleted_at", "now()")):
        await owner.execute(f"UPDATE accounts_user SET {column} = {value} WHERE id = $1", alice.user_id)
        assert await statuses(clients, alice.headers, project) == [401] * 4
        undo = "true" if column == "is_active" else "NULL"
        await owner.execute(f"UPDATE accounts_user SET {column} = {undo} WHERE id = $1", alice.user_id)


async def test_a_removed_member_is_a_stranger_everywhere_with_the_next_request(
    clients: Clients, alice: Person, team: int, project: int, member: Member
) -> None:
    bob = await member("ADMIN")
    assert await statuses(clients, bob.headers, project) == [200] * 4
    path = f"/api/teams/{team}/members/{bob.user_id}"
    assert (await clients.identity.delete(path, headers=alice.headers)).status_code == 204
    assert await statuses(clients, bob.headers, project) == [200, 404, 404, 404]


async def test_fifty_parallel_refreshes_never_log_out(clients: Clients, alice: Person) -> None:
    token = alice.refresh_token
    for _ in range(3):
        answers = await asyncio.gather(
            *(
                clients.identity.post("/api/accounts/refresh", json={"refresh_token": token})
                for _ in range(50)
            )
        )
        assert {a.status_code for a in answers} == {200}
        (token,) = {a.json()["refresh_token"] for a in answers}
    assert (await clients.identity.get("/api/accounts/me", headers=alice.headers)).status_code == 200


@pytest.mark.asvs("10.4.5")
@pytest.mark.parametrize("first", ["owner", "thief"])
async def test_a_stolen_refresh_token_is_noticed_whoever_uses_it_first(
    clients: Clients, alice: Person, project: int, owner: asyncpg.Connection, first: str
) -> None:
    async def use(token: str) -> httpx2.Response:
        return await clients.identity.post("/api/accounts/refresh", json={"refresh_token": token})

    stolen = alice.refresh_token
    one = (await use(stolen)).json()
    await owner.execute(
        "UPDATE accounts_refreshtoken SET rotated_at = now() - interval '11 seconds' WHERE token_hash = $1",
        hash_token(stolen),
    )
    two = await use(stolen)  # the other of owner and thief, later than any parallel tab
    assert (two.status_code, two.json()["type"]) == (401, "/problems/session-ended"), first
    for token in (stolen, one["refresh_token"]):
        assert (await use(token)).status_code == 401
    headers = {"Authorization": f"Bearer {one['access_token']}"}
    assert await statuses(clients, headers, project) == [401] * 4, "the other's access token is void as well"
    log = await owner.fetch(
        "SELECT action, outcome FROM accounts_activitylog WHERE actor_id = $1", alice.user_id
    )
    assert ("session.revoked", "DENIED") in [(row["action"], row["outcome"]) for row in log]


async def test_a_deleted_team_comes_back_with_everything_for_its_owner_only(
    *, clients: Clients, alice: Person, team: int, project: int, member: Member, owner: asyncpg.Connection
) -> None:
    bob = await member("ADMIN")
    assert (await clients.identity.delete(f"/api/teams/{team}", headers=alice.headers)).status_code == 204
    read = f"/api/projects/{project}"
    assert (await clients.ingestion.get(read, headers=alice.headers)).status_code == 404
    listed = (await clients.identity.get("/api/teams/deleted", headers=alice.headers)).json()["items"]
    assert [(t["id"], t["name"]) for t in listed] == [(team, "Field team")]
    assert listed[0]["purged_at"] > listed[0]["deleted_at"]
    assert (await clients.identity.get("/api/teams/deleted", headers=bob.headers)).json()["items"] == []
    restore = f"/api/teams/{team}/restore"
    assert (await clients.identity.post(restore, headers=bob.headers)).status_code == 404
    restored = await clients.identity.post(restore, headers=alice.headers)
    assert (restored.status_code, restored.json()["id"]) == (200, team)
    assert (await clients.ingestion.get(read, headers=bob.headers)).status_code == 200
    assert (await clients.identity.post(restore, headers=alice.headers)).status_code == 404
    told = await owner.fetch("SELECT type FROM messaging_outbox WHERE team_id = $1 ORDER BY id", team)
    assert [row["type"] for row in told][-2:] == ["team-deleted", "team-restored"]


async def test_ones_own_data_comes_as_a_file_without_secrets(
    clients: Clients, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    body = {"name": f"Key {uuid.uuid4().hex[:6]}", "scopes": ["projects:read"]}
    key = (
        await clients.identity.post(f"/api/teams/{team}/api-keys", json=body, headers=alice.headers)
    ).json()["key"]
    answer = await clients.identity.get("/api/accounts/me/export", headers=alice.headers)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    export = answer.json()
    assert export["account"]["email"] == alice.email
    assert export["teams"] == [{"id": team, "name": "Field team", "role": "OWNER"}]
    assert [s["ip_address"] for s in export["sessions"]] == ["127.0.0.1"]
    assert [k["name"] for k in export["api_keys"]] == [body["name"]]
    assert {"login.succeeded", "team.created", "key.made"} <= {a["action"] for a in export["activity"]}
    stored = await owner.fetchrow("SELECT password FROM accounts_user WHERE id = $1", alice.user_id)
    for secret in (stored["password"], key, alice.refresh_token, hash_token(key)):
        assert secret not in answer.text

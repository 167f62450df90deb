"""API keys: what they may do, in every service, and that a revoked one may nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pytest

from kernel.api_keys import PATTERN, checksum, is_well_formed, new_key
from tests.conftest import Clients, Person

Member = Callable[[str], Awaitable[Person]]
READ_EVERYTHING = ["projects:read", "analyses:read", "audits:read", "teams:read"]


async def make_key(
    clients: Clients, person: Person, team: int, scopes: list[str], **more: Any
) -> httpx2.Response:
    body = {"name": "Nightly export", "scopes": scopes, **more}
    return await clients.identity.post(f"/api/teams/{team}/api-keys", json=body, headers=person.headers)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def doors(project: int, team: int) -> list[tuple[str, str]]:
    """One address per service that every key of READ_EVERYTHING may read."""
    return [
        ("identity", f"/api/teams/{team}"),
        ("ingestion", f"/api/projects/{project}"),
        ("analytics", f"/api/projects/{project}/analyses"),
        ("seo", f"/api/projects/{project}/audits"),
    ]


async def answers(clients: Clients, key: str, project: int, team: int) -> list[int]:
    return [
        (await getattr(clients, service).get(path, headers=bearer(key))).status_code
        for service, path in doors(project, team)
    ]


def test_a_key_can_be_recognised_and_a_mistyped_one_is_refused_without_a_look_into_the_database() -> None:
    key = new_key()
    assert PATTERN.fullmatch(key)
    assert is_well_formed(key)
    for wrong in (
        key[:-1],
        key + "a",
        key[:10] + ("A" if key[10] != "A" else "B") + key[11:],
        "plz_",
        "plz_é",
    ):
        assert not is_well_formed(wrong)
    assert checksum("0" * 40) == checksum("0" * 40) != checksum("0" * 39 + "1")
    assert len({new_key() for _ in range(100)}) == 100


async def test_a_key_is_shown_once_and_stored_as_a_hash(
    clients: Clients, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    made = await make_key(clients, alice, team, ["projects:read"])
    assert made.status_code == 201, made.text
    key = made.json()["key"]
    assert made.headers["cache-control"] == "no-store"
    listed = await clients.identity.get(f"/api/teams/{team}/api-keys", headers=alice.headers)
    (shown,) = listed.json()["items"]
    assert "key" not in shown
    assert key.startswith(shown["prefix"])
    assert shown["last_used_at"] is None
    rows = await owner.fetch("SELECT * FROM accounts_apikey WHERE team_id = $1", team)
    assert key not in str(rows)


async def test_a_repeated_request_makes_no_second_key_and_its_secret_is_kept_nowhere(
    clients: Clients, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    body = {"name": "Nightly export", "scopes": ["projects:read"]}
    headers = {**alice.headers, "Idempotency-Key": "make-the-nightly-key"}
    path = f"/api/teams/{team}/api-keys"
    first = await clients.identity.post(path, json=body, headers=headers)
    assert first.status_code == 201
    again = await clients.identity.post(path, json=body, headers=headers)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/secret-shown-once")
    assert first.headers["location"] in again.json()["detail"]
    listed = (await clients.identity.get(path, headers=alice.headers)).json()["items"]
    assert [item["id"] for item in listed] == [first.json()["id"]]
    stored = await owner.fetch("SELECT body FROM messaging_idempotencykey WHERE body IS NOT NULL")
    assert not [row for row in stored if first.json()["key"].encode() in row["body"]]


async def test_a_key_works_in_every_service_and_a_revoked_one_in_none_at_once(
    clients: Clients, alice: Person, team: int, project: int
) -> None:
    made = (await make_key(clients, alice, team, READ_EVERYTHING)).json()
    assert await answers(clients, made["key"], project, team) == [200] * 4
    (listed,) = (await clients.identity.get(f"/api/teams/{team}/api-keys", headers=alice.headers)).json()[
        "items"
    ]
    assert listed["last_used_at"] is not None
    path = f"/api/teams/{team}/api-keys/{made['id']}"
    assert (await clients.identity.delete(path, headers=alice.headers)).status_code == 204
    assert await answers(clients, made["key"], project, team) == [401] * 4
    assert (await clients.identity.delete(path, headers=alice.headers)).status_code == 404


async def test_scopes_limit_what_a_key_may_do(
    clients: Clients, alice: Person, team: int, project: int
) -> None:
    key = (await make_key(clients, alice, team, ["projects:read"])).json()["key"]
    read = await clients.ingestion.get(f"/api/projects/{project}", headers=bearer(key))
    assert read.status_code == 200
    body = {"team_id": team, "name": "By a key"}
    written = await clients.ingestion.post("/api/projects", json=body, headers=bearer(key))
    assert written.status_code == 403
    assert written.json()["needed"] == "projects:write"
    assert "projects:read" in written.json()["detail"]
    other = await clients.analytics.get(f"/api/projects/{project}/analyses", headers=bearer(key))
    assert other.status_code == 403


async def test_no_scope_reaches_accounts_members_or_keys(clients: Clients, alice: Person, team: int) -> None:
    from contracts.identity import SCOPES

    key = (await make_key(clients, alice, team, sorted(SCOPES))).json()["key"]
    for method, path in (
        ("GET", "/api/accounts/me"),
        ("GET", "/api/accounts/me/export"),
        ("GET", f"/api/teams/{team}/api-keys"),
        ("POST", f"/api/teams/{team}/api-keys"),
        ("POST", f"/api/teams/{team}/invitations"),
        ("PATCH", f"/api/teams/{team}"),
        ("DELETE", f"/api/teams/{team}/members/{alice.user_id}"),
    ):
        answer = await clients.identity.request(method, path, json={}, headers=bearer(key))
        assert answer.status_code == 403, (method, path)


@pytest.mark.asvs("8.4.1")
async def test_a_key_reaches_no_other_team_of_its_maker(clients: Clients, alice: Person, team: int) -> None:
    other = (
        await clients.identity.post("/api/teams", json={"name": "Second"}, headers=alice.headers)
    ).json()["id"]
    body = {"team_id": other, "name": "Elsewhere"}
    elsewhere = (await clients.ingestion.post("/api/projects", json=body, headers=alice.headers)).json()["id"]
    key = (await make_key(clients, alice, team, ["projects:read", "projects:write", "teams:read"])).json()[
        "key"
    ]
    assert (await clients.ingestion.get(f"/api/projects/{elsewhere}", headers=bearer(key))).status_code == 404
    assert (await clients.ingestion.post("/api/projects", json=body, headers=bearer(key))).status_code == 404
    assert (await clients.identity.get(f"/api/teams/{other}", headers=bearer(key))).status_code == 404
    teams = (await clients.identity.get("/api/teams", headers=bearer(key))).json()["items"]
    assert [t["id"] for t in teams] == [team]


async def test_a_key_may_no_more_than_its_maker_now(
    clients: Clients, alice: Person, team: int, project: int, member: Member
) -> None:
    bob = await member("MEMBER")
    key = (await make_key(clients, bob, team, ["projects:read", "projects:write"])).json()["key"]
    body = {"team_id": team, "name": "By Bob's key"}
    assert (await clients.ingestion.post("/api/projects", json=body, headers=bearer(key))).status_code == 201
    path = f"/api/teams/{team}/members/{bob.user_id}"
    await clients.identity.patch(path, json={"role": "VIEWER"}, headers=alice.headers)
    assert (await clients.ingestion.post("/api/projects", json=body, headers=bearer(key))).status_code == 403
    await clients.identity.delete(path, headers=alice.headers)
    assert (await clients.ingestion.get(f"/api/projects/{project}", headers=bearer(key))).status_code == 401


async def test_members_see_and_revoke_their_own_keys_and_managers_everybodys(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    bob, carol = await member("MEMBER"), await member("ADMIN")
    of_bob = (await make_key(clients, bob, team, ["projects:read"])).json()["id"]
    of_alice = (await make_key(clients, alice, team, ["projects:read"])).json()["id"]
    path = f"/api/teams/{team}/api-keys"

    async def seen_by(person: Person) -> set[int]:
        listed = await clients.identity.get(path, headers=person.headers)
        return {item["id"] for item in listed.json()["items"]}

    assert (await seen_by(bob), await seen_by(carol)) == ({of_bob}, {of_bob, of_alice})
    assert (await clients.identity.delete(f"{path}/{of_alice}", headers=bob.headers)).status_code == 404
    assert (await clients.identity.delete(f"{path}/{of_bob}", headers=carol.headers)).status_code == 204
    assert await seen_by(alice) == {of_alice}


async def test_an_expired_key_and_a_key_of_a_closed_account_are_refused(
    *, clients: Clients, alice: Person, team: int, project: int, member: Member, owner: asyncpg.Connection
) -> None:
    until = {"expires_at": "2999-01-01T00:00:00Z"}
    key = (await make_key(clients, alice, team, READ_EVERYTHING, **until)).json()
    assert await answers(clients, key["key"], project, team) == [200] * 4
    await owner.execute("UPDATE accounts_apikey SET expires_at = now() WHERE id = $1", key["id"])
    assert await answers(clients, key["key"], project, team) == [401] * 4
    bob = await member("MEMBER")
    of_bob = (await make_key(clients, bob, team, READ_EVERYTHING)).json()["key"]
    closed = await clients.identity.request(
        "DELETE", "/api/accounts/me", json={"password": bob.password}, headers=bob.headers
    )
    assert closed.status_code == 204
    assert await answers(clients, of_bob, project, team) == [401] * 4


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "", "scopes": ["projects:read"]}, "/name"),
        ({"name": "x" * 101, "scopes": ["projects:read"]}, "/name"),
        ({"name": "n", "scopes": []}, "/scopes"),
        ({"name": "n", "scopes": ["everything"]}, "/scopes"),
        ({"name": "n", "scopes": ["projects:read"], "expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "n", "scopes": ["projects:read"], "expires_at": "2999-01-01T00:00:00"}, "/expires_at"),
    ],
)
async def test_bad_keys_are_refused_with_the_field(
    clients: Clients, alice: Person, team: int, body: dict[str, Any], pointer: str
) -> None:
    answer = await clients.identity.post(f"/api/teams/{team}/api-keys", json=body, headers=alice.headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.asvs("6.3.4")
async def test_every_route_that_a_key_could_call_has_a_scope_or_is_closed_to_keys(clients: Clients) -> None:
    from contracts.identity import SCOPES

    closed = {"accounts", "api keys", "invitations", "front", "respondents", "public"}
    nouns = {scope.partition(":")[0] for scope in SCOPES}
    tags = {
        (operation.get("tags") or ["nothing"])[0]
        for app in clients.apps.values()
        for path in app.openapi()["paths"].values()
        for operation in path.values()
    }
    assert tags <= nouns | closed
    assert nouns <= tags, "a scope for which there is no route"

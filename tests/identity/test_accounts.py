"""Accounts through their door: register, log in, refresh, log out."""

import asyncio
import uuid

import asyncpg
import httpx2
import pytest

from kernel.ids import hash_token
from services.identity.app import create
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack


async def test_me_lists_the_teams_with_roles(clients: Clients, alice: Person, team: int) -> None:
    me = (await clients.identity.get("/api/accounts/me", headers=alice.headers)).json()
    assert me["email"] == alice.email
    assert me["teams"] == [{"id": team, "name": "Field team", "role": "OWNER"}]


async def test_registering_a_known_address_answers_alike_and_changes_nothing(
    clients: Clients, alice: Person
) -> None:
    body = {"email": alice.email.upper(), "password": f"Another-password-{uuid.uuid4().hex}"}
    first = await clients.identity.post("/api/accounts/register", json=body)
    fresh = {"email": f"x{uuid.uuid4().hex}@example.com", "password": body["password"]}
    second = await clients.identity.post("/api/accounts/register", json=fresh)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    refused = await clients.identity.post("/api/accounts/login", json=body)
    assert refused.status_code == 401


@pytest.mark.asvs("6.3.8")
async def test_wrong_password_and_unknown_address_answer_alike(clients: Clients, alice: Person) -> None:
    wrong = await clients.identity.post(
        "/api/accounts/login", json={"email": alice.email, "password": "no" * 8}
    )
    unknown = await clients.identity.post(
        "/api/accounts/login", json={"email": "no@x.example", "password": "no" * 8}
    )
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json(), "instance": ""} == {**unknown.json(), "instance": ""}
    assert wrong.json()["type"] == "/problems/wrong-credentials"


@pytest.mark.asvs("6.2.1")
async def test_a_weak_password_is_refused_with_the_rule(clients: Clients) -> None:
    for password in ("short", "x" * 129, "123456789012", "abcabcabcabcabc"):
        body = {"email": f"{uuid.uuid4().hex}@example.com", "password": password}
        answer = await clients.identity.post("/api/accounts/register", json=body)
        assert answer.status_code == 422, password
        assert answer.json()["errors"][0]["pointer"] == "/password"


@pytest.mark.asvs("7.2.2")
async def test_a_refresh_token_works_once_and_parallel_tabs_get_the_same_successor(
    clients: Clients, alice: Person
) -> None:
    body = {"refresh_token": alice.refresh_token}
    answers = await asyncio.gather(
        *(clients.identity.post("/api/accounts/refresh", json=body) for _ in range(20))
    )
    assert {a.status_code for a in answers} == {200}
    assert len({a.json()["refresh_token"] for a in answers}) == 1


@pytest.mark.asvs("10.4.5")
async def test_a_late_replay_of_a_refresh_token_ends_the_session(
    clients: Clients, alice: Person, owner: asyncpg.Connection
) -> None:
    first = await clients.identity.post("/api/accounts/refresh", json={"refresh_token": alice.refresh_token})
    await owner.execute(
        "UPDATE accounts_refreshtoken SET rotated_at = now() - interval '11 seconds' WHERE token_hash = $1",
        hash_token(alice.refresh_token),
    )
    thief = await clients.identity.post("/api/accounts/refresh", json={"refresh_token": alice.refresh_token})
    assert thief.status_code == 401
    owner_next = await clients.identity.post(
        "/api/accounts/refresh", json={"refresh_token": first.json()["refresh_token"]}
    )
    assert owner_next.status_code == 401
    assert owner_next.json()["type"] == "/problems/session-ended"


async def test_logging_out_ends_the_session(clients: Clients, alice: Person) -> None:
    body = {"refresh_token": alice.refresh_token}
    assert (await clients.identity.post("/api/accounts/logout", json=body)).status_code == 204
    assert (await clients.identity.post("/api/accounts/refresh", json=body)).status_code == 401


async def test_a_request_without_a_token_is_a_401_with_the_way_in(clients: Clients) -> None:
    answer = await clients.identity.get("/api/accounts/me")
    assert answer.status_code == 401
    assert "login" in answer.json()["detail"]
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_log_ins_hold_no_connection_while_they_wait_for_the_signing_keys(
    stack: Stack, alice: Person
) -> None:
    app = create(settings_of(stack, "identity", database_pool_size=2))
    body = {"email": alice.email, "password": alice.password}
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test") as client:
            app.state.tools.keys._read_at = float("-inf")
            answers = await asyncio.gather(*(client.post("/api/accounts/login", json=body) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5


@pytest.mark.asvs("6.3.2")
async def test_a_fresh_installation_has_no_account(owner: asyncpg.Connection) -> None:
    """Whatever accounts this database has, tests have made: their addresses lie in domains that nobody can own."""
    strangers = await owner.fetch(
        "SELECT email FROM accounts_user WHERE email NOT LIKE '%example%' AND deleted_at IS NULL"
    )
    assert strangers == []

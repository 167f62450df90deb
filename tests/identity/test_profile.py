"""One's own account: edited in place, closed with the password."""

from collections.abc import Awaitable, Callable

import asyncpg

from tests.conftest import Clients, Person

Member = Callable[[str], Awaitable[Person]]


async def close(clients: Clients, person: Person, password: str) -> tuple[int, str]:
    answer = await clients.identity.request(
        "DELETE", "/api/accounts/me", json={"password": password}, headers=person.headers
    )
    return answer.status_code, answer.json()["type"] if answer.content else ""


async def test_a_patch_changes_what_it_names_and_nothing_else(clients: Clients, alice: Person) -> None:
    path = "/api/accounts/me"
    await clients.identity.patch(
        path, json={"first_name": "Ada", "institution": "Ünï"}, headers=alice.headers
    )
    me = (await clients.identity.patch(path, json={"last_name": "L."}, headers=alice.headers)).json()
    assert (me["first_name"], me["last_name"], me["institution"]) == ("Ada", "L.", "Ünï")
    refused = await clients.identity.patch(path, json={"segment": "ENTERPRISE"}, headers=alice.headers)
    assert refused.json()["errors"][0]["pointer"] == "/segment"


async def test_closing_needs_the_password(clients: Clients, alice: Person) -> None:
    assert await close(clients, alice, "not-the-password") == (403, "/problems/wrong-password")
    assert (await clients.identity.get("/api/accounts/me", headers=alice.headers)).status_code == 200


async def test_an_account_that_owns_a_shared_team_stays(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    await member("VIEWER")
    assert await close(clients, alice, alice.password) == (409, "/problems/owns-teams")


async def test_a_closed_account_is_shut_out_at_once_and_kept_for_its_grace_time(
    clients: Clients, alice: Person, team: int, project: int, owner: asyncpg.Connection
) -> None:
    assert await close(clients, alice, alice.password) == (204, "")
    body = {"email": alice.email, "password": alice.password}
    assert (await clients.identity.post("/api/accounts/login", json=body)).status_code == 401
    refreshed = await clients.identity.post(
        "/api/accounts/refresh", json={"refresh_token": alice.refresh_token}
    )
    assert refreshed.status_code == 401
    read = await clients.ingestion.get(f"/api/projects/{project}", headers=alice.headers)
    assert read.status_code == 401
    kept = "SELECT deleted_at IS NOT NULL FROM accounts_user WHERE id = $1"
    assert await owner.fetchval(kept, alice.user_id) is True
    assert (
        await owner.fetchval("SELECT deleted_at IS NOT NULL FROM accounts_team WHERE id = $1", team) is True
    )

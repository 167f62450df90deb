"""Sessions of an account: listed with their devices, ended one by one or all but this one."""

import asyncio
import os
import subprocess
import sys

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.environment import ROOT, Stack


async def another_login(clients: Clients, person: Person, device: str) -> dict[str, str]:
    body = {"email": person.email, "password": person.password}
    answer = await clients.identity.post("/api/accounts/login", json=body, headers={"User-Agent": device})
    tokens: dict[str, str] = answer.json()
    return tokens


async def refreshes(clients: Clients, refresh_token: str) -> bool:
    answer = await clients.identity.post("/api/accounts/refresh", json={"refresh_token": refresh_token})
    return answer.status_code == 200


@pytest.mark.asvs("7.2.4")
async def test_sessions_are_listed_with_their_devices(clients: Clients, alice: Person) -> None:
    await another_login(clients, alice, "Phone")
    listed = (await clients.identity.get("/api/accounts/me/sessions", headers=alice.headers)).json()["items"]
    assert [s["is_current"] for s in listed] == [False, True]
    assert listed[0]["user_agent"] == "Phone"
    assert listed[0]["ip_address"] == "127.0.0.1"


@pytest.mark.asvs("10.4.9")
async def test_an_ended_session_cannot_be_refreshed(clients: Clients, alice: Person) -> None:
    phone = await another_login(clients, alice, "Phone")
    listed = (await clients.identity.get("/api/accounts/me/sessions", headers=alice.headers)).json()["items"]
    path = f"/api/accounts/me/sessions/{listed[0]['id']}"
    assert (await clients.identity.delete(path, headers=alice.headers)).status_code == 204
    assert not await refreshes(clients, phone["refresh_token"])
    assert await refreshes(clients, alice.refresh_token)
    assert (await clients.identity.delete(path, headers=alice.headers)).status_code == 404


async def test_all_other_sessions_end_at_once(clients: Clients, alice: Person) -> None:
    others = [await another_login(clients, alice, f"Device {i}") for i in range(3)]
    ended = await clients.identity.delete("/api/accounts/me/sessions", headers=alice.headers)
    assert ended.status_code == 204
    assert [await refreshes(clients, other["refresh_token"]) for other in others] == [False] * 3
    assert await refreshes(clients, alice.refresh_token)


async def test_nobody_ends_somebody_elses_session(clients: Clients, alice: Person, mallory: Person) -> None:
    (own,) = (await clients.identity.get("/api/accounts/me/sessions", headers=alice.headers)).json()["items"]
    path = f"/api/accounts/me/sessions/{own['id']}"
    assert (await clients.identity.delete(path, headers=mallory.headers)).status_code == 404
    assert await refreshes(clients, alice.refresh_token)


@pytest.mark.asvs("7.3.1", "7.3.2", "10.4.8")
async def test_a_session_that_was_not_used_for_a_week_is_over(
    clients: Clients, alice: Person, owner: asyncpg.Connection
) -> None:
    """OWASP ASVS 5.0, 7.3.1; the other bound is the session's own end, whatever its use (7.3.2)."""
    rest = "UPDATE accounts_session SET last_used_at = now() - $2::text::interval WHERE user_id = $1"
    await owner.execute(rest, alice.user_id, "6 days 23 hours")
    first = await clients.identity.post("/api/accounts/refresh", json={"refresh_token": alice.refresh_token})
    assert first.status_code == 200, "a use begins the week anew"
    await owner.execute(rest, alice.user_id, "7 days 1 hour")
    assert not await refreshes(clients, first.json()["refresh_token"])
    other = await another_login(clients, alice, "Phone")
    await owner.execute("UPDATE accounts_session SET expires_at = now() WHERE user_id = $1", alice.user_id)
    assert not await refreshes(clients, other["refresh_token"])


def operators_command(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": stack.role_url("plugzero_identity")}
    argv = [sys.executable, "-m", "services.identity.service.end_sessions", *arguments]
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.asvs("7.4.5")
async def test_an_operator_ends_the_sessions_of_one_account_or_of_all(
    clients: Clients, stack: Stack, alice: Person, mallory: Person
) -> None:
    ended = await asyncio.to_thread(operators_command, stack, "--email", alice.email.upper())
    assert (ended.returncode, ended.stdout) == (0, "sessions of 1 account(s) are ended\n")
    assert (await clients.identity.get("/api/accounts/me", headers=alice.headers)).status_code == 401
    assert (await clients.identity.get("/api/accounts/me", headers=mallory.headers)).status_code == 200
    assert (await asyncio.to_thread(operators_command, stack, "--everybody")).returncode == 0
    assert (await clients.identity.get("/api/accounts/me", headers=mallory.headers)).status_code == 401
    unknown = await asyncio.to_thread(operators_command, stack, "--email", "nobody@example.com")
    assert (unknown.returncode, unknown.stderr) == (1, "no account has the address nobody@example.com\n")
    again = await another_login(clients, alice, "Phone")
    headers = {"Authorization": f"Bearer {again['access_token']}"}
    log = (await clients.identity.get("/api/accounts/me/activity", headers=headers)).json()["items"]
    assert "sessions.ended_by_operator" in {row["action"] for row in log}

"""Sessions of an account: listed with their devices, ended one by one or all but this one."""

from tests.conftest import Clients, Person


async def another_login(clients: Clients, person: Person, device: str) -> dict[str, str]:
    body = {"email": person.email, "password": person.password}
    answer = await clients.identity.post("/api/accounts/login", json=body, headers={"User-Agent": device})
    tokens: dict[str, str] = answer.json()
    return tokens


async def refreshes(clients: Clients, refresh_token: str) -> bool:
    answer = await clients.identity.post("/api/accounts/refresh", json={"refresh_token": refresh_token})
    return answer.status_code == 200


async def test_sessions_are_listed_with_their_devices(clients: Clients, alice: Person) -> None:
    await another_login(clients, alice, "Phone")
    listed = (await clients.identity.get("/api/accounts/me/sessions", headers=alice.headers)).json()["items"]
    assert [s["is_current"] for s in listed] == [False, True]
    assert listed[0]["user_agent"] == "Phone"
    assert listed[0]["ip_address"] == "127.0.0.1"


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

"""The refresh token as a browser's cookie: out of scripts' reach, useless to other sites."""

from http.cookies import SimpleCookie

import httpx2
import pytest

from services.identity.router.cookies import NAME
from tests.conftest import Clients, Person


async def browser_login(clients: Clients, person: Person) -> httpx2.Response:
    body = {"email": person.email, "password": person.password, "use_cookie": True}
    answer = await clients.identity.post("/api/accounts/login", json=body)
    clients.identity.cookies.clear()
    return answer


def cookie_of(answer: httpx2.Response) -> str:
    return SimpleCookie(answer.headers["set-cookie"])[NAME].value


async def refresh(clients: Clients, cookie: str, **headers: str) -> httpx2.Response:
    sent = {"Cookie": f"{NAME}={cookie}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    answer = await clients.identity.post("/api/accounts/refresh", headers=sent)
    clients.identity.cookies.clear()
    return answer


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.4")
async def test_a_browser_gets_the_refresh_token_as_a_locked_up_cookie_and_not_in_the_body(
    clients: Clients, alice: Person
) -> None:
    answer = await browser_login(clients, alice)
    assert answer.json()["refresh_token"] is None
    morsel = SimpleCookie(answer.headers["set-cookie"])[NAME]
    assert morsel["httponly"] is True
    assert morsel["secure"] is True
    assert (morsel["samesite"], morsel["path"]) == ("strict", "/api/accounts")
    assert 0 < int(morsel["max-age"]) <= 30 * 86_400
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.asvs("7.2.2")
async def test_a_cookie_is_rotated_into_the_next_cookie(clients: Clients, alice: Person) -> None:
    first = cookie_of(await browser_login(clients, alice))
    answer = await refresh(clients, first, Sec_Fetch_Site="same-origin")
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] is None
    second = cookie_of(answer)
    assert second != first
    assert (await refresh(clients, second)).status_code == 200


@pytest.mark.asvs("3.5.2")
async def test_another_sites_page_cannot_use_the_cookie(clients: Clients, alice: Person) -> None:
    cookie = cookie_of(await browser_login(clients, alice))
    for headers in (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert (await refresh(clients, cookie, **headers)).status_code == 403, headers
    assert (await refresh(clients, cookie)).status_code == 200


async def test_logging_out_takes_the_cookie_out_of_the_browser(clients: Clients, alice: Person) -> None:
    cookie = cookie_of(await browser_login(clients, alice))
    out = await clients.identity.post("/api/accounts/logout", headers={"Cookie": f"{NAME}={cookie}"})
    assert out.status_code == 204
    assert SimpleCookie(out.headers["set-cookie"])[NAME]["max-age"] == "0"
    assert (await refresh(clients, cookie)).status_code == 401


async def test_a_refresh_with_neither_token_nor_cookie_says_what_is_missing(clients: Clients) -> None:
    for body in (None, {}, {"refresh_token": None}, {"refresh_token": ""}):
        answer = await clients.identity.post("/api/accounts/refresh", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/refresh_token"

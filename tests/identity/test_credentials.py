"""Password and address of an account: changed with the present password, confirmed, told to the owner."""

import asyncio
import uuid
from typing import Any

import asyncpg
import httpx2
import pytest
from argon2 import PasswordHasher

from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.identity.conftest import Mailing
from tests.identity.mailbox import token_in

NEW = "entirely-new-words-here"


async def post(mailing: Mailing, person: Person, path: str, body: dict[str, Any]) -> httpx2.Response:
    return await mailing.client.post(f"/api/accounts/me/{path}", json=body, headers=person.headers)


@pytest.mark.asvs("6.2.2", "6.2.3", "6.3.7", "7.4.3")
async def test_a_new_password_ends_the_other_sessions_and_the_owner_is_told(
    mailing: Mailing, clients: Clients, alice: Person
) -> None:
    body = {"email": alice.email, "password": alice.password}
    other = (await clients.identity.post("/api/accounts/login", json=body)).json()
    wrong = await post(mailing, alice, "password", {"password": "wrong", "new_password": NEW})
    assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/wrong-password")
    weak = await post(
        mailing, alice, "password", {"password": alice.password, "new_password": "aaaaaaaaaaaaa"}
    )
    assert weak.json()["errors"][0]["pointer"] == "/new_password"
    changed = await post(mailing, alice, "password", {"password": alice.password, "new_password": NEW})
    assert changed.status_code == 204
    assert mailing.letters(alice.email)[-1]["Subject"] == "Your password was changed"
    assert (await clients.identity.post("/api/accounts/login", json=body)).status_code == 401
    refused = await clients.identity.post(
        "/api/accounts/refresh", json={"refresh_token": other["refresh_token"]}
    )
    assert refused.status_code == 401
    assert (await clients.identity.get("/api/accounts/me", headers=alice.headers)).status_code == 200
    assert (
        await clients.identity.post("/api/accounts/login", json={"email": alice.email, "password": NEW})
    ).status_code == 200


async def test_of_two_new_passwords_at_once_one_wins(
    mailing: Mailing, clients: Clients, alice: Person
) -> None:
    wanted = [f"new-password-number-{n}-{uuid.uuid4().hex}" for n in range(3)]
    answers = await asyncio.gather(
        *(
            post(mailing, alice, "password", {"password": alice.password, "new_password": new})
            for new in wanted
        )
    )
    assert sorted(a.status_code for a in answers) == [204, 403, 403]
    logins = [
        await clients.identity.post("/api/accounts/login", json={"email": alice.email, "password": new})
        for new in wanted
    ]
    assert sorted(a.status_code for a in logins) == [200, 401, 401]


async def log_in(clients: Clients, person: Person) -> httpx2.Response:
    body = {"email": person.email, "password": person.password}
    return await clients.identity.post("/api/accounts/login", json=body)


async def test_a_password_that_changes_while_a_log_in_waits_opens_no_session(
    clients: Clients, alice: Person, owner: asyncpg.Connection, stack: Stack
) -> None:
    n_sessions = "SELECT count(*) FROM accounts_session WHERE user_id = $1"
    before = await owner.fetchval(n_sessions, alice.user_id)
    changing = await asyncpg.connect(stack.database_url)
    try:
        async with changing.transaction():
            await changing.execute("UPDATE accounts_user SET password = 'other' WHERE id = $1", alice.user_id)
            waiting = asyncio.create_task(log_in(clients, alice))
            locked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while not (waiting.done() or await owner.fetchval(locked)):  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.01)
        refused = await waiting
    finally:
        await changing.close()
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/wrong-credentials")
    assert await owner.fetchval(n_sessions, alice.user_id) == before


@pytest.mark.asvs("11.2.2", "11.4.2")
async def test_a_hash_of_former_parameters_is_renewed_by_the_log_in_that_proves_it(
    clients: Clients, alice: Person, owner: asyncpg.Connection
) -> None:
    former = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(alice.password)
    await owner.execute("UPDATE accounts_user SET password = $1 WHERE id = $2", former, alice.user_id)
    assert (await log_in(clients, alice)).status_code == 200
    stored = await owner.fetchval("SELECT password FROM accounts_user WHERE id = $1", alice.user_id)
    assert stored.startswith("$argon2id$")
    assert "m=256,t=1,p=1" in stored, "the parameters of the settings"
    assert (await log_in(clients, alice)).status_code == 200


@pytest.mark.asvs("6.3.7", "7.5.1")
async def test_an_address_changes_when_the_new_one_confirms_and_the_old_one_is_told(
    mailing: Mailing, clients: Clients, alice: Person
) -> None:
    new = f"{uuid.uuid4().hex}@example.org"
    refused = await post(mailing, alice, "email", {"email": new, "password": "wrong"})
    assert refused.status_code == 403
    asked = await post(mailing, alice, "email", {"email": new.upper(), "password": alice.password})
    assert asked.status_code == 204
    assert (await clients.identity.get("/api/accounts/me", headers=alice.headers)).json()[
        "email"
    ] == alice.email
    (told,) = mailing.letters(alice.email)
    assert new in told.get_content()
    token = token_in(mailing.letters(new)[0])
    for wrong in ("x", token[:-4] + "AAAA"):
        assert (
            await mailing.client.post("/api/accounts/change-email", json={"token": wrong})
        ).status_code == 410
    changed = await mailing.client.post("/api/accounts/change-email", json={"token": token})
    assert changed.status_code == 204
    assert mailing.letters(alice.email)[-1]["Subject"] == "The address of your account was changed"
    again = await mailing.client.post("/api/accounts/change-email", json={"token": token})
    assert again.status_code == 410
    for email, status in ((alice.email, 401), (new, 200)):
        body = {"email": email, "password": alice.password}
        assert (await clients.identity.post("/api/accounts/login", json=body)).status_code == status


async def test_an_address_of_another_account_is_not_taken_over(
    mailing: Mailing, clients: Clients, alice: Person, mallory: Person
) -> None:
    asked = await post(mailing, mallory, "email", {"email": alice.email, "password": mallory.password})
    assert asked.status_code == 204, "whether the address has an account is not told"
    token = token_in(mailing.letters(alice.email)[0])
    taken = await mailing.client.post("/api/accounts/change-email", json={"token": token})
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/address-taken")
    assert (await clients.identity.get("/api/accounts/me", headers=mallory.headers)).json()[
        "email"
    ] == mallory.email


async def test_a_link_of_one_purpose_does_nothing_else(mailing: Mailing, alice: Person) -> None:
    new = f"{uuid.uuid4().hex}@example.org"
    await post(mailing, alice, "email", {"email": new, "password": alice.password})
    token = token_in(mailing.letters(new)[0])
    for path, more in (("verify-email", {}), ("reset-password", {"password": NEW})):
        answer = await mailing.client.post(f"/api/accounts/{path}", json={"token": token, **more})
        assert answer.status_code == 410, path


@pytest.mark.asvs("6.2.4", "6.2.12")
@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 129,
        "123456789012",
        "abcabcabcabcabc",
        "password1234",
        "qwertyuiop123",
        "plugzero-plugzero",
        "correcthorsebatterystaple",
        "P@ssw0rd12345",
    ],
)
async def test_common_and_guessable_passwords_are_refused_with_advice(
    clients: Clients, password: str
) -> None:
    body = {"email": f"{uuid.uuid4().hex}@example.com", "password": password}
    answer = await clients.identity.post("/api/accounts/register", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/password"
    assert "assword" in error["detail"]


@pytest.mark.asvs("6.2.11")
async def test_the_address_and_the_institution_do_not_make_a_password(clients: Clients) -> None:
    for password in ("margaret.hamilton1", "draper-laboratory"):
        body = {
            "email": "margaret.hamilton@example.com",
            "institution": "draper-laboratory",
            "password": password,
        }
        answer = await clients.identity.post("/api/accounts/register", json=body)
        assert answer.status_code == 422, password


@pytest.mark.asvs("6.2.5", "6.2.9")
@pytest.mark.parametrize(
    "password",
    [
        "пароль из нескольких слов",
        "🦆" * 3 + " ducks in a row",
        " ".join(f"word{n}" for n in range(18)).ljust(128, "x"),
    ],
)
async def test_any_character_and_any_length_up_to_the_limit_counts(clients: Clients, password: str) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    body = {"email": email, "password": password}
    assert (await clients.identity.post("/api/accounts/register", json=body)).status_code == 202
    assert (await clients.identity.post("/api/accounts/login", json=body)).status_code == 200
    cut = {"email": email, "password": password[:-1]}
    assert (await clients.identity.post("/api/accounts/login", json=cut)).status_code == 401

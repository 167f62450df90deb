"""Every field of identity's bodies under bad values: a clear refusal that names the field, and never our error."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.identity.conftest import Mailing
from tests.identity.mailbox import token_in

LONG = "x" * 20_000
Body = tuple[str, str, str, dict[str, Any]]
GOOD: dict[str, Any] = {
    "email": "somebody@example.com",
    "password": "several-words-in-a-row",
    "new_password": "other-words-in-a-row",
    "token": "t",
    "refresh_token": "r",
    "mfa_token": "m",
    "code": "000000",
    "name": "n",
    "first_name": "f",
    "last_name": "l",
    "institution": "i",
    "role": "VIEWER",
    "scopes": ["projects:read"],
    "user_id": 1,
}


def _bodies(document: dict[str, Any]) -> Iterator[Body]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            schema = content["schema"]
            named = next(s for s in schema.get("anyOf", [schema]) if "$ref" in s)
            properties = document["components"]["schemas"][named["$ref"].rsplit("/", 1)[1]]["properties"]
            good = {name: GOOD[name] for name in properties if name in GOOD}
            for field in properties:
                yield method.upper(), path, field, good


@pytest.fixture
def fields(clients: Clients) -> list[Body]:
    """(method, path, field, good body) of every field of every JSON body that identity takes."""
    found = list(_bodies(clients.apps["identity"].openapi()))
    assert len({(method, path) for method, path, _, _ in found}) > 20
    assert {"email", "password", "code", "name", "role", "scopes", "user_id"} <= {f for _, _, f, _ in found}
    return found


@pytest.mark.asvs("2.2.1")
@pytest.mark.parametrize("bad", [LONG, {"a": 1}, [[]], 1e400, "half \ud800 pair", "n\x00l"], ids=str)
async def test_a_bad_value_is_refused_at_its_field(
    clients: Clients, alice: Person, team: int, fields: list[Body], bad: object
) -> None:
    for method, path, field, good in fields:
        where = path.format(
            team_id=team, user_id=alice.user_id, invitation_id=1, key_id=1, session_id=uuid.uuid4()
        )
        answer = await clients.identity.request(
            method,
            where,
            content=json.dumps({**good, field: bad}),
            headers={**alice.headers, "Content-Type": "application/json"},
        )
        is_gone_anyway = path.endswith("/logout") and answer.status_code == 204
        assert is_gone_anyway or 400 <= answer.status_code < 500, f"{method} {path} {field}: {answer.text}"
        if not isinstance(bad, str) or bad is LONG:
            pointers = {error["pointer"] for error in answer.json().get("errors", [])}
            assert pointers, f"{method} {path} {field}: {answer.text}"
            assert any(pointer.startswith(f"/{field}") for pointer in pointers), (
                f"{method} {path}: {answer.text}"
            )


@pytest.mark.asvs("8.2.3")
async def test_a_field_that_nobody_asked_for_is_named(
    clients: Clients, alice: Person, team: int, fields: list[Body]
) -> None:
    for method, path, _, good in fields:
        where = path.format(team_id=team, user_id=alice.user_id, invitation_id=1, key_id=1)
        answer = await clients.identity.request(
            method, where, json={**good, "is_superuser": True}, headers=alice.headers
        )
        assert answer.status_code == 422, f"{method} {path}: {answer.text}"
        assert "/is_superuser" in {error["pointer"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("name", ["Zoë 😀", "Дарья", "محمد", "e\u0301", "a" * 150, "O'Neil <b>"])
async def test_names_keep_every_character(clients: Clients, alice: Person, name: str) -> None:
    body = {"first_name": name}
    changed = await clients.identity.patch("/api/accounts/me", json=body, headers=alice.headers)
    assert changed.status_code == 200, changed.text
    me = (await clients.identity.get("/api/accounts/me", headers=alice.headers)).json()
    assert me["first_name"] == name


@pytest.mark.asvs("2.3.4")
async def test_one_address_has_one_account_however_it_is_written_and_however_many_come_at_once(
    clients: Clients, owner: asyncpg.Connection
) -> None:
    user = uuid.uuid4().hex
    spellings = [f"{user}@example.com", f"{user.upper()}@Example.COM", f"  {user}@example.com "]
    spellings += [f"{user}-e\u0301@example.com", f"{user}-\u00e9@example.com"]
    passwords = [f"several-words-in-a-row-{n}" for n in range(20)]
    answers = await asyncio.gather(
        *(
            clients.identity.post(
                "/api/accounts/register", json={"email": spellings[n % 5], "password": password}
            )
            for n, password in enumerate(passwords)
        )
    )
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    found = await owner.fetch("SELECT email FROM accounts_user WHERE email LIKE $1 || '%'", user)
    assert sorted(row["email"] for row in found) == sorted(
        {f"{user}@example.com", f"{user}-\u00e9@example.com"}
    )


@pytest.mark.asvs("6.2.8")
async def test_a_password_counts_as_it_was_sent_wherever_it_is_set(
    mailing: Mailing, alice: Person, team: int
) -> None:
    """OWASP ASVS 5.0, 6.2.8."""
    email, password = f"{uuid.uuid4().hex}@example.com", "  spaces around several words  "
    body = {"email": email, "role": "VIEWER"}
    await mailing.client.post(f"/api/teams/{team}/invitations", json=body, headers=alice.headers)
    accepted = {"token": token_in(mailing.letters(email)[0]), "password": password, "first_name": " Ada "}
    joined = await mailing.client.post("/api/invitations/accept", json=accepted)
    assert joined.status_code == 200, joined.text
    log_in = {"email": email, "password": password.strip()}
    assert (await mailing.client.post("/api/accounts/login", json=log_in)).status_code == 401
    log_in["password"] = password
    tokens = (await mailing.client.post("/api/accounts/login", json=log_in)).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = (await mailing.client.get("/api/accounts/me", headers=headers)).json()
    assert me["first_name"] == "Ada"

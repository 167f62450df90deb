"""Mailed tokens: one verifies an address, one sets a new password; each works once."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from services.identity.app import create
from tests.conftest import Person, settings_of
from tests.environment import Stack
from tests.identity.mailbox import mails, token_in

PASSWORD = "several-words-in-a-row"


@pytest.fixture
async def strict(stack: Stack, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Identity as production runs it: an address must be verified before anybody logs in."""
    app = create(settings_of(stack, "identity", auto_verify=False, mail_folder=str(tmp_path)))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test") as client:
            yield client


@pytest.mark.asvs("6.4.1")
async def test_an_account_opens_with_the_mailed_token_and_the_token_works_once(
    strict: httpx2.AsyncClient, tmp_path: Path
) -> None:
    account = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
    assert (await strict.post("/api/accounts/register", json=account)).status_code == 202
    assert (await strict.post("/api/accounts/login", json=account)).status_code == 401
    (mail,) = mails(tmp_path)
    assert mail["To"] == account["email"]
    token = token_in(mail)
    forged = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    for wrong in (forged, "x", ""):
        refused = await strict.post("/api/accounts/verify-email", json={"token": wrong})
        assert refused.status_code == 410
        assert refused.json()["type"] == "/problems/link-expired"
    assert (await strict.post("/api/accounts/verify-email", json={"token": token})).status_code == 204
    assert (await strict.post("/api/accounts/login", json=account)).status_code == 200
    assert (await strict.post("/api/accounts/verify-email", json={"token": token})).status_code == 410


async def test_the_owner_of_a_known_address_is_told_and_the_caller_is_not(
    strict: httpx2.AsyncClient, tmp_path: Path
) -> None:
    account = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
    first = await strict.post("/api/accounts/register", json=account)
    second = await strict.post("/api/accounts/register", json=account)
    assert first.text == second.text
    assert [mail["Subject"] for mail in mails(tmp_path)] == [
        "Please confirm your address",
        "Somebody tried to register with your address",
    ]


@pytest.mark.asvs("7.4.3")
async def test_a_forgotten_password_is_set_anew_once_and_every_session_ends(
    strict: httpx2.AsyncClient, tmp_path: Path
) -> None:
    account = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
    await strict.post("/api/accounts/register", json=account)
    asked = await strict.post("/api/accounts/forgot-password", json={"email": account["email"].upper()})
    nobody = await strict.post("/api/accounts/forgot-password", json={"email": "nobody@example.com"})
    assert (asked.status_code, asked.text) == (nobody.status_code, nobody.text)
    token = token_in(mails(tmp_path)[-1])
    weak = await strict.post("/api/accounts/reset-password", json={"token": token, "password": "short"})
    assert weak.json()["errors"][0]["pointer"] == "/password"
    fresh = {"email": account["email"], "password": "quite-another-set-of-words"}
    body = {"token": token, "password": fresh["password"]}
    answers = await asyncio.gather(
        *(strict.post("/api/accounts/reset-password", json=body) for _ in range(5))
    )
    assert sorted(a.status_code for a in answers) == [204, 410, 410, 410, 410]
    assert (await strict.post("/api/accounts/login", json=account)).status_code == 401
    assert (await strict.post("/api/accounts/login", json=fresh)).status_code == 200
    assert mails(tmp_path)[-1]["Subject"] == "Your password was changed"


async def test_a_reset_ends_the_sessions_that_were_open(
    strict: httpx2.AsyncClient, alice: Person, tmp_path: Path
) -> None:
    await strict.post("/api/accounts/forgot-password", json={"email": alice.email})
    body = {"token": token_in(mails(tmp_path)[-1]), "password": "quite-another-set-of-words"}
    assert (await strict.post("/api/accounts/reset-password", json=body)).status_code == 204
    refused = await strict.post("/api/accounts/refresh", json={"refresh_token": alice.refresh_token})
    assert refused.json()["type"] == "/problems/session-ended"

"""Verification of addresses, where it is on: the mailed token opens the account once."""

import email
import email.policy
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from services.identity.app import create
from tests.conftest import settings_of
from tests.environment import Stack

PASSWORD = "several-words-in-a-row"


@pytest.fixture
async def strict(stack: Stack, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Identity as production runs it: an address must be verified before anybody logs in."""
    app = create(settings_of(stack, "identity", auto_verify=False, mail_folder=str(tmp_path)))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test") as client:
            yield client


def mails(folder: Path) -> list[email.message.EmailMessage]:
    """The mails in the folder, oldest first."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


async def test_an_account_opens_with_the_mailed_token_and_the_token_works_once(
    strict: httpx2.AsyncClient, tmp_path: Path
) -> None:
    account = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
    assert (await strict.post("/api/accounts/register", json=account)).status_code == 202
    assert (await strict.post("/api/accounts/login", json=account)).status_code == 401
    (mail,) = mails(tmp_path)
    assert mail["To"] == account["email"]
    found = re.search(r"^[A-Za-z0-9_-]{60,}$", mail.get_content(), re.MULTILINE)
    assert found
    token = found.group()
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

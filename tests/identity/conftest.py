"""Identity with a mailbox of its own: letters become files that a test can read."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from services.identity.app import create
from tests.conftest import settings_of
from tests.environment import Stack
from tests.identity.mailbox import mails


@dataclass(frozen=True)
class Mailing:
    """An identity application, its client, and the folder of its letters."""

    client: httpx2.AsyncClient
    app: FastAPI
    folder: Path

    def letters(self, to: str) -> list[EmailMessage]:
        """The letters to an address, oldest first."""
        return [mail for mail in mails(self.folder) if mail["To"] == to]


@pytest.fixture
async def mailing(stack: Stack, tmp_path: Path) -> AsyncIterator[Mailing]:
    """Identity on the tests' database, with a mailbox of this test's own."""
    app = create(settings_of(stack, "identity", mail_folder=str(tmp_path / "mail")))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test") as client:
            yield Mailing(client, app, tmp_path / "mail")

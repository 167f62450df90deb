"""Fixtures of ingestion's tests."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.conftest import Clients
from tests.ingestion.browsing import Browser


@pytest.fixture
async def browser(clients: Clients) -> AsyncIterator[Browser]:
    """A fresh browser."""
    transport = httpx2.ASGITransport(clients.apps["ingestion"], client=("127.0.0.1", 50001))
    async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test", timeout=30) as http:
        yield Browser(http)

"""Helpers of the audit tests: people who audit, and crawls that a test holds in its own hands."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest

from contracts.seo import AuditRequested
from kernel.events import Envelope
from kernel.resources import Resources
from kernel.subscriptions import Delivery
from services.seo.consumers import crawl_site
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack

Drain = Callable[[], Awaitable[None]]


class Auditor:
    """Starts audits as one person and reads them."""

    def __init__(self, clients: Clients, person: Person, project: int, drain: Drain) -> None:
        self.http, self.person, self.project, self.drain = clients.seo, person, project, drain

    async def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        return await self.http.request(
            method, path, headers={**self.person.headers, **options.pop("headers", {})}, **options
        )

    async def get(self, path: str) -> Any:
        answer = await self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def start(self, target_url: str, **body: Any) -> int:
        answer = await self.call(
            "POST", f"/api/projects/{self.project}/audits", json={"target_url": target_url, **body}
        )
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"/api/audits/{answer.json()['id']}"
        return int(answer.json()["id"])

    async def audit(self, target_url: str, **body: Any) -> Any:
        audit_id = await self.start(target_url, **body)
        await self.drain()
        return await self.get(f"/api/audits/{audit_id}")

    async def findings(self, audit_id: int, query: str = "") -> list[Any]:
        items: list[Any] = (await self.get(f"/api/audits/{audit_id}/findings?limit=200{query}"))["items"]
        return items

    async def codes(self, audit_id: int) -> set[str]:
        return {finding["code"] for finding in await self.findings(audit_id)}


@pytest.fixture
def auditor(clients: Clients, alice: Person, project: int, drain: Drain) -> Auditor:
    """Alice, auditing in her project."""
    return Auditor(clients, alice, project, drain)


@asynccontextmanager
async def delivered(
    stack: Stack, owner: asyncpg.Connection, audit_id: int, **changes: Any
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A coroutine function that handles the audit's event once, as a worker does with one delivery."""
    envelope = await requested_event(owner, audit_id)
    resources = Resources.of(settings_of(stack, "seo", **changes))

    async def handle() -> None:
        delivery = Delivery("seo-crawl-site", envelope, 1, resources)
        await crawl_site(AuditRequested.model_validate(envelope.data), delivery)

    try:
        yield handle
    finally:
        await resources.close()


async def requested_event(owner: asyncpg.Connection, audit_id: int) -> Envelope:
    """The recorded event that asks for an audit."""
    row = await owner.fetchval(
        "SELECT envelope FROM messaging_outbox WHERE type = 'audit-requested'"
        " AND (envelope #>> '{data,site_audit_id}')::bigint = $1",
        audit_id,
    )
    return Envelope.model_validate_json(row)


async def events_about(owner: asyncpg.Connection, audit_id: int) -> list[tuple[str, dict[str, Any]]]:
    """Type and payload of every recorded event about an audit, in order."""
    rows = await owner.fetch(
        "SELECT type, envelope FROM messaging_outbox WHERE type LIKE 'audit-%'"
        " AND (envelope #>> '{data,site_audit_id}')::bigint = $1 ORDER BY id",
        audit_id,
    )
    return [(row["type"], json.loads(row["envelope"])["data"]) for row in rows]

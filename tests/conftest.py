"""Fixtures for all tests: servers, the four applications, and people with teams."""

import asyncio
import contextlib
import importlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx2
import hypothesis
import pytest
from fastapi import FastAPI

from tests.environment import Stack, running_stack

# Shared machines are noisy: how long an example takes says nothing.
hypothesis.settings.register_profile("plugzero", deadline=None)
hypothesis.settings.load_profile("plugzero")

SERVICES = ("identity", "ingestion", "analytics", "seo")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The servers, and this worker's own database, bucket and stream."""
    with running_stack() as running:
        yield running


@dataclass(frozen=True)
class Clients:
    """HTTP clients of the four applications, in this process."""

    identity: httpx2.AsyncClient
    ingestion: httpx2.AsyncClient
    analytics: httpx2.AsyncClient
    seo: httpx2.AsyncClient
    apps: dict[str, FastAPI]


def settings_of(stack: Stack, service: str, **changes: Any) -> Any:
    """Return a service's settings object for this stack."""
    module = importlib.import_module(f"services.{service}.settings")
    kind = getattr(module, f"{service.capitalize()}Settings")
    own: dict[str, dict[str, Any]] = {
        "identity": {
            "auto_verify": True,
            "argon2_memory_kib": 256,
            "argon2_iterations": 1,
            "login_failures_per_address": 1_000_000,  # all tests call from one address
        },
        "ingestion": {"allow_private_networks": True},
        "seo": {"allow_private_networks": True},
    }
    return kind(**{**stack.settings(service), **own.get(service, {}), **changes})


@pytest.fixture(scope="session")
async def clients(stack: Stack) -> AsyncIterator[Clients]:
    """The four applications, served without a socket; other services fetch identity's keys through its app."""
    from kernel.principals import JwksKeys, TokenVerifier

    apps = {
        name: importlib.import_module(f"services.{name}.app").create(settings_of(stack, name))
        for name in SERVICES
    }
    identity_transport = httpx2.ASGITransport(apps["identity"])
    async with contextlib.AsyncExitStack() as opened:
        made = {}
        for name, app in apps.items():
            resources = app.state.resources
            if name != "identity":
                keys = JwksKeys(resources.settings, transport=identity_transport)
                resources.verifier = TokenVerifier(resources.settings, keys)
            await opened.enter_async_context(app.router.lifespan_context(app))
            transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
            made[name] = await opened.enter_async_context(
                httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test", timeout=30)
            )
        await apps["identity"].state.resources.objects.ensure_bucket()
        yield Clients(**made, apps=apps)


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in."""

    user_id: int
    email: str
    password: str
    token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers of this person's requests."""
        return {"Authorization": f"Bearer {self.token}"}


async def new_person(clients: Clients, name: str) -> Person:
    """Register and log in somebody new."""
    email, password = f"{name}-{uuid.uuid4().hex[:10]}@example.com", f"Correct-horse-{uuid.uuid4().hex[:6]}"
    answer = await clients.identity.post(
        "/api/accounts/register", json={"email": email, "password": password}
    )
    assert answer.status_code == 202, answer.text
    tokens = (
        await clients.identity.post("/api/accounts/login", json={"email": email, "password": password})
    ).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = (await clients.identity.get("/api/accounts/me", headers=headers)).json()
    return Person(me["id"], email, password, tokens["access_token"], tokens["refresh_token"])


@pytest.fixture
async def alice(clients: Clients) -> Person:
    """Somebody with a team of her own."""
    return await new_person(clients, "alice")


@pytest.fixture
async def mallory(clients: Clients) -> Person:
    """Somebody from elsewhere, with a team of her own too."""
    person = await new_person(clients, "mallory")
    await clients.identity.post("/api/teams", json={"name": "Elsewhere"}, headers=person.headers)
    return person


@pytest.fixture
async def team(clients: Clients, alice: Person) -> int:
    """The id of Alice's team."""
    answer = await clients.identity.post("/api/teams", json={"name": "Field team"}, headers=alice.headers)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture
async def project(clients: Clients, alice: Person, team: int) -> int:
    """The id of a project of Alice's."""
    body = {"team_id": team, "name": "Topline study"}
    answer = await clients.ingestion.post("/api/projects", json=body, headers=alice.headers)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture
async def owner(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the owner of the database, past all policies: to arrange and to look."""
    connection = await asyncpg.connect(stack.database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def member(
    clients: Clients, team: int, owner: asyncpg.Connection
) -> Callable[[str], Awaitable[Person]]:
    """A factory of further members of Alice's team, by role."""

    async def make(role: str) -> Person:
        person = await new_person(clients, role.lower())
        await owner.execute(
            "INSERT INTO accounts_teammembership (user_id, team_id, role) VALUES ($1, $2, $3)",
            person.user_id,
            team,
            role,
        )
        return person

    return make


@pytest.fixture(scope="session")
async def drain(stack: Stack, clients: Clients) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A coroutine that relays the outbox and lets all consumers work until nothing is left to do."""
    from tests.draining import opened_drain

    async with opened_drain(stack, lambda service: settings_of(stack, service)) as run:
        lock = asyncio.Lock()

        async def once() -> None:
            async with lock:
                await run()

        yield once

"""Guessing passwords waits longer and longer, and never keeps the owner out."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI

from services.identity.app import create
from services.identity.domain.throttling import ACCOUNT, PAIR, Count, Rule, counts_of
from services.identity.queries.throttles import count_attempts
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack

WRONG = "not-the-password-at-all"


def test_what_is_counted_shows_neither_account_nor_address() -> None:
    counts = counts_of("login", "a@x.example", "192.0.2.1", is_known_address=False, n_free_per_address=50)
    assert len({count.key for count in counts}) == 3
    assert all(len(count.key) == 64 for count in counts)
    known = counts_of("login", "a@x.example", "192.0.2.1", is_known_address=True, n_free_per_address=50)
    assert known == counts[:2], "an address from which the owner has logged in is not held up by others"
    other = counts_of("code", "a@x.example", "192.0.2.1", is_known_address=True, n_free_per_address=50)
    assert not {c.key for c in other} & {c.key for c in counts}


@pytest.fixture
async def app(stack: Stack) -> AsyncIterator[FastAPI]:
    """Identity with the production rules for addresses."""
    made = create(settings_of(stack, "identity", login_failures_per_address=16))
    async with made.router.lifespan_context(made):
        yield made


async def test_delays_begin_after_the_free_attempts_double_and_end_at_the_longest(
    app: FastAPI, owner: asyncpg.Connection
) -> None:
    key = uuid.uuid4().hex
    counts = [Count(key, Rule(n_free=3, longest_s=10))]

    async def delay_s_after_another() -> int:
        assert await count_attempts(app.state.resources.database, counts) == {key: 0}, "it had not to wait"
        return int(
            await owner.fetchval(
                "SELECT greatest(ceil(extract(epoch FROM blocked_until - clock_timestamp())), 0)"
                " FROM accounts_loginthrottle WHERE key = $1",
                key,
            )
        )

    async def pass_time(column: str, hours: int) -> None:
        await owner.execute(
            f"UPDATE accounts_loginthrottle SET {column} = now() - $2 * interval '1 hour' WHERE key = $1",
            key,
            hours,
        )

    delays = []
    for _ in range(9):
        delays.append(await delay_s_after_another())
        await pass_time("blocked_until", 1)
    assert delays == [0, 0, 0, 1, 2, 4, 8, 10, 10]
    await pass_time("updated_at", 23)
    assert await delay_s_after_another() == 10
    await pass_time("blocked_until", 1)
    await pass_time("updated_at", 25)
    assert await delay_s_after_another() == 0, "a day without an attempt begins anew"


async def test_an_attempt_that_has_to_wait_counts_under_none_of_its_keys(
    app: FastAPI, owner: asyncpg.Connection, alice: Person
) -> None:
    async def n_counted() -> dict[str, int]:
        rows = await owner.fetch("SELECT key, n_failures FROM accounts_loginthrottle")
        return {row["key"]: row["n_failures"] for row in rows}

    async with at(app, fresh_address()) as client:
        for _ in range(6):
            assert (await log_in(client, alice.email, WRONG)).status_code == 401
        before = await n_counted()
        assert (await log_in(client, alice.email, WRONG)).status_code == 429
    assert await n_counted() == before


@asynccontextmanager
async def at(app: FastAPI, address: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that calls from an address."""
    transport = httpx2.ASGITransport(app, client=(address, 50000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test") as client:
        yield client


async def log_in(client: httpx2.AsyncClient, email: str, password: str) -> httpx2.Response:
    return await client.post("/api/accounts/login", json={"email": email, "password": password})


def fresh_address() -> str:
    raw = uuid.uuid4().int
    return f"10.{raw % 256}.{raw // 256 % 256}.{raw // 65_536 % 256}"


@pytest.mark.asvs("2.4.1", "6.3.1")
async def test_after_some_wrong_passwords_an_attempt_waits_even_with_the_right_one(
    app: FastAPI, alice: Person
) -> None:
    async with at(app, fresh_address()) as client:
        statuses = [(await log_in(client, alice.email, WRONG)).status_code for _ in range(6)]
        assert statuses == [401] * 6
        held_up = await log_in(client, alice.email, alice.password)
        assert (held_up.status_code, held_up.json()["type"]) == (429, "/problems/too-many-attempts")
        assert held_up.headers["retry-after"] == "1"
        await asyncio.sleep(1.05)  # what Retry-After says
        assert (await log_in(client, alice.email, alice.password)).status_code == 200
        assert [(await log_in(client, alice.email, WRONG)).status_code for _ in range(6)] == [401] * 6, (
            "a success begins the count anew"
        )


async def test_unknown_accounts_are_held_up_alike(app: FastAPI) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    async with at(app, fresh_address()) as client:
        answers = [await log_in(client, email, WRONG) for _ in range(7)]
    assert [a.status_code for a in answers] == [401] * 6 + [429]


async def test_parallel_guesses_are_counted_before_they_are_judged(app: FastAPI, alice: Person) -> None:
    async with at(app, fresh_address()) as client:
        answers = await asyncio.gather(*(log_in(client, alice.email, WRONG) for _ in range(40)))
    statuses = [a.status_code for a in answers]
    assert statuses.count(401) <= PAIR.n_free + 1
    assert set(statuses) == {401, 429}


@pytest.mark.asvs("6.3.1")
async def test_one_address_that_tries_many_accounts_waits(app: FastAPI) -> None:
    async with at(app, fresh_address()) as client:
        answers = [await log_in(client, f"{uuid.uuid4().hex}@example.com", WRONG) for _ in range(18)]
    assert [a.status_code for a in answers] == [401] * 17 + [429]


@pytest.mark.asvs("6.3.1")
async def test_many_addresses_that_try_one_account_wait_and_its_owner_does_not(
    app: FastAPI, alice: Person, owner: asyncpg.Connection
) -> None:
    for _ in range(ACCOUNT.n_free + 1):
        async with at(app, fresh_address()) as client:
            assert (await log_in(client, alice.email, WRONG)).status_code == 401
    async with at(app, fresh_address()) as client:
        assert (await log_in(client, alice.email, WRONG)).status_code == 429
    async with at(app, "127.0.0.1") as home:  # where Alice logged in when she registered
        assert (await log_in(home, alice.email, alice.password)).status_code == 200
    longest = await owner.fetchval(
        "SELECT extract(epoch FROM max(blocked_until) - now()) FROM accounts_loginthrottle"
    )
    assert longest <= ACCOUNT.longest_s, "even a stranger's device waits half a minute at most"


async def test_replicas_share_the_count(app: FastAPI, stack: Stack, alice: Person) -> None:
    address = fresh_address()
    other = create(settings_of(stack, "identity", login_failures_per_address=16))
    async with other.router.lifespan_context(other), at(app, address) as one, at(other, address) as two:
        for client in (one, two, one, two, one, two):
            assert (await log_in(client, alice.email, WRONG)).status_code == 401
        assert (await log_in(one, alice.email, WRONG)).status_code == 429


async def test_the_password_that_is_asked_for_again_cannot_be_guessed_either(
    clients: Clients, alice: Person
) -> None:
    statuses = []
    for _ in range(8):
        answer = await clients.identity.request(
            "DELETE", "/api/accounts/me", json={"password": WRONG}, headers=alice.headers
        )
        statuses.append(answer.status_code)
    assert statuses[:6] == [403] * 6
    assert 429 in statuses[6:]


async def test_a_full_queue_of_hashes_is_429_with_a_time_to_come_back(stack: Stack) -> None:
    slow = {"argon2_memory_kib": 19_456, "argon2_iterations": 2}
    settings = settings_of(stack, "identity", password_threads=1, password_queue=3, **slow)
    small = create(settings)
    async with small.router.lifespan_context(small), at(small, fresh_address()) as client:
        answers = await asyncio.gather(
            *(log_in(client, f"{uuid.uuid4().hex}@example.com", WRONG) for _ in range(30))
        )
    refused = [a for a in answers if a.status_code == 429]
    assert refused
    assert {a.status_code for a in answers} == {401, 429}
    assert all(int(a.headers["retry-after"]) >= 1 for a in refused)

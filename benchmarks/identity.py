"""Log-ins and refreshes per second, the cost of a token's verification, and what a queue of log-ins does to others.

    python -m benchmarks.identity [--rounds N]

Starts identity and ingestion as processes of their own, with the password parameters of production, and asks them over
loopback sockets. Every figure stands beside a ceiling that is measured in the same rounds: as many bare Argon2id
verifications at a time in one process, a transaction with a single UPDATE through the same kind of pool, a bare Ed25519
verification, the same request while nothing else goes on. Ratios are medians over the rounds. The load generator,
PostgreSQL and the services share the machine's processors; by default passwords are hashed on all but one of them. With
every processor hashing, a log-in pays for its client and the database too.

Measured on 2 shared cores, Python 3.11, 2026-11-27 (three rounds): 56.3 log-ins/s against 58.3 bare Argon2id
verifications/s, ratio 0.97 (goal 0.85); with both cores hashing 86.0 against 111.9, ratio 0.77. 1,185 refreshes/s against
3,199 bare UPDATEs/s, ratio 0.37 (goal 0.5, not reached: one process serves them, and of its 0.85 ms per refresh the
statement takes 0.15, the signature 0.10, and receiving, routing, validating, logging and answering the rest); 0.54 of an
UPDATE and an empty request. Verification of a token 0.13 ms, of which Ed25519 0.08. While 200 log-ins wait the p99 of
identity is 1.8 × and of ingestion 1.6 × idle. 400 log-ins at once: 209 × 200, 191 × 429, each of those with Retry-After,
none timed out, the last after 3.8 s. Of 100 ended sessions another service refused 100 with the next request, 1.7 ms later.
"""

import argparse
import asyncio
import base64
import hashlib
import itertools
import json
import os
import secrets
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import psycopg
import uvloop
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text

from deploy.embedded.ports import HOST
from kernel.db import Database, Tenancy
from kernel.hashing import n_threads_by_default
from kernel.principals import JwksKeys, TokenVerifier
from kernel.settings import Settings
from services.identity.settings import IdentitySettings
from tests.environment import Stack, running_stack
from tests.live import Connection, Server, serving

CLIENTS = 16
QUEUE = 200
PASSWORD = "Correct-horse-battery-staple"  # noqa: S105 - of accounts that live as long as the run
N_ACCOUNTS = 1000
Post = Callable[["Connection"], Awaitable[int]]


@dataclass
class Bench:
    """The servers of a run, and accounts, sessions and tokens made for it."""

    stack: Stack
    identity: Server
    ingestion: Server
    settings: IdentitySettings
    encoded: str
    user_ids: list[int]
    numbers: Iterator[int] = field(default_factory=itertools.count)
    refresh_tokens: list[str] = field(default_factory=list)
    access_token: str = ""

    async def log_in(self, connection: Connection) -> int:
        """Log in somebody else than the time before, from another address."""
        number = next(self.numbers)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        body = {"email": _email(number % N_ACCOUNTS), "password": PASSWORD}
        return await connection.ask("POST", "/api/accounts/login", body, ip_address=address)

    async def refresh(self, connection: Connection) -> int:
        """Exchange one refresh token for the next of its session."""
        body = {"refresh_token": self.refresh_tokens.pop()}
        status = await connection.ask("POST", "/api/accounts/refresh", body)
        if status == HTTPStatus.OK:
            self.refresh_tokens.insert(0, json.loads(connection.body)["refresh_token"])
        return status


def _email(number: int) -> str:
    return f"person-{number}@bench.example"


def _add_accounts(stack: Stack, encoded: str) -> list[int]:
    """Return the ids of new accounts, all with one password: making them costs no hashes."""
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute(
            "INSERT INTO accounts_user (email, username, password, email_verified_at) "
            "SELECT format('person-%%s@bench.example', n), gen_random_uuid(), %s, now() "
            "FROM generate_series(0, %s) AS n RETURNING id",
            [encoded, N_ACCOUNTS - 1],
        ).fetchall()
    return [int(row[0]) for row in rows]


def _add_sessions(stack: Stack, user_ids: list[int]) -> list[str]:
    """Return a refresh token of a new session of each user."""
    tokens = [secrets.token_urlsafe(32) for _ in user_ids]
    hashes = [hashlib.sha256(token.encode()).hexdigest() for token in tokens]
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            "WITH made AS (INSERT INTO accounts_session (user_id, expires_at, ip_address) "
            "SELECT id, now() + interval '1 day', '10.0.0.1' FROM unnest(%s::bigint[]) AS id RETURNING id) "
            "INSERT INTO accounts_refreshtoken (session_id, token_hash) SELECT made.id, hashes.hash "
            "FROM (SELECT id, row_number() OVER () AS n FROM made) AS made "
            "JOIN unnest(%s::text[]) WITH ORDINALITY AS hashes (hash, n) USING (n)",
            [user_ids, hashes],
        )
    return tokens


@asynccontextmanager
async def opened_bench(stack: Stack) -> AsyncIterator[Bench]:
    """Start the services, and make what the figures need."""
    settings = IdentitySettings(**stack.settings("identity"))
    hasher = PasswordHasher(settings.argon2_iterations, settings.argon2_memory_kib, 1)
    encoded = hasher.hash(PASSWORD)
    user_ids = _add_accounts(stack, encoded)
    own = {"auto_verify": True, "password_queue": QUEUE}
    with serving(stack, "identity", **own) as identity:
        jwks = f"http://{HOST}:{identity.port}/.well-known/jwks.json"
        with serving(stack, "ingestion", jwks_url=jwks) as ingestion:
            bench = Bench(stack, identity, ingestion, settings, encoded, user_ids)
            bench.refresh_tokens = _add_sessions(stack, user_ids)
            await asyncio.gather(identity.until_ready(), ingestion.until_ready())
            connection = await identity.connect()
            await bench.log_in(connection)
            bench.access_token = str(json.loads(connection.body)["access_token"])
            connection.close()
            yield bench


async def rate(server: Server, post: Post, *, seconds: float, n_clients: int = CLIENTS) -> float:
    """Return answers per second; raises RuntimeError when one is not a 200."""
    statuses: Counter[int] = Counter()
    ends_at = time.perf_counter() + seconds

    async def client() -> None:
        connection = await server.connect()
        while time.perf_counter() < ends_at:
            statuses[await post(connection)] += 1
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(n_clients)))
    if set(statuses) != {HTTPStatus.OK}:
        raise RuntimeError(f"answers by status: {dict(statuses)}")
    return statuses.total() / (time.perf_counter() - started)


def bare_hashes_per_s(bench: Bench, n_threads: int, *, seconds: float) -> float:
    """Return verifications per second of the same hash, in threads that do nothing else."""
    hasher = PasswordHasher(bench.settings.argon2_iterations, bench.settings.argon2_memory_kib, 1)
    ends_at = time.perf_counter() + seconds

    def work() -> int:
        for count in itertools.count(1):
            hasher.verify(bench.encoded, PASSWORD)
            if time.perf_counter() > ends_at:
                return count
        raise AssertionError

    started = time.perf_counter()
    with ThreadPoolExecutor(n_threads) as threads:
        counts = [made.result() for made in [threads.submit(work) for _ in range(n_threads)]]
    return sum(counts) / (time.perf_counter() - started)


async def bare_updates_per_s(database: Database, session_ids: list[Any], *, seconds: float) -> float:
    """Return transactions per second that touch one session each, with as many at once as there are clients."""
    statement = text("UPDATE accounts_session SET last_used_at = now() WHERE id = :id")
    ends_at, rows = time.perf_counter() + seconds, itertools.cycle(session_ids)

    async def client() -> int:
        for count in itertools.count(1):
            async with database.transaction(Tenancy.none()) as session:
                await session.execute(statement, {"id": next(rows)})
            if time.perf_counter() > ends_at:
                return count
        raise AssertionError

    started = time.perf_counter()
    counts = await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return sum(counts) / (time.perf_counter() - started)


async def measure_logins(bench: Bench, rounds: int) -> None:
    """Print log-ins per second against as many bare hashes at a time: by default, and with every processor hashing."""
    await _measure_logins(bench, bench.identity, n_threads_by_default(), rounds, goal=0.85)
    n_cores = os.cpu_count() or 1
    own = {"password_threads": n_cores, "password_queue": QUEUE}
    with serving(bench.stack, "identity", **own) as crowded:
        await crowded.until_ready()
        await _measure_logins(bench, crowded, n_cores, rounds)


async def _measure_logins(
    bench: Bench, server: Server, n_threads: int, rounds: int, *, goal: float | None = None
) -> None:
    await rate(server, bench.log_in, seconds=1)
    ours, bare = [], []
    for _ in range(rounds):
        bare.append(await asyncio.to_thread(bare_hashes_per_s, bench, n_threads, seconds=2))
        ours.append(await rate(server, bench.log_in, seconds=3))
    _print_rates("log-ins", ours, f"Argon2id verifications, {n_threads} at a time", bare, goal=goal)


async def measure_refreshes(bench: Bench, rounds: int) -> None:
    """Print refreshes per second against bare updates."""
    await rate(bench.identity, bench.refresh, seconds=1)
    with psycopg.connect(bench.stack.database_url) as connection:
        rows = connection.execute("SELECT id FROM accounts_session LIMIT 1000").fetchall()
    pool_size = IdentitySettings.model_fields["database_pool_size"].default
    settings = bench.settings.model_copy(update={"database_pool_size": pool_size})
    database = Database(settings.database_url, settings)
    ours, bare, empty = [], [], []
    for _ in range(rounds):
        bare.append(await bare_updates_per_s(database, [row[0] for row in rows], seconds=1.5))
        empty.append(await rate(bench.identity, Connection.ask_for_nothing, seconds=1))
        ours.append(await rate(bench.identity, bench.refresh, seconds=1.5))
    await database.close()
    _print_rates("refreshes", ours, "transactions with one UPDATE", bare, goal=0.5)
    both = [1 / (1 / update + 1 / nothing) for update, nothing in zip(bare, empty, strict=True)]
    _print_rates("refreshes", ours, "one UPDATE and an empty request", both)


def _print_rates(
    name: str, ours: list[float], ceiling: str, bare: list[float], *, goal: float | None = None
) -> None:
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    print(f"{name:36} {statistics.median(ours):8.1f}/s   by round {_listed(ours)}")
    print(f"{ceiling:36} {statistics.median(bare):8.1f}/s   by round {_listed(bare)}")
    print(f"  ratio {statistics.median(ratios):.2f}" + (f" (goal ≥ {goal})" if goal else ""))


def _listed(figures: list[float]) -> str:
    return ", ".join(f"{figure:.1f}" for figure in figures)


async def measure_verification(bench: Bench, rounds: int, *, count: int = 1000) -> None:
    """Print what a token costs every request that carries one."""
    jwks = f"http://{HOST}:{bench.identity.port}/.well-known/jwks.json"
    keys = JwksKeys(Settings(jwks_url=jwks))
    verifier = TokenVerifier(Settings(), keys)
    await verifier.verify(bench.access_token)
    signed, _, signature = bench.access_token.rpartition(".")
    key = Ed25519PublicKey.from_public_bytes(_decoded(str((await keys.key_set()).as_dict()["keys"][0]["x"])))
    raw, message = _decoded(signature), signed.encode()
    ours, bare = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(count):
            await verifier.verify(bench.access_token)
        ours.append((time.perf_counter() - started) / count * 1000)
        started = time.perf_counter()
        for _ in range(count):
            key.verify(raw, message)
        bare.append((time.perf_counter() - started) / count * 1000)
    mine, theirs = statistics.median(ours), statistics.median(bare)
    print(f"verification of an access token      {mine:8.3f} ms (goal < 0.3 ms)")
    print(f"bare Ed25519 verification            {theirs:8.3f} ms, ratio {mine / theirs:.1f}")


def _decoded(word: str) -> bytes:
    return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))


async def latencies_ms(
    server: Server, path: str, token: str, *, seconds: float, per_second: int = 50
) -> list[float]:
    """Return how long each request took, sent at fixed times whether or not the one before was answered."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(20):
        free.put_nowait(await server.connect())

    async def probe(due_at: float) -> float:
        await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
        connection = await free.get()
        status = await connection.ask("GET", path, token=token)
        free.put_nowait(connection)
        if status != HTTPStatus.OK:
            raise RuntimeError(f"GET {path} answers {status}")
        return (time.perf_counter() - due_at) * 1000

    begins_at = time.perf_counter() + 0.05
    moments = (begins_at + number / per_second for number in range(int(seconds * per_second)))
    found = await asyncio.gather(*(probe(moment) for moment in moments))
    while not free.empty():
        free.get_nowait().close()
    return list(found)


async def _crowd(bench: Bench, stop: asyncio.Event, statuses: Counter[int]) -> None:
    """Keep as many log-ins waiting as the queue holds, until told to stop; they arrive within a second."""

    async def client(number: int) -> None:
        await asyncio.sleep(number / QUEUE)
        connection = await bench.identity.connect()
        while not stop.is_set():
            statuses[await bench.log_in(connection)] += 1
        connection.close()

    await asyncio.gather(*(client(number) for number in range(QUEUE)))


async def measure_others(bench: Bench, rounds: int) -> None:
    """Print what others notice of log-ins that queue."""
    doors = {
        "identity, GET /api/accounts/me": (bench.identity, "/api/accounts/me"),
        "ingestion, GET /api/projects": (bench.ingestion, "/api/projects"),
    }
    idle: dict[str, list[float]] = {name: [] for name in doors}
    busy: dict[str, list[float]] = {name: [] for name in doors}
    statuses: Counter[int] = Counter()

    async def probe(found: dict[str, list[float]], seconds: float) -> None:
        answers = await asyncio.gather(
            *(latencies_ms(*door, bench.access_token, seconds=seconds) for door in doors.values())
        )
        for name, times in zip(doors, answers, strict=True):
            found[name] += times

    await probe({name: [] for name in doors}, 0.5)
    for _ in range(rounds):
        await probe(idle, 3)
        stop = asyncio.Event()
        crowd = asyncio.create_task(_crowd(bench, stop, statuses))
        await asyncio.sleep(1.5)
        await probe(busy, 3)
        stop.set()
        await crowd
    print(f"while {QUEUE} log-ins wait ({_by_status(statuses)})")
    for name in doors:
        _print_latencies(name, idle[name], busy[name])


def _print_latencies(name: str, idle: list[float], busy: list[float]) -> None:
    (calm50, calm99), (full50, full99) = _percentiles(idle), _percentiles(busy)
    print(f"  {name:34} p50 {calm50:.1f} → {full50:.1f} ms, p99 {calm99:.1f} → {full99:.1f} ms", end="")
    print(f" = {full99 / calm99:.2f} × idle (goal ≤ 2)")


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=100)
    return cuts[49], cuts[98]


def _by_status(statuses: Mapping[int, int]) -> str:
    return ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))


async def measure_overflow(bench: Bench) -> None:
    """Print how log-ins are answered when twice as many come at once as may wait."""
    statuses: Counter[int] = Counter()
    n_with_hint = 0

    async def client() -> None:
        nonlocal n_with_hint
        connection = await bench.identity.connect()
        async with asyncio.timeout(30):
            status = await bench.log_in(connection)
        statuses[status] += 1
        n_with_hint += status == HTTPStatus.TOO_MANY_REQUESTS and b"retry-after:" in connection.headers
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(2 * QUEUE)))
    print(f"{2 * QUEUE} log-ins at once, {QUEUE} may wait: {_by_status(statuses)}; ", end="")
    print(f"{n_with_hint} with Retry-After; the last answer after {time.perf_counter() - started:.1f} s")


async def measure_shut_out(bench: Bench, *, count: int = 100) -> None:
    """Print how soon an ended session is refused by another service, whatever its access token says."""
    identity, ingestion = await bench.identity.connect(), await bench.ingestion.connect()
    statuses: Counter[int] = Counter()
    delays = []
    for _ in range(count):
        await bench.log_in(identity)
        tokens = json.loads(identity.body)
        before = await ingestion.ask("GET", "/api/projects", token=tokens["access_token"])
        await identity.ask("POST", "/api/accounts/logout", {"refresh_token": tokens["refresh_token"]})
        ended_at = time.perf_counter()
        after = await ingestion.ask("GET", "/api/projects", token=tokens["access_token"])
        delays.append((time.perf_counter() - ended_at) * 1000)
        if (before, after) == (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED):
            statuses[after] += 1
    identity.close()
    ingestion.close()
    print(f"of {count} ended sessions {statuses.total()} were refused by ingestion's next request", end="")
    print(f", answered {statistics.median(delays):.1f} ms after the end (bound of the design: 15 minutes)")


async def measure(rounds: int) -> None:
    """Start servers, measure, print."""
    with running_stack() as stack:
        async with opened_bench(stack) as bench:
            await measure_verification(bench, rounds)
            await measure_refreshes(bench, rounds)
            await measure_logins(bench, rounds)
            await measure_others(bench, rounds)
            await measure_overflow(bench)
            await measure_shut_out(bench)


def main() -> None:
    """Read the arguments, measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(arguments.rounds))


if __name__ == "__main__":
    main()

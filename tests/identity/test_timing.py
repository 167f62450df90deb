"""How long an answer takes tells nobody whether an address has an account.

For each door, requests for known and unknown addresses alternate in random order. The shift between the two is estimated
by Hodges and Lehmann's median of all pairwise differences, with the confidence interval that belongs to the test of
Mann, Whitney and Wilcoxon (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed. 2014, §4.3): a few
slow answers on a busy machine hardly move it. Samples are drawn until the interval is narrow enough to tell 2 ms, then
it must lie within ±2 ms; shifted by 2 ms, the same samples must give another verdict.
"""

import json
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from statistics import NormalDist

import asyncpg
import numpy as np
import pytest
from argon2 import PasswordHasher
from numpy.typing import NDArray

from tests.environment import Stack
from tests.live import Connection, serving

TELLING_MS = 2.0
NARROW_MS = 1.2
BATCH, MOST = 60, 1200
PASSWORD = "Correct-horse-battery-staple"
# A hash of some 5 ms: whoever skips it for unknown addresses is found out, and the test is over soon.
MEMORY_KIB, ITERATIONS = 8192, 1
Times = NDArray[np.float64]


def shift_ms(one: Times, other: Times, *, confidence: float = 0.999) -> tuple[float, float]:
    """Return the confidence interval of how much `other` exceeds `one`, in the units of both."""
    differences = np.sort(np.subtract.outer(other, one), axis=None)
    m, n = len(one), len(other)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rank = int(m * n / 2 - z * np.sqrt(m * n * (m + n + 1) / 12))
    return float(differences[rank]), float(differences[-1 - rank])


def test_the_interval_is_the_published_one() -> None:
    """Hollander and Wolfe's permeability of human chorioamnion (1973, table 4.1; R's `wilcox.test` documents it too)."""
    at_term = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
    early = np.array([1.15, 0.88, 0.90, 0.74, 1.21])
    low, high = shift_ms(early, at_term, confidence=0.95)
    assert (round(low, 2), round(high, 2)) == (-0.15, 0.76)


@pytest.fixture
async def known(owner: asyncpg.Connection) -> list[str]:
    """Addresses of many open accounts."""
    encoded = PasswordHasher(ITERATIONS, MEMORY_KIB, 1).hash(PASSWORD)
    rows = await owner.fetch(
        "INSERT INTO accounts_user (email, username, password, email_verified_at)"
        " SELECT gen_random_uuid() || '@timing.example', gen_random_uuid(), $1, now()"
        " FROM generate_series(1, $2) RETURNING email",
        encoded,
        MOST,
    )
    return [row["email"] for row in rows]


@pytest.fixture
async def connection(stack: Stack, tmp_path: Path) -> AsyncIterator[Connection]:
    """A connection to identity, which runs as in production but for its mails, which become files."""
    own = {
        "argon2_memory_kib": MEMORY_KIB,
        "argon2_iterations": ITERATIONS,
        "login_failures_per_address": 1_000_000,
        "mail_folder": tmp_path / "mail",
    }
    with serving(stack, "identity", **own) as server:
        await server.until_ready()
        connection = await server.connect()
        yield connection
        connection.close()


async def _time_ms(connection: Connection, path: str, body: dict[str, str]) -> tuple[float, int]:
    address = ".".join(str(random.randint(1, 254)) for _ in range(4))
    started = time.perf_counter()
    status = await connection.ask("POST", path, body, ip_address=address)
    return (time.perf_counter() - started) * 1000, status


DOORS: dict[str, Callable[[str], dict[str, str]]] = {
    "login": lambda email: {"email": email, "password": "not-the-password-at-all"},
    "register": lambda email: {"email": email, "password": PASSWORD},
    "forgot-password": lambda email: {"email": email},
}


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("door", DOORS)
async def test_known_and_unknown_addresses_take_the_same_time(
    connection: Connection, known: list[str], door: str
) -> None:
    times: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    while len(times[True]) < MOST:
        todo = [True] * BATCH + [False] * BATCH
        random.shuffle(todo)
        for is_known in todo:
            email = known[len(times[True])] if is_known else f"{secrets.token_hex(16)}@timing.example"
            taken, status = await _time_ms(connection, f"/api/accounts/{door}", DOORS[door](email))
            times[is_known].append(taken)
            answers.add((status, _without_the_request(connection.body)))
        low, high = shift_ms(np.array(times[False]), np.array(times[True]))
        if high - low < NARROW_MS:
            break
    assert len(answers) == 1, "status and body are alike"
    assert low > -TELLING_MS, f"known addresses are answered sooner: {low:.2f} … {high:.2f} ms"
    assert high < TELLING_MS, f"known addresses are answered later: {low:.2f} … {high:.2f} ms"
    later = np.array(times[True]) + TELLING_MS
    assert shift_ms(np.array(times[False]), later)[0] > 0, "a difference of 2 ms would have been found"


def _without_the_request(body: bytes) -> str:
    content = json.loads(body)
    return json.dumps({key: value for key, value in content.items() if key != "instance"})

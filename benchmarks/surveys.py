"""Interviews and answers per second against bare inserts, latencies at 70 % load, and what is left after kill -9.

    python -m benchmarks.surveys [--rounds N] [--seconds S]

Starts the whole local stack as `make run` does. Respondents walk through a survey of 20 questions on five pages by the JSON door,
through the gateway: seven requests each. The ceiling is FastAPI and asyncpg inserting the same bodies, in one process like ours and
without a gateway, in the same rounds: once a body per page as it is sent, once a body per answer, as a client would store answers
one by one. Then requests come at fixed times, 70 % of what was found, whether or not those before were answered. At last PostgreSQL,
NATS, and ingestion are killed under load, one per start of the stack; what was acknowledged must be there afterwards.

On 2 shared cores, Python 3.11, 2026-11-28 (three rounds): 27.9 interviews/s and 604 answers/s against 3,195 bare inserts/s of an answer
each, 0.19 per stored answer (goal 0.5, not reached), and 11,784 answers/s in bare pages of four, 0.05. One process serves all of it: a
request takes 4.7 ms of its processor, a bare one 0.3. Of these, receiving, routing, validating, logging and answering take a third,
the transaction with its five statements under the respondent's role another, the engine, mapping of rows and building of the next
step the rest. At 147 requests/s, 70 % of the most, p50 8.3 ms and p99 50.1 ms, 6.0 times (goal 5). Killed: PostgreSQL (1,956
answers and 95 interviews acknowledged), NATS (1,924 and 91), ingestion (1,748 and 80), nothing lost.
"""

import argparse
import asyncio
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import uvloop

from benchmarks.peers.bare_answers import TABLE
from deploy.demo.client import Client
from deploy.embedded.ports import HOST
from kernel.ids import hash_token
from tests.faults.local_run import ROOT, LocalRun
from tests.live import Connection, Server, free_port

PAGES = 5
PER_PAGE = 4
CLIENTS = 16
LOAD = 0.7
KILLED = ("postgres", "nats", "ingestion-api")


def question(code: str, number: int) -> dict[str, Any]:
    """One of the 20 questions: choices, scales, words."""
    text = {"en": f"Question {number}: how much do you agree with what was said?"}
    options = [{"code": letter, "text": {"en": f"Answer {letter}"}} for letter in "abcde"]
    shapes: list[dict[str, Any]] = [
        {"type": "single_choice", "options": options, "required": True},
        {"type": "multiple_choice", "options": options},
        {"type": "nps"},
        {"type": "short_text"},
    ]
    return {"code": code, "text": text, **shapes[number % PER_PAGE]}


def definition() -> dict[str, Any]:
    """A survey of 20 questions on five pages, one of which depends on an earlier answer."""
    pages: list[dict[str, Any]] = [
        {"code": f"p{page}", "questions": [question(f"q{page}_{n}", n) for n in range(PER_PAGE)]}
        for page in range(PAGES)
    ]
    pages[3]["show_if"] = "q0_2 >= 0"
    return {"languages": ["en"], "pages": pages}


def answers(page: int, number: int) -> dict[str, Any]:
    """What respondent `number` answers on a page."""
    letter = "abcde"[number % 5]
    return {
        f"q{page}_0": letter,
        f"q{page}_1": sorted({letter, "c"}),
        f"q{page}_2": number % 11,
        f"q{page}_3": f"Because it is the {number}th time that I am asked.",
    }


@dataclass
class Respondent:
    """Somebody who answers page after page, and remembers what was acknowledged."""

    survey: str
    number: int
    token: str = ""
    page: int = 0
    acknowledged: dict[str, Any] = field(default_factory=dict)
    is_submitted: bool = False

    async def go_on(self, connection: Connection) -> str:
        """Do the next thing and return what it was; raises RuntimeError when it is refused."""
        if not self.token:
            # Of one browser at one address interviews would be doubted, and counted one after the other.
            sessions, browser = f"/public/surveys/{self.survey}/sessions", f"bench/{self.number}"
            await _ask(connection, "POST", sessions, {}, browser=browser)
            self.token = str(json.loads(connection.body)["token"])
            return "begin"
        if self.page < PAGES:
            given = answers(self.page, self.number)
            await _ask(connection, "PUT", f"/public/sessions/{self.token}/answers", {"answers": given})
            self.acknowledged |= given
            self.page += 1
            return "answer"
        await _ask(connection, "POST", f"/public/sessions/{self.token}/submit")
        self.is_submitted = True
        return "submit"


async def _ask(
    connection: Connection, method: str, path: str, body: object = None, *, browser: str = ""
) -> None:
    status = await connection.ask(method, path, body, browser=browser)
    if status >= HTTPStatus.BAD_REQUEST:
        raise RuntimeError(f"{method} {path} answers {status}: {connection.body.decode()}")


@dataclass
class Bench:
    """A running stack with a published survey."""

    run: LocalRun
    gateway: Server
    survey: str

    @property
    def database_url(self) -> str:
        """The owner's address of the database."""
        return str(self.run.addresses["database_url"])


def opened_bench(folder: Path) -> Bench:
    """Start the stack and publish the survey."""
    run = started(folder)
    client = Client(run.addresses["gateway_url"])
    client.log_in_as_somebody_new(f"{uuid.uuid4().hex}@example.com", f"bench-{uuid.uuid4().hex}")
    team = client.call("POST", "/api/teams", json={"name": "Bench"}, expect=201)["id"]
    project = client.call("POST", "/api/projects", json={"team_id": team, "name": "Bench"}, expect=201)["id"]
    body = {"title": "Bench", "definition": definition()}
    survey = client.call("POST", f"/api/projects/{project}/surveys", json=body, expect=201)
    client.call("POST", f"/api/surveys/{survey['id']}/publish", json={})
    client.close()
    return Bench(run, _gateway(run), survey["uuid"])


def started(folder: Path) -> LocalRun:
    """Start the stack in a folder, for the first time or again."""
    environment = {"PLUGZERO_PRELOAD": "1", "PLUGZERO_PLAN_LIMITS": "{}"}
    return LocalRun(folder, argv=(sys.executable, "-m", "deploy.embedded"), environment=environment).ready()


def _gateway(run: LocalRun) -> Server:
    port = urlsplit(run.addresses["gateway_url"]).port
    if port is None:
        raise RuntimeError("the gateway's address names no port")
    return Server(port, run.pid)


@contextmanager
def bare_server(bench: Bench) -> Iterator[Server]:
    """Run the ceiling on the stack's own PostgreSQL."""
    with psycopg.connect(bench.database_url) as connection:
        connection.execute(TABLE)
    port = free_port()
    argv = [sys.executable, "-m", "uvicorn", "benchmarks.peers.bare_answers:app", "--port", str(port)]
    argv += ["--host", HOST, "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, "DATABASE_URL": bench.database_url})
    try:
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(15)


async def rates(
    server: Server, work: Callable[[Connection, int], Awaitable[str]], seconds: float
) -> Counter[str]:
    """Return how often per second each thing was done by 16 clients, each of which does one after the other."""
    done: Counter[str] = Counter()
    ends_at = time.perf_counter() + seconds

    async def client(number: int) -> None:
        connection = await server.connect()
        while time.perf_counter() < ends_at:
            done[await work(connection, number)] += 1
        connection.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    taken = time.perf_counter() - begun
    return Counter({name: int(count / taken * 1000) for name, count in done.items()})


def interviewing(bench: Bench) -> Callable[[Connection, int], Awaitable[str]]:
    """Return the work of clients each of which is one respondent after the other."""
    numbers = itertools.count()
    present: dict[int, Respondent] = {}

    async def work(connection: Connection, client: int) -> str:
        if client not in present or present[client].is_submitted:
            present[client] = Respondent(bench.survey, next(numbers))
        return await present[client].go_on(connection)

    return work


def inserting(*, one_by_one: bool) -> Callable[[Connection, int], Awaitable[str]]:
    """Return the work of clients that send the same pages of answers, or each answer alone, to the ceiling."""
    numbers = itertools.count()

    async def work(connection: Connection, _: int) -> str:
        number = next(numbers)
        given = answers(number % PAGES, number)
        if one_by_one:
            code = list(given)[number % PER_PAGE]
            given = {code: given[code]}
        await _ask(connection, "PUT", "/answers", {"answers": given})
        return "answer"

    return work


async def measure_rates(bench: Bench, rounds: int, seconds: float) -> float:
    """Print interviews and answers per second and their ratios; returns the requests per second."""
    ours, per_page, per_answer = [], [], []
    with bare_server(bench) as bare:
        await bare.until_ready("/docs")
        for _ in range(rounds):
            per_page.append((await rates(bare, inserting(one_by_one=False), seconds))["answer"] / 1000)
            per_answer.append((await rates(bare, inserting(one_by_one=True), seconds))["answer"] / 1000)
            ours.append(await rates(bench.gateway, interviewing(bench), seconds))
    interviews = [found["submit"] / 1000 for found in ours]
    stored = [found["answer"] / 1000 * PER_PAGE for found in ours]
    print(
        f"completed interviews                 {statistics.median(interviews):8.1f}/s   by round {_listed(interviews)}"
    )
    print(
        f"answers stored                       {statistics.median(stored):8.0f}/s   by round {_listed(stored)}"
    )
    _print_ratio("bare inserts, an answer each", stored, per_answer, goal=0.5)
    _print_ratio("bare inserts, a page of 4 answers each", stored, [found * PER_PAGE for found in per_page])
    return statistics.median(found.total() / 1000 for found in ours)


def _print_ratio(name: str, ours: list[float], bare: list[float], *, goal: float | None = None) -> None:
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    print(f"{name:36} {statistics.median(bare):8.0f} answers/s   by round {_listed(bare)}")
    print(f"  ratio per stored answer {ratio:.2f}" + (f" (goal ≥ {goal})" if goal else ""))


def _listed(figures: list[float]) -> str:
    return ", ".join(f"{figure:.1f}" for figure in figures)


async def measure_latencies(bench: Bench, per_s: float, seconds: float) -> None:
    """Print how long requests take that come at fixed times."""
    numbers = itertools.count()
    waiting: list[Respondent] = []
    free: list[Connection] = [await bench.gateway.connect() for _ in range(4 * CLIENTS)]
    times: list[float] = []

    async def request(due_at: float) -> None:
        await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
        connection = free.pop() if free else await bench.gateway.connect()
        respondent = waiting.pop(0) if waiting else Respondent(bench.survey, next(numbers))
        what = await respondent.go_on(connection)
        if what == "answer":
            times.append((time.perf_counter() - due_at) * 1000)
        free.append(connection)
        if not respondent.is_submitted:
            waiting.append(respondent)

    begins_at = time.perf_counter() + 0.05
    await asyncio.gather(*(request(begins_at + n / per_s) for n in range(int(per_s * seconds))))
    for connection in free:
        connection.close()
    cuts = statistics.quantiles(times, n=100)
    print(
        f"answers at {per_s:.0f} requests/s ({LOAD:.0%} of the most)   p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms",
        end="",
    )
    print(f" = {cuts[98] / cuts[49]:.1f} × p50 (goal < 5)")


async def measure_loss(bench: Bench, part: str, seconds: float) -> LocalRun:
    """Kill one part under load, start the stack again, and print whether all that was acknowledged is there."""
    respondents: list[Respondent] = []
    numbers = itertools.count()
    is_over = asyncio.Event()

    async def client() -> None:
        # What is refused or cut off was not acknowledged; then somebody else comes.
        while not is_over.is_set():
            with suppress(OSError, RuntimeError, asyncio.IncompleteReadError):
                connection = await bench.gateway.connect()
                while not is_over.is_set():
                    respondent = Respondent(bench.survey, next(numbers))
                    respondents.append(respondent)
                    while not respondent.is_submitted and not is_over.is_set():
                        await respondent.go_on(connection)
            await asyncio.sleep(0.01)

    clients = [asyncio.create_task(client()) for _ in range(CLIENTS)]
    await asyncio.sleep(seconds)
    os.kill(bench.run.addresses["pids"][part], signal.SIGKILL)
    await asyncio.sleep(1)
    is_over.set()
    await asyncio.gather(*clients)
    await asyncio.to_thread(bench.run.clean_up)
    again = await asyncio.to_thread(started, bench.run.folder)
    _print_losses(part, respondents, again.addresses["database_url"])
    return again


def _print_losses(part: str, respondents: list[Respondent], database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT token_hash, status, answers FROM data_ingestion_surveyresponse")
        stored = {token: (status, given) for token, status, given in rows}
    lost = [_is_lost(each, stored) for each in respondents if each.token]
    n_answers = sum(len(each.acknowledged) for each in respondents)
    n_submitted = sum(each.is_submitted for each in respondents)
    print(
        f"{part} killed: {n_answers} answers and {n_submitted} interviews were acknowledged; lost: {sum(lost)}"
    )
    if any(lost):
        raise RuntimeError("acknowledged answers are lost")


def _is_lost(respondent: Respondent, stored: Mapping[str, tuple[str, dict[str, Any]]]) -> bool:
    """Whether anything that was acknowledged to a respondent is not stored."""
    status, given = stored.get(hash_token(respondent.token), ("", {}))
    is_kept = respondent.acknowledged.items() <= given.items()
    return not status or not is_kept or (respondent.is_submitted and status != "COMPLETE")


async def measure(rounds: int, seconds: float) -> None:
    """Start the stack, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        bench = await asyncio.to_thread(opened_bench, Path(folder) / "stack")
        try:
            await rates(bench.gateway, interviewing(bench), 1)
            per_s = await measure_rates(bench, rounds, seconds)
            await measure_latencies(bench, LOAD * per_s, 3 * seconds)
            for part in KILLED:
                run = await measure_loss(bench, part, seconds)
                bench = Bench(run, _gateway(run), bench.survey)
        finally:
            bench.run.clean_up()


def main() -> None:
    """Read the arguments, measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.surveys")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=4.0, help="how long each figure of a round is measured"
    )
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(arguments.rounds, arguments.seconds))


if __name__ == "__main__":
    main()

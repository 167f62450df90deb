"""Counts of the fieldwork as they change: server-sent events over a real socket."""

import asyncio
import json
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from tests.conftest import Clients, Person
from tests.ingestion.survey_definitions import begun, interviewed, published

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def address(clients: Clients) -> AsyncIterator[str]:
    """Where ingestion is served by a socket, so that answers arrive piece by piece."""
    config = uvicorn.Config(
        clients.apps["ingestion"], port=0, lifespan="off", log_level="critical", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn sets no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


@dataclass
class Heard:
    """A stream of events being read."""

    answer: httpx2.Response
    lines: AsyncIterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.answer.aiter_lines()

    async def event(self) -> dict[str, Any]:
        """The next event: its fields, its data parsed; empty where the stream ended."""
        found: dict[str, Any] = {}
        async with asyncio.timeout(10):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if line and name:
                    found[name] = value
                elif "data" in found:
                    return found | {"data": json.loads(found["data"])}
        return {}


@asynccontextmanager
async def listening(address: str, survey: dict[str, Any], headers: dict[str, str]) -> AsyncIterator[Heard]:
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=15) as client,
        client.stream("GET", f"{address}/api/surveys/{survey['id']}/events", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Heard(answer)


async def test_a_submission_is_told_within_a_second_and_what_is_known_is_not_told_again(
    clients: Clients, project: int, alice: Person, address: str
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    async with listening(address, survey, alice.headers) as heard:
        first = await heard.event()
        assert (first["event"], first["data"]["started"], first["data"]["completion_ratio"]) == (
            "fieldwork",
            0,
            None,
        )
        await interviewed(clients.ingestion, survey, {"drink": "tea"})
        submitted_at = time.monotonic()
        data: dict[str, Any] = {}
        while data.get("complete") != 1:
            data = (told := await heard.event())["data"]
        assert time.monotonic() - submitted_at < 3, "half a second and the machine's own"
        assert data["completion_ratio"] == 1.0
    known = alice.headers | {"Last-Event-ID": told["id"]}
    async with listening(address, survey, known) as heard:
        await begun(clients.ingestion, survey)
        again = await heard.event()
        assert (again["data"]["started"], again["data"]["in_progress"]) == (2, 1)


async def test_a_stream_ends_with_the_access_it_was_opened_by_and_when_the_process_stops(
    *, clients: Clients, project: int, alice: Person, mallory: Person, address: str
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    path = f"/api/surveys/{survey['id']}/events"
    assert (await clients.ingestion.get(path, headers=mallory.headers)).status_code == 404
    assert (await clients.ingestion.get(path)).status_code == 401
    stopping: asyncio.Event = clients.apps["ingestion"].state.stopping
    async with listening(address, survey, alice.headers) as heard:
        assert (await heard.event())["event"] == "fieldwork"
        stopping.set()
        try:
            assert await heard.event() == {}, "the answer is complete, not broken off"
        finally:
            stopping.clear()
    async with listening(address, survey, alice.headers) as heard:
        assert (await heard.event())["event"] == "fieldwork"
        left = await clients.identity.post(
            "/api/accounts/logout", json={"refresh_token": alice.refresh_token}, headers=alice.headers
        )
        assert left.status_code == 204, left.text
        assert await heard.event() == {
            "event": "end", "data": {"status": 401, "type": "/problems/unauthenticated"},
        }  # fmt: skip
        assert await heard.event() == {}


async def test_people_who_leave_are_counted_at_the_question_where_they_left(
    clients: Clients, project: int, alice: Person
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, layout_style="FOCUS")
    for one_by_one in ([{"drink": "coffee"}], [{"drink": "coffee"}, {"cups": 2}], [{"drink": "tea"}]):
        token = await begun(clients.ingestion, survey)
        for answers in one_by_one:
            await clients.ingestion.put(f"/public/sessions/{token}/answers", json={"answers": answers})
    results = (
        await clients.ingestion.get(f"/api/surveys/{survey['id']}/results", headers=alice.headers)
    ).json()
    assert {one["code"]: one["standing"] for one in results["questions"]} == {"drink": 0, "cups": 1, "why": 2}


async def test_sigterm_is_heard_by_streams_before_the_server_waits_for_them() -> None:
    program = """
    import asyncio, signal
    from types import SimpleNamespace
    from kernel.live import note_stop

    async def main():
        served = []
        signal.signal(signal.SIGTERM, lambda *_: served.append("server"))
        app = SimpleNamespace(state=SimpleNamespace())
        note_stop(app)
        print("ready", flush=True)
        await app.state.stopping.wait()
        print(served, flush=True)

    asyncio.run(main())
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(program), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    assert await process.stdout.readline() == b"['server']\n"
    assert await process.wait() == 0

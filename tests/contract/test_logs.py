"""What stands in the logs, and what must not."""

import json
import subprocess
import sys
from typing import Any

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.environment import ROOT

PROGRAM = """
import logging, sys
from kernel.logs import configure_logging, get_logger
from kernel.settings import Settings

logger = get_logger("a.module")
configure_logging(Settings(environment=sys.argv[1], secret_key="s" * 40), process="p")
logger.info("request", path="/\\ud800", n=2**70)
logger.info("request", path="/ü")
logging.getLogger("a.library").warning("seen %s times", 3)
"""


class Recorder:
    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})


@pytest.fixture
def access_log(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr("kernel.middleware.logger", recorder)
    return recorder


@pytest.mark.asvs("16.2.5")
async def test_an_interviews_token_is_not_written_to_the_log(clients: Clients, access_log: Recorder) -> None:
    await clients.ingestion.get("/public/sessions/a-secret-token-of-somebody")
    assert [line["path"] for line in access_log.lines] == ["/public/sessions/{token}"]


@pytest.mark.asvs("16.2.1")
async def test_a_request_is_logged_with_its_ids_status_and_time(
    clients: Clients, alice: Person, team: int, access_log: Recorder
) -> None:
    await clients.identity.get(f"/api/teams/{team}", headers=alice.headers)
    (line,) = access_log.lines
    assert (line["path"], line["status"], line["method"]) == (f"/api/teams/{team}", 200, "GET")
    assert line["ms"] > 0


async def test_a_callers_trace_goes_on_in_the_event_that_its_request_causes(
    clients: Clients, alice: Person, owner: asyncpg.Connection
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {**alice.headers, "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    team = (await clients.identity.post("/api/teams", json={"name": "Traced"}, headers=headers)).json()["id"]
    envelope = await owner.fetchval("SELECT envelope FROM messaging_outbox WHERE team_id = $1", team)
    assert json.loads(envelope)["traceparent"].split("-")[1] == trace_id


@pytest.mark.asvs("16.2.4", "16.4.1")
@pytest.mark.parametrize("environment", ["production", "local"])
def test_our_lines_and_those_of_libraries_come_out_alike_and_whatever_they_hold(environment: str) -> None:
    """In a process of its own: what it configures would stay with the tests that come after."""
    lines = subprocess.run(
        [sys.executable, "-c", PROGRAM, environment], capture_output=True, check=True, cwd=ROOT
    ).stdout.splitlines()
    assert len(lines) == 3
    if environment == "local":
        assert b"\\ud800" in lines[0]
        assert b"[a.module]" in lines[1]
        assert b"[a.library]" in lines[2]
        return
    odd, plain, library = (json.loads(line) for line in lines)
    assert (odd["path"], odd["n"]) == ("/\ud800", 2**70)
    assert plain["path"] == "/ü"
    assert {line["logger"] for line in (odd, plain)} == {"a.module"}
    assert (library["logger"], library["event"]) == ("a.library", "seen 3 times")
    assert len({frozenset(line) - {"path", "n"} for line in (odd, plain, library)}) == 1, "the same keys"

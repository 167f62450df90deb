"""What stands in the logs, and what must not."""

import json
from typing import Any

import asyncpg
import pytest

from tests.conftest import Clients, Person


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


async def test_an_interviews_token_is_not_written_to_the_log(clients: Clients, access_log: Recorder) -> None:
    await clients.ingestion.get("/public/sessions/a-secret-token-of-somebody")
    assert [line["path"] for line in access_log.lines] == ["/public/sessions/{token}"]


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

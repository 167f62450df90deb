"""The main job through the gateway of a stack that `make run`'s own program started."""

import asyncio
import json
import uuid
from typing import Any

import httpx2
import nats
import psutil
import pytest

from deploy.demo.walk import Walk

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


async def test_the_whole_path_holds_and_an_outside_subscriber_hears_it(
    run: dict[str, Any], walk: Walk
) -> None:
    heard: set[str] = set()
    connection = await nats.connect(run["nats_url"])

    async def on_event(message: Any) -> None:
        heard.add(json.loads(message.data)["type"])

    await connection.subscribe("plugzero.>", cb=on_event)
    await connection.flush()
    for step in (walk.upload, walk.analyse, walk.derive_insight, walk.survey, walk.report, walk.audit):
        assert await asyncio.to_thread(step)
    expected = {
        "file-uploaded", "file-processed", "analysis-requested", "analysis-complete", "insight-created",
        "survey-published", "response-submitted", "dataset-updated", "report-published", "comment-added",
        "audit-requested", "audit-complete",
    }  # fmt: skip
    async with asyncio.timeout(10):
        while not expected <= heard:
            await connection.flush()
    await connection.close()


def test_the_crosstab_says_what_the_study_says(walk: Walk) -> None:
    """944 voters: Clinton 551, Dole 393 (American National Election Study 1996, as in statsmodels)."""
    walk.upload()
    walk.analyse()
    table = walk.crosstab["result_data"]["tables"][0]
    totals = {label: sum(row) for label, row in zip(table["row_labels"], table["count"], strict=True)}
    assert totals == {"Clinton": 551, "Dole": 393}
    strong_democrats = table["column_labels"].index("Strong Democrat")
    assert table["base"][strong_democrats] == 200
    assert table["letters"][table["row_labels"].index("Clinton")][strong_democrats].strip()


def test_the_gateway_answers_unknown_addresses_and_internal_ones_with_a_problem(run: dict[str, Any]) -> None:
    with httpx2.Client(base_url=run["gateway_url"], trust_env=False) as client:
        for path in ("/nowhere", "/metrics", "/internal/deadletters", "/api/unknown"):
            answer = client.get(path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"].startswith("application/problem+json"), path


def test_every_service_shows_its_api_and_the_whole_is_ready(run: dict[str, Any]) -> None:
    with httpx2.Client(base_url=run["gateway_url"], trust_env=False, timeout=20) as client:
        for service in ("identity", "ingestion", "analytics", "seo"):
            assert client.get(f"/api/{service}/openapi.json").json()["openapi"].startswith("3.1")
        ready = client.get("/readyz").json()
        assert ready["status"] == "ready"
        assert set(ready["services"]) == {"identity", "ingestion", "analytics", "seo"}
        assert client.get("/docs").status_code == 200
        assert client.get("/docs/static/swagger-ui-bundle.js").status_code == 200


def test_too_many_log_ins_from_one_address_are_a_problem_with_retry_after(run: dict[str, Any]) -> None:
    elsewhere = httpx2.HTTPTransport(
        local_address="127.0.0.2"
    )  # so that the other tests keep their allowance
    with httpx2.Client(base_url=run["gateway_url"], transport=elsewhere, timeout=30) as client:
        body = {"email": f"{uuid.uuid4().hex}@example.com", "password": "x" * 12}
        for _ in range(60):
            answer = client.post("/api/accounts/login", json=body)
            if answer.status_code == 429:
                break
        assert answer.status_code == 429
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert int(answer.headers["retry-after"]) >= 1


def test_the_idle_stack_stays_under_one_and_a_half_gigabytes(run: dict[str, Any]) -> None:
    """Resident memory, shared pages counted once (PSS), of the supervisor and everything below it."""
    supervisor = psutil.Process(run["pids"]["supervisor"])
    processes = [supervisor, *supervisor.children(recursive=True)]
    total_bytes = sum(p.memory_full_info().pss for p in processes)
    assert total_bytes < 1.5e9, {p.name(): p.memory_full_info().pss // 1_000_000 for p in processes}

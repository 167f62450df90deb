"""Analyses of a survey: an interview submitted before the request is in its figures, however busy the workers are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from tests.conftest import Clients, Person

DEFINITION = {
    "languages": ["en"],
    "pages": [
        {
            "code": "p1",
            "questions": [
                {
                    "code": "drink",
                    "type": "single_choice",
                    "text": {"en": "Tea or coffee?"},
                    "options": [
                        {"code": "tea", "text": {"en": "Tea"}},
                        {"code": "coffee", "text": {"en": "Coffee"}},
                    ],
                },
                {"code": "cups", "type": "number", "text": {"en": "Cups?"}, "show_if": "drink == 'coffee'"},
            ],
        }
    ],
}


async def interview(clients: Clients, survey_uuid: str, answers: Mapping[str, object]) -> None:
    started = await clients.ingestion.post(f"/public/surveys/{survey_uuid}/sessions", json={})
    token = started.json()["token"]
    await clients.ingestion.put(f"/public/sessions/{token}/answers", json={"answers": answers})
    ended = await clients.ingestion.post(f"/public/sessions/{token}/submit", json={})
    assert ended.json()["status"] == "complete", ended.text


async def test_interviews_submitted_before_the_request_are_counted(
    clients: Clients, project: int, alice: Person, drain: Callable[[], Awaitable[None]]
) -> None:
    body = {"title": "Drinks", "layout_style": "CLASSIC", "theme_config": {}, "definition": DEFINITION}
    made = await clients.ingestion.post(f"/api/projects/{project}/surveys", json=body, headers=alice.headers)
    survey = made.json()
    await clients.ingestion.post(f"/api/surveys/{survey['id']}/publish", json={}, headers=alice.headers)
    for answers in ({"drink": "tea"}, {"drink": "coffee", "cups": 4}, {"drink": "coffee", "cups": 2}):
        await interview(clients, survey["uuid"], answers)
    read = await clients.ingestion.get(f"/api/surveys/{survey['id']}", headers=alice.headers)
    dataset_id = read.json()["dataset_id"]

    async def analyse(kind: str, parameters: dict[str, object]) -> dict[str, object]:
        request = {"dataset_id": dataset_id, "calculation_type": kind, "parameters": parameters}
        asked = asyncio.create_task(
            clients.analytics.post(
                f"/api/projects/{project}/analyses",
                json=request,
                headers={**alice.headers, "Prefer": "wait=20"},
            )
        )
        while not asked.done():
            await drain()
        result: dict[str, object] = asked.result().json()
        assert result["status"] == "SUCCESS", result
        return result

    frequency = await analyse("FREQUENCY", {"variables": ["drink"]})
    assert frequency["result_data"]["tables"][0]["count"] == [1, 2]  # type: ignore[index] # JSON
    mean = await analyse("MEAN", {"variable": "cups"})
    assert mean["result_data"]["groups"][0]["mean"] == 3  # type: ignore[index] # JSON
    assert mean["result_data"]["missing"] == 1  # type: ignore[index] # JSON
    await interview(clients, survey["uuid"], {"drink": "tea"})
    again = await analyse("FREQUENCY", {"variables": ["drink"]})
    assert again["result_data"]["tables"][0]["count"] == [2, 2]  # type: ignore[index] # JSON
    assert again["id"] != frequency["id"]

"""Definitions that the survey tests ask, and small helpers around the doors."""

from typing import Any

import httpx2


def text(words: str) -> dict[str, str]:
    """A text in English."""
    return {"en": words}


def options(*codes: str) -> list[dict[str, Any]]:
    """Options whose text is their code, capitalised."""
    return [{"code": code, "text": text(code.capitalize())} for code in codes]


DRINKS: dict[str, Any] = {
    "languages": ["en"],
    "pages": [
        {
            "code": "p1",
            "questions": [
                {
                    "code": "drink",
                    "type": "single_choice",
                    "required": True,
                    "text": text("Tea or coffee?"),
                    "options": options("tea", "coffee"),
                },
                {
                    "code": "cups",
                    "type": "number",
                    "text": text("Cups a day?"),
                    "show_if": "drink == 'coffee'",
                },
                {"code": "why", "type": "long_text", "text": text("Why <b>that</b>?")},
            ],
        }
    ],
}


async def published(
    client: httpx2.AsyncClient,
    project: int,
    headers: dict[str, str],
    definition: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A published survey, as its owner reads it."""
    body = {"title": "Drinks", "definition": definition or DRINKS, **fields}
    made = await client.post(f"/api/projects/{project}/surveys", json=body, headers=headers)
    assert made.status_code == 201, made.text
    answer = await client.post(f"/api/surveys/{made.json()['id']}/publish", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def begun(client: httpx2.AsyncClient, survey: dict[str, Any], **body: Any) -> str:
    """The token of a new interview."""
    answer = await client.post(f"/public/surveys/{survey['uuid']}/sessions", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


async def interviewed(client: httpx2.AsyncClient, survey: dict[str, Any], answers: dict[str, Any]) -> str:
    """The token of a new interview that was answered and submitted."""
    token = await begun(client, survey)
    stored = await client.put(f"/public/sessions/{token}/answers", json={"answers": answers})
    assert stored.status_code == 200, stored.text
    done = await client.post(f"/public/sessions/{token}/submit", json={})
    assert done.status_code == 200, done.text
    return token

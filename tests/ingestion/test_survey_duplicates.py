"""Interviews that look alike: flagged and never refused, through either door, also when they are sent at once."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import DRINKS, begun, published

TEA = {"answers": {"drink": "tea"}}


@pytest.fixture
async def survey(clients: Clients, alice: Person, project: int) -> dict[str, Any]:
    return await published(clients.ingestion, project, alice.headers, DRINKS)


async def answered(clients: Clients, survey: dict[str, Any], *, body: Any = None, **shown: str) -> str:
    """The token of an interview that has all its answers, begun by somebody who shows these headers."""
    headers = {name.replace("_", "-"): value for name, value in shown.items()}
    path = f"/public/surveys/{survey['uuid']}/sessions"
    begun = await clients.ingestion.post(path, json=body or {}, headers=headers)
    token = str(begun.json()["token"])
    assert (await clients.ingestion.put(f"/public/sessions/{token}/answers", json=TEA)).status_code == 200
    return token


async def submit(clients: Clients, token: str) -> None:
    done = await clients.ingestion.post(f"/public/sessions/{token}/submit")
    assert (done.status_code, done.json()["status"]) == (200, "complete"), "a doubt refuses nothing"


async def doubts(clients: Clients, person: Person, survey: dict[str, Any]) -> list[Any]:
    """The flags of each interview, in the order in which they began."""
    found = await clients.ingestion.get(f"/api/surveys/{survey['id']}/responses", headers=person.headers)
    assert "fingerprint" not in found.text
    listed = sorted(found.json()["items"], key=lambda item: item["id"])
    return [[(flag["kind"], flag["score"], flag["evidence"]) for flag in item["flags"]] for item in listed]


async def test_the_second_interview_from_one_browser_is_flagged_and_one_from_another_is_not(
    clients: Clients, browser: Browser, alice: Person, survey: dict[str, Any]
) -> None:
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send("submit", drink="tea")
    assert "<form" not in browser.page, browser.page
    people = {"email": "ada@example.com"}
    added = await clients.ingestion.post(
        f"/api/surveys/{survey['id']}/participants", json=people, headers=alice.headers
    )
    link = {"participant": added.json()["link"].rpartition("/")[2]}
    await submit(clients, await answered(clients, survey))
    await submit(clients, await answered(clients, survey, user_agent="Another/1"))
    await submit(clients, await answered(clients, survey, accept_language="fr"))
    await submit(clients, await answered(clients, survey, body=link))
    await begun(clients.ingestion, survey)
    await submit(clients, await answered(clients, survey))
    assert await doubts(clients, alice, survey) == [
        [],
        [("duplicate", 0.5, {"others": 1})],
        [],
        [],
        [],  # a personal link says who it is, but counts among the others
        [],  # under way
        [("duplicate", 0.75, {"others": 3})],
    ]
    results = await clients.ingestion.get(f"/api/surveys/{survey['id']}/results", headers=alice.headers)
    assert results.json()["flagged"] == {"duplicate": 2}


async def test_interviews_that_are_sent_at_once_are_counted_one_after_the_other(
    clients: Clients, alice: Person, survey: dict[str, Any]
) -> None:
    tokens = [await answered(clients, survey) for _ in range(4)]
    await asyncio.gather(*(submit(clients, token) for token in tokens))
    found = await doubts(clients, alice, survey)
    assert sorted(flag[2]["others"] for flags in found for flag in flags) == [1, 2, 3]

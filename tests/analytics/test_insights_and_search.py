"""Findings: written, edited with entity tags, found again by their words, hidden from others."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.analytics.conftest import Analyse
from tests.conftest import Clients, Person

Member = Callable[[str], Awaitable[Person]]


async def written(clients: Clients, project: int, who: Person, **body: Any) -> dict[str, Any]:
    answer = await clients.analytics.post(f"/api/projects/{project}/insights", json=body, headers=who.headers)
    assert answer.status_code == 201, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def test_a_finding_keeps_what_it_was_drawn_from(
    clients: Clients, project: int, alice: Person, voters: int, analyse: Analyse
) -> None:
    result = await analyse(voters, "MEAN", {"variable": "age"})
    made = await written(clients, project, alice, title="Old voters", analysis_result_id=result["id"])
    read = await clients.analytics.get(f"/api/insights/{made['id']}", headers=alice.headers)
    assert read.json() == made
    assert made["ai_generated"] is False
    assert made["created_by_id"] == alice.user_id
    await clients.analytics.delete(f"/api/analyses/{result['id']}", headers=alice.headers)
    kept = await clients.analytics.get(f"/api/insights/{made['id']}", headers=alice.headers)
    assert kept.json()["analysis_result_id"] is None


async def test_an_edit_of_an_older_revision_is_refused(clients: Clients, project: int, alice: Person) -> None:
    made = await written(clients, project, alice, title="First", body="words")
    path = f"/api/insights/{made['id']}"
    edited = await clients.analytics.patch(
        path, json={"title": "Second"}, headers={**alice.headers, "If-Match": '"1"'}
    )
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    assert (edited.json()["title"], edited.json()["body"]) == ("Second", "words")
    late = await clients.analytics.patch(
        path, json={"title": "Third"}, headers={**alice.headers, "If-Match": '"1"'}
    )
    assert late.status_code == 412
    assert (await clients.analytics.get(path, headers=alice.headers)).json()["title"] == "Second"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/title"),
        ({"title": "  "}, "/title"),
        ({"title": "x" * 256}, "/title"),
        ({"title": "x", "analysis_result_id": 999_999_999}, "/analysis_result_id"),
        ({"title": "x", "ai_generated": True}, "/ai_generated"),
        ({"title": "x\u0000y"}, "/title"),
    ],
)
async def test_a_finding_that_does_not_fit_is_refused_with_a_pointer(
    clients: Clients, project: int, alice: Person, body: dict[str, Any], pointer: str
) -> None:
    answer = await clients.analytics.post(
        f"/api/projects/{project}/insights", json=body, headers=alice.headers
    )
    assert answer.status_code == 422, answer.text
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]


async def test_findings_are_found_by_stem_by_plain_word_and_by_phrase(
    clients: Clients, project: int, team: int, alice: Person
) -> None:
    first = await written(
        clients, project, alice, title="Southerners vote yes more often", body="A planted one."
    )
    second = await written(
        clients, project, alice, title="Preisempfinden", body="Die Mehrheit findet Müsli zu teuer."
    )
    for words, found in (
        ("southerners", first),
        ("voting", first),
        ('"vote yes"', first),
        ("Müsli", second),
        ("preisempfinden", second),
    ):
        for path in (f"/api/projects/{project}/search", f"/api/teams/{team}/search"):
            answer = await clients.analytics.get(path, params={"q": words}, headers=alice.headers)
            items = answer.json()["items"]
            assert [item["id"] for item in items] == [found["id"]], (words, path)
            assert items[0]["kind"] == "insight"
            assert items[0]["score"] > 0
            assert items[0]["title"] == found["title"]
    nothing = await clients.analytics.get(
        f"/api/projects/{project}/search", params={"q": "zebra"}, headers=alice.headers
    )
    assert nothing.json()["items"] == []


@pytest.mark.parametrize(
    "words", ["'", '"', "a & | ! b", "-", "(((", ":*", "\\", "\u0000x", "😀", "x" * 1000]
)
async def test_any_text_can_be_searched_for(
    clients: Clients, project: int, alice: Person, words: str
) -> None:
    answer = await clients.analytics.get(
        f"/api/projects/{project}/search", params={"q": words}, headers=alice.headers
    )
    assert answer.status_code == 200, answer.text


async def test_title_outranks_body(clients: Clients, project: int, alice: Person) -> None:
    low = await written(clients, project, alice, title="Something else", body="Coffee is mentioned here.")
    high = await written(clients, project, alice, title="Coffee leads", body="By far.")
    answer = await clients.analytics.get(
        f"/api/projects/{project}/search", params={"q": "coffee"}, headers=alice.headers
    )
    assert [item["id"] for item in answer.json()["items"]] == [high["id"], low["id"]]


async def test_others_see_no_finding_and_viewers_write_none(
    *, clients: Clients, project: int, team: int, alice: Person, mallory: Person, member: Member
) -> None:
    made = await written(clients, project, alice, title="Secret southerners")
    path = f"/api/insights/{made['id']}"
    for address in (path, f"/api/projects/{project}/insights", f"/api/projects/{project}/search?q=secret"):
        assert (await clients.analytics.get(address, headers=mallory.headers)).status_code == 404
    assert (
        await clients.analytics.get(f"/api/teams/{team}/search?q=secret", headers=mallory.headers)
    ).status_code == 404
    assert (
        await clients.analytics.patch(path, json={"title": "x"}, headers=mallory.headers)
    ).status_code == 404
    assert (await clients.analytics.delete(path, headers=mallory.headers)).status_code == 404
    viewer = await member("VIEWER")
    assert (await clients.analytics.get(path, headers=viewer.headers)).status_code == 200
    assert (
        await clients.analytics.patch(path, json={"title": "x"}, headers=viewer.headers)
    ).status_code == 403
    answer = await clients.analytics.post(
        f"/api/projects/{project}/insights", json={"title": "x"}, headers=viewer.headers
    )
    assert answer.status_code == 403


async def test_findings_are_listed_announced_and_deleted(
    clients: Clients, project: int, alice: Person, owner: Any
) -> None:
    made = [await written(clients, project, alice, title=f"Finding {i}") for i in range(3)]
    listed = await clients.analytics.get(f"/api/projects/{project}/insights", headers=alice.headers)
    assert [item["id"] for item in listed.json()["items"]] == [one["id"] for one in reversed(made)]
    gone = await clients.analytics.delete(f"/api/insights/{made[0]['id']}", headers=alice.headers)
    assert gone.status_code == 204
    missing = await clients.analytics.get(f"/api/insights/{made[0]['id']}", headers=alice.headers)
    assert missing.status_code == 404
    rows = await owner.fetch(
        "SELECT envelope FROM messaging_outbox WHERE project_id = $1 AND type = 'insight-created' ORDER BY id",
        project,
    )
    assert [json.loads(row["envelope"])["data"]["insight_id"] for row in rows] == [one["id"] for one in made]

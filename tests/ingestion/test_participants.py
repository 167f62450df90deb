"""Participants: lists, personal links, one interview per link whatever happens at once, and nobody else's business."""

import asyncio
import csv
import io
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.ingestion.domain.survey.participants import token_of
from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import DRINKS, published, text

HIDDEN = {"code": "region", "type": "hidden", "text": text("Region")}
DEFINITION = {
    **DRINKS,
    "languages": ["en", "de"],
    "pages": [{**DRINKS["pages"][0], "questions": [HIDDEN, *DRINKS["pages"][0]["questions"]]}],
}
TEA = {"answers": {"drink": "tea"}}
LIST = "email;id;language;region\nada@example.com;1;de;north\nnobody;2;;\nbo@example.com;3;;south\nADA@example.com;;;\n"


@pytest.fixture
async def survey(clients: Clients, alice: Person, project: int) -> dict[str, Any]:
    return await published(clients.ingestion, project, alice.headers, DEFINITION)


def path(survey: dict[str, Any], below: str = "") -> str:
    return f"/api/surveys/{survey['id']}/participants{below}"


async def imported(clients: Clients, person: Person, survey: dict[str, Any], content: str) -> httpx2.Response:
    headers = person.headers | {"Content-Type": "text/csv"}
    return await clients.ingestion.post(path(survey, "/import"), content=content.encode(), headers=headers)


async def listed(
    clients: Clients, person: Person, survey: dict[str, Any], **query: str
) -> list[dict[str, Any]]:
    answer = await clients.ingestion.get(path(survey), params=query, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def added(clients: Clients, person: Person, survey: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"email": "ada@example.com", **fields}
    answer = await clients.ingestion.post(path(survey), json=body, headers=person.headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def local(link: str) -> str:
    """The path of a link."""
    return link[link.index("/s/") :]


async def responses(clients: Clients, person: Person, survey: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await clients.ingestion.get(f"/api/surveys/{survey['id']}/responses", headers=person.headers)
    return list(answer.json()["items"])


async def test_a_list_is_taken_in_once_and_every_other_line_is_told(
    clients: Clients, alice: Person, survey: dict[str, Any]
) -> None:
    first = (await imported(clients, alice, survey, LIST)).json()
    assert (first["added"], first["n_rejected"], first["n_duplicates"]) == (2, 1, 1)
    assert first["rejected"][0]["line"] == 3
    assert (first["delimiter"], first["attributes"]) == ("semicolon", ["region"])
    again = (await imported(clients, alice, survey, LIST)).json()
    assert (again["added"], [note["line"] for note in again["duplicates"]]) == (0, [5, 2, 4])
    refused = await imported(clients, alice, survey, "name\nAda\n")
    assert (refused.status_code, "`email` or `id`" in refused.json()["detail"]) == (422, True)
    people = await listed(clients, alice, survey)
    assert [(one["email"], one["external_id"], one["status"]) for one in people] == [
        ("ada@example.com", "1", "new"),
        ("bo@example.com", "3", "new"),
    ]
    taken = await clients.ingestion.post(
        path(survey), json={"email": "Bo@Example.com"}, headers=alice.headers
    )
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/participant-exists")
    exported = await clients.ingestion.get(path(survey, "/links"), headers=alice.headers)
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert [(row["email"], row["link"]) for row in rows] == [(one["email"], one["link"]) for one in people]
    assert len({row["link"] for row in rows}) == 2


async def test_a_personal_link_fills_hidden_fields_and_is_opened_without_a_trace(
    clients: Clients, browser: Browser, alice: Person, survey: dict[str, Any]
) -> None:
    somebody = await added(clients, alice, survey, language="de", attributes={"region": "north"})
    link = local(somebody["link"])
    for method in ("HEAD", "GET", "GET"):
        opened = await browser.http.request(method, link, params={"region": "south"})
        assert opened.status_code == 303
    token = link.rpartition("/")[2]
    assert opened.headers["location"] == f"/s/{survey['uuid']}?region=south&lang=de"
    assert (opened.headers["referrer-policy"], "HttpOnly" in opened.headers["set-cookie"]) == (
        "no-referrer",
        True,
    )
    await browser.open(opened.headers["location"])
    assert ("Antworten absenden" in browser.page, token in browser.page) == (True, False)
    assert await responses(clients, alice, survey) == []
    assert (await listed(clients, alice, survey))[0]["status"] == "new", "scanners open links too"
    await browser.send(drink="coffee")
    assert (await listed(clients, alice, survey, status="started"))[0]["id"] == somebody["id"]
    (row,) = await responses(clients, alice, survey)
    assert (row["answers"], row["language"]) == ({"region": "north", "drink": "coffee"}, "de")


async def test_the_same_link_goes_on_in_another_browser_and_says_thanks_afterwards(
    clients: Clients, browser: Browser, alice: Person, survey: dict[str, Any]
) -> None:
    somebody = await added(clients, alice, survey)
    link = local(somebody["link"])
    begun = await browser.http.get(link)
    await browser.open(begun.headers["location"])
    await browser.send(drink="coffee")
    transport = httpx2.ASGITransport(clients.apps["ingestion"], client=("127.0.0.1", 50003))
    async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test", timeout=30) as http:
        other = Browser(http)
        await other.open((await http.get(link)).headers["location"])
        assert "Cups a day?" in other.page
        while "<form" in other.page:
            await other.send(drink="coffee", cups="2", why="")
        assert "Thank you" in other.page
        await other.open((await http.get(link)).headers["location"])
        assert ("Thank you" in other.page, "<form" in other.page) == (True, False)
    await browser.send(drink="tea")
    assert "Thank you" in browser.page, "the first browser learns that it is over"
    (row,) = await responses(clients, alice, survey)
    assert (row["status"], row["answers"]["drink"]) == ("complete", "coffee")
    assert [one["status"] for one in await listed(clients, alice, survey, status="complete")] == ["complete"]


async def test_one_link_used_everywhere_at_once_is_one_complete_interview(
    clients: Clients, alice: Person, survey: dict[str, Any]
) -> None:
    somebody = await added(clients, alice, survey)
    participant = somebody["link"].rpartition("/")[2]
    sessions = f"/public/surveys/{survey['uuid']}/sessions"

    async def from_a_device() -> str:
        begun = await clients.ingestion.post(sessions, json={"participant": participant})
        token = begun.json()["token"]
        await clients.ingestion.put(f"/public/sessions/{token}/answers", json=TEA)
        done = await clients.ingestion.post(f"/public/sessions/{token}/submit")
        return str(done.json()["status"])

    assert await asyncio.gather(*(from_a_device() for _ in range(6))) == ["complete"] * 6
    assert [row["status"] for row in await responses(clients, alice, survey)] == ["complete"]
    replayed = await clients.ingestion.post(sessions, json={"participant": participant})
    assert (replayed.status_code, replayed.json()["status"]) == (201, "complete")
    assert len(await responses(clients, alice, survey)) == 1


async def test_a_survey_by_invitation_is_closed_to_everybody_else(
    clients: Clients, browser: Browser, alice: Person, survey: dict[str, Any], mallory: Person
) -> None:
    rules = {"one_per": "participant", "password": "open sesame"}
    await clients.ingestion.patch(f"/api/surveys/{survey['id']}/access", json=rules, headers=alice.headers)
    somebody = await added(clients, alice, survey)
    sessions = f"/public/surveys/{survey['uuid']}/sessions"
    other = await published(clients.ingestion, survey["project_id"], alice.headers)
    elsewhere = (await added(clients, alice, other))["link"].rpartition("/")[2]
    guessed = token_of("x" * 32, UUID(survey["uuid"]), UUID(other["uuid"]))
    for forged in (elsewhere, guessed, "x", somebody["link"].rpartition("/")[2].swapcase()):
        answer = await clients.ingestion.post(sessions, json={"participant": forged})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/personal-link-needed"), forged
        page = await browser.open(f"/s/{survey['uuid']}/p/{forged}")
        assert (page.status_code, "set-cookie" in page.headers) == (404, False)
    plain = await clients.ingestion.post(sessions, json={"password": "open sesame"})
    assert plain.status_code == 403
    opened = await browser.http.get(local(somebody["link"]))
    await browser.open(opened.headers["location"])
    assert "Tea or coffee?" in browser.page, "a personal link stands for the password"
    removed = await clients.ingestion.delete(path(survey, f"/{somebody['id']}"), headers=mallory.headers)
    assert removed.status_code == 404
    removed = await clients.ingestion.delete(path(survey, f"/{somebody['id']}"), headers=alice.headers)
    assert removed.status_code == 204
    await browser.send(drink="tea")
    assert (browser.status, "needs a personal link" in browser.page) == (403, True)
    assert await responses(clients, alice, survey) == []


async def test_addresses_and_links_are_for_members_of_the_team_who_may_edit(
    clients: Clients, alice: Person, mallory: Person, team: int, survey: dict[str, Any]
) -> None:
    somebody = await added(clients, alice, survey)
    for request in (
        clients.ingestion.get(path(survey), headers=mallory.headers),
        clients.ingestion.get(path(survey, "/links"), headers=mallory.headers),
        clients.ingestion.post(path(survey), json={"email": "m@example.com"}, headers=mallory.headers),
        imported(clients, mallory, survey, LIST),
    ):
        assert (await request).status_code == 404
    foreign = await published(clients.ingestion, survey["project_id"], alice.headers)
    wrong = path(foreign, f"/{somebody['id']}")
    assert (await clients.ingestion.delete(wrong, headers=alice.headers)).status_code == 404

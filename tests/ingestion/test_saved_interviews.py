"""Saving an interview to go on later, by a link that leads to the page where it stood."""

import html
import re
from typing import Any

import httpx2
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import options, published, text

PAGES = [
    {
        "code": f"p{n}",
        "questions": [
            {
                "code": f"q{n}",
                "type": "single_choice",
                "required": True,
                "text": text(f"Question {n}?"),
                "options": options("yes", "no"),
            },
            {"code": f"why{n}", "type": "short_text", "text": text(f"Why {n}?")},
        ],
    }
    for n in range(3)
]


def link_in(page: str) -> str:
    """The path of the link that the page shows."""
    found = re.search(r'readonly value="[^"]*?(/s/[^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


@pytest.mark.parametrize("layout", ["CLASSIC", "FOCUS"])
async def test_a_saved_interview_goes_on_at_its_page_in_another_browser(
    clients: Clients, browser: Browser, alice: Person, project: int, layout: str
) -> None:
    definition = {"languages": ["en"], "pages": PAGES}
    survey = await published(clients.ingestion, project, alice.headers, definition, layout_style=layout)
    address = f"/s/{survey['uuid']}"
    await browser.open(address)
    await browser.send(q0="yes", why0="so")
    while "Why 1?" not in browser.page:
        await browser.send(q0="yes", q1="no", why0="so")
    saved = await browser.send("save", why1="half a sent")
    assert saved.headers["location"] == f"{address}/saved"
    link = link_in(browser.page)
    token = link.rpartition("/")[2]
    transport = httpx2.ASGITransport(clients.apps["ingestion"], client=("127.0.0.1", 50004))
    async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test", timeout=30) as http:
        other = Browser(http)
        opened = await http.get(link)
        assert (opened.status_code, opened.headers["referrer-policy"]) == (303, "no-referrer")
        assert token not in opened.headers["location"]
        await other.open(opened.headers["location"])
        assert ("Why 1?" in other.page, "half a sent" in other.page, token in other.page) == (
            True,
            True,
            False,
        )
        while "<form" in other.page:
            await other.send(q1="no", why1="a sentence", q2="yes", why2="")
        assert "Thank you" in other.page
        await other.open((await http.get(link)).headers["location"])
        assert "Thank you" in other.page, "the link does not open a second interview"
        assert (await http.get(f"{address}/saved")).status_code == 303
        for forged in ("x", token[:-1], token.swapcase()):
            page = await http.get(f"{address}/r/{forged}")
            assert (page.status_code, "set-cookie" in page.headers) == (404, False)
    listed = await clients.ingestion.get(f"/api/surveys/{survey['id']}/responses", headers=alice.headers)
    assert [(row["status"], row["answers"]["why1"]) for row in listed.json()["items"]] == [
        ("complete", "a sentence")
    ]


async def test_a_participant_is_shown_the_personal_link(
    clients: Clients, browser: Browser, alice: Person, project: int
) -> None:
    survey: dict[str, Any] = await published(
        clients.ingestion, project, alice.headers, {"languages": ["en"], "pages": PAGES}
    )
    path = f"/api/surveys/{survey['id']}/participants"
    made = await clients.ingestion.post(path, json={"email": "ada@example.com"}, headers=alice.headers)
    link = made.json()["link"]
    opened = await browser.http.get(link[link.index("/s/") :])
    await browser.open(opened.headers["location"])
    await browser.send("save", q0="yes")
    assert link.endswith(link_in(browser.page))
    await browser.http.get(f"/s/{survey['uuid']}/saved")
    await browser.open(f"/s/{survey['uuid']}")
    assert "Question 0?" in browser.page

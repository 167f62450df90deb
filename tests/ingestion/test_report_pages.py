"""The import report as a page: who may open it and how, and that it says what was understood."""

from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.ingestion.domain.report_links import LIFE_S, LinkHolder, make_link_token, read_link_token
from tests.conftest import Clients, Person
from tests.ingestion.test_files import upload

Drain = Callable[[], Awaitable[None]]
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TABLE = (
    b"id;region;when;age\n"
    + b"".join(
        f"{i};{'Nord' if i % 3 else 'S<b>d'};{i % 28 + 1:02}.05.2024;{20 + i % 40}\n".encode()
        for i in range(60)
    )
    + b"60;Nord;01.05.2024;old\n61;Nord;01.05.2024\n62;a;b;c;d;e\n"
)


async def opened(clients: Clients, address: str, **headers: str) -> Any:
    return await clients.ingestion.get(address, headers=HTML | headers)


async def link_of(clients: Clients, person: Person, file_id: int) -> str:
    answer = await clients.ingestion.get(f"/api/files/{file_id}/report/link", headers=person.headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_in"] == LIFE_S
    address = urlsplit(answer.json()["url"])
    return f"{address.path}?{address.query}"


class Outline(HTMLParser):
    """Levels of headings in their order, ids, and the places that links and labels name."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.named: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.attributes |= found.keys()
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.levels.append(int(tag[1]))
        if "id" in found:
            self.ids.append(found["id"])
        if found.get("href", "").startswith("#"):
            self.named.append(found["href"][1:])
        self.named += found.get("aria-labelledby", "").split()


async def test_a_link_opens_the_page_without_a_token_in_the_header(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await upload(clients, alice, project, TABLE, "wave <1>.csv")
    await drain()
    answer = await opened(clients, await link_of(clients, alice, file["id"]))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert "script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = LexborHTMLParser(answer.text)
    assert [h.text() for h in page.css("h1")] == ["wave <1>.csv"]
    text = page.text(separator=" ")
    for words in (
        "semicolon",
        "S<b>d",
        "rows rejected",
        "Rows left out",
        "Line 64",
        "Rows repaired",
        "old",
        "whole number",
    ):
        assert words in text, words
    assert len(page.css("tbody tr")) == 50
    assert [cell.text() for cell in page.css("tbody tr td")[:2]] == ["0", "S<b>d"]


async def test_the_page_has_an_outline_and_no_link_that_leads_nowhere(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await upload(clients, alice, project, TABLE)
    await drain()
    answer = await opened(clients, f"/api/files/{file['id']}/report", **alice.headers)
    outline = Outline()
    outline.feed(answer.text)
    assert outline.levels[0] == 1
    assert all(b <= a + 1 for a, b in zip(outline.levels, outline.levels[1:], strict=False))
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.named) <= set(outline.ids)
    assert not {"style", "onclick"} & outline.attributes
    [style] = [one.attributes["href"] for one in LexborHTMLParser(answer.text).css("link[rel=stylesheet]")]
    assert (await clients.ingestion.get(str(style))).headers["content-type"] == "text/css; charset=utf-8"


async def test_programs_get_json_at_the_same_address(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await upload(clients, alice, project, TABLE)
    await drain()
    answer = await clients.ingestion.get(await link_of(clients, alice, file["id"]))
    assert answer.json()["dialect"]["delimiter"] == "semicolon"
    answer = await clients.ingestion.get(f"/api/files/{file['id']}/report")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_nobody_else_opens_the_page(
    clients: Clients, drain: Drain, alice: Person, mallory: Person, project: int
) -> None:
    file = await upload(clients, alice, project, TABLE)
    await drain()
    address = await link_of(clients, alice, file["id"])
    assert (await opened(clients, f"/api/files/{file['id']}/report")).status_code == 401
    assert (await opened(clients, address[:-3] + "AAA")).status_code == 401
    foreign = await opened(clients, f"/api/files/{file['id']}/report", **mallory.headers)
    assert (foreign.status_code, foreign.headers["content-type"]) == (404, "text/html; charset=utf-8")
    answer = await clients.ingestion.get(f"/api/files/{file['id']}/report/link", headers=mallory.headers)
    assert answer.status_code == 404
    # A link is as good as the log-in it was asked for in, and no longer.
    second = await upload(clients, alice, project, TABLE)
    other = address.replace(f"/files/{file['id']}/", f"/files/{second['id']}/")
    assert (await opened(clients, other)).status_code == 401


async def test_a_link_ends_with_the_log_in(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await upload(clients, alice, project, TABLE)
    await drain()
    address = await link_of(clients, alice, file["id"])
    sessions = (await clients.identity.get("/api/accounts/me/sessions", headers=alice.headers)).json()
    items = sessions["items"] if isinstance(sessions, dict) else sessions
    for one in items:
        await clients.identity.delete(f"/api/accounts/me/sessions/{one['id']}", headers=alice.headers)
    assert (await opened(clients, address)).status_code == 401


async def test_a_file_that_failed_or_waits_has_a_page_that_says_so(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await upload(clients, alice, project, b"a,b\n")
    waiting = await opened(clients, f"/api/files/{file['id']}/report", **alice.headers)
    assert (waiting.status_code, "PENDING" in waiting.text) == (409, True)
    await drain()
    failed = await opened(clients, f"/api/files/{file['id']}/report", **alice.headers)
    assert failed.status_code == 200
    assert "no row below it" in failed.text
    assert "Export the table with its rows" in failed.text


@pytest.mark.parametrize("age_s", [0, LIFE_S])
def test_a_token_is_good_for_its_file_and_its_time(age_s: int) -> None:
    holder = LinkHolder(7, "0190-session", None)
    token = make_link_token("k" * 32, 12, holder, now_s=1_000)
    assert read_link_token("k" * 32, 12, token, now_s=1_000 + age_s) == holder


@pytest.mark.parametrize(
    ("secret", "file_id", "now_s", "cut"),
    [
        ("x" * 32, 12, 1_000, 0),
        ("k" * 32, 13, 1_000, 0),
        ("k" * 32, 12, 1_001 + LIFE_S, 0),
        ("k" * 32, 12, 1_000, 1),
    ],
)
def test_a_token_that_is_not_ours_is_nobodys(secret: str, file_id: int, now_s: int, cut: int) -> None:
    token = make_link_token("k" * 32, 12, LinkHolder(7, "0190-session", 3), now_s=1_000)
    assert read_link_token(secret, file_id, token[cut:], now_s=now_s) is None
    assert read_link_token(secret, file_id, "é" + token, now_s=now_s) is None


async def test_a_key_that_reads_files_gets_a_link_and_one_that_does_not_gets_none(
    clients: Clients, drain: Drain, alice: Person, team: int, project: int
) -> None:
    file = await upload(clients, alice, project, TABLE)
    await drain()
    answers = []
    for scope in ("files:read", "surveys:read"):
        body = {"name": scope, "scopes": [scope]}
        made = await clients.identity.post(f"/api/teams/{team}/api-keys", json=body, headers=alice.headers)
        headers = {"Authorization": f"Bearer {made.json()['key']}"}
        path = f"/api/files/{file['id']}/report/link"
        answers.append(await clients.ingestion.get(path, headers=headers))
    assert [answer.status_code for answer in answers] == [200, 403]
    address = urlsplit(answers[0].json()["url"])
    assert (await opened(clients, f"{address.path}?{address.query}")).status_code == 200


async def test_what_looks_like_personal_data_stands_nowhere_on_the_page(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    rows = "".join(f"ann{i}@example.org,{i % 7}\n" for i in range(60))
    file = await upload(clients, alice, project, f"mail,score\n{rows}".encode())
    await drain()
    answer = await opened(clients, f"/api/files/{file['id']}/report", **alice.headers)
    assert "Looks like personal data" in answer.text
    assert "@example.org" not in answer.text
    page = LexborHTMLParser(answer.text)
    assert [cell.text() for cell in page.css("tbody tr td")[:2]] == ["hidden", "0"]
    assert len(page.css("svg.bins rect")) > 1

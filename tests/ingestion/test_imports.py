"""Imports by address: fetched by the worker through the guarded client, judged by bytes, kept as any original."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pytest

from kernel.objects import Objects
from services.ingestion.app import create
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack
from tests.ingestion.test_files import read, upload
from tests.seo.local_site import LocalSite, Reply, serving

Drain = Callable[[], Awaitable[None]]
TABLE = "region,age\nNord,34\nSüd,51\nOst,27\n"
CSV = {"Content-Type": "text/csv", "ETag": '"v1"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}


@pytest.fixture
async def site() -> AsyncIterator[LocalSite]:
    """A website with files, pages, and ways between them."""
    pages: dict[str, Reply | str] = {
        "/data/wave%201.csv": Reply(TABLE, headers=CSV),
        "/told": Reply(TABLE, headers={"Content-Disposition": 'attachment; filename="panel.csv"'}),
        "/moved": Reply("", 302, {"Location": "/data/wave%201.csv"}),
        "/inward": Reply("", 302, {"Location": "http://169.254.169.254/latest/meta-data/"}),
        "/page": "<!doctype html><title>Download here</title>",
        "/secret": Reply("no", 401),
        "/broken": Reply("a,b\n1,2\n", headers={"Content-Length": "5000"}),
        "/busy": Reply("later", 503),
        "/large": Reply("a,b\n" + "1,2\n" * 5000),
        "/empty": Reply(""),
    }
    async with serving(pages) as served:
        yield served


def bucket(clients: Clients) -> Objects:
    objects: Objects = clients.apps["ingestion"].state.resources.objects
    return objects


async def ask(clients: Clients, person: Person, project: int, url: str, **more: Any) -> httpx2.Response:
    where = f"/api/projects/{project}/imports"
    return await clients.ingestion.post(where, json={"url": url, **more}, headers=person.headers)


async def imported(
    clients: Clients, drain: Drain, person: Person, project: int, url: str, **more: Any
) -> Any:
    answer = await ask(clients, person, project, url, **more)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/files/{answer.json()['id']}"
    assert (answer.json()["upload_status"], answer.json()["sha256"]) == ("PENDING", "")
    await drain()
    return await read(clients, person, answer.json()["id"])


async def test_a_file_at_an_address_becomes_a_dataset_and_keeps_its_source(
    *, clients: Clients, drain: Drain, alice: Person, project: int, site: LocalSite, owner: asyncpg.Connection
) -> None:
    url = f"{site.base}/data/wave%201.csv"
    file = await imported(clients, drain, alice, project, url)
    assert (file["upload_status"], file["name"], len(file["dataset_ids"])) == ("SUCCESS", "wave 1.csv", 1)
    assert file["sha256"] == hashlib.sha256(TABLE.encode()).hexdigest()
    assert (file["source"]["url"], file["source"]["final_url"]) == (url, url)
    assert (file["source"]["etag"], file["source"]["last_modified"]) == ('"v1"', CSV["Last-Modified"])
    assert (await read(clients, alice, file["id"], "/report"))["source"]["url"] == url
    assert await bucket(clients).get(file["file"]) == TABLE.encode(), "the original is what was fetched"
    told = await owner.fetch("SELECT type FROM messaging_outbox WHERE project_id = $1 ORDER BY id", project)
    assert [row["type"] for row in told] == ["import-requested", "file-uploaded", "file-processed"]


async def test_redirects_are_followed_and_names_taken_from_who_knows_them(
    clients: Clients, drain: Drain, alice: Person, project: int, site: LocalSite
) -> None:
    moved = await imported(clients, drain, alice, project, f"{site.base}/moved")
    assert moved["source"]["final_url"] == f"{site.base}/data/wave%201.csv"
    told = await imported(clients, drain, alice, project, f"{site.base}/told")
    assert (told["name"], told["duplicate_of"]) == ("panel.csv", [moved["id"]])
    named = await imported(clients, drain, alice, project, f"{site.base}/told", name="mine.csv")
    assert named["name"] == "mine.csv"


@pytest.mark.parametrize(
    ("path", "slug", "words"),
    [
        ("/nowhere", "fetch-failed", "404"),
        ("/page", "address-of-a-web-page", "web page"),
        ("/secret", "address-not-public", "log-in"),
        ("/broken", "fetch-failed", "could not be fetched"),
        ("/inward", "address-refused", "169.254.169.254"),
        ("/empty", "file-empty", "0 bytes"),
    ],
)
async def test_what_gives_no_file_fails_with_a_reason_and_leaves_nothing(
    *,
    clients: Clients,
    drain: Drain,
    alice: Person,
    team: int,
    project: int,
    site: LocalSite,
    path: str,
    slug: str,
    words: str,
) -> None:
    file = await imported(clients, drain, alice, project, f"{site.base}{path}")
    assert (file["upload_status"], file["error"]["type"]) == ("FAILED", f"/problems/{slug}")
    assert words in file["error"]["detail"]
    assert file["error"]["hint"]
    n_kept = 1 if slug == "file-empty" else 0
    assert len(await bucket(clients).keys(f"teams/{team}/")) == n_kept


async def test_a_passing_fault_is_tried_again_before_it_is_told(
    clients: Clients, drain: Drain, alice: Person, project: int, site: LocalSite
) -> None:
    file = await imported(clients, drain, alice, project, f"{site.base}/busy")
    assert (file["upload_status"], file["error"]["type"]) == ("FAILED", "/problems/fetch-failed")
    assert site.asked["/busy"] == 3


async def test_known_content_is_refused_where_asked(
    clients: Clients, drain: Drain, alice: Person, team: int, project: int, *, site: LocalSite
) -> None:
    known = await upload(clients, alice, project, TABLE.encode())
    await drain()
    n_before = len(await bucket(clients).keys(f"teams/{team}/"))
    file = await imported(
        clients, drain, alice, project, f"{site.base}/data/wave%201.csv", on_duplicate="refuse"
    )
    assert (file["upload_status"], file["error"]["type"]) == ("FAILED", "/problems/duplicate-file")
    assert file["error"]["duplicate_of"] == [known["id"]]
    assert len(await bucket(clients).keys(f"teams/{team}/")) == n_before


async def test_a_file_deleted_while_it_is_fetched_leaves_nothing(
    *, clients: Clients, drain: Drain, alice: Person, team: int, project: int, site: LocalSite
) -> None:
    answer = await ask(clients, alice, project, f"{site.base}/told")
    gone = await clients.ingestion.delete(f"/api/files/{answer.json()['id']}", headers=alice.headers)
    assert gone.status_code == 204
    await drain()
    assert await bucket(clients).keys(f"teams/{team}/") == []
    assert site.asked["/told"] == 0


@pytest.fixture
async def public_only(stack: Stack, clients: Clients) -> AsyncIterator[httpx2.AsyncClient]:
    """The application of a deployment that does not allow private networks."""
    app = create(settings_of(stack, "ingestion", allow_private_networks=False))
    app.state.resources.verifier = clients.apps["ingestion"].state.resources.verifier
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://plugzero.test") as client,
    ):
        yield client


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.csv",
        "http://2130706433/a.csv",
        "http://0x7f.1/a.csv",
        "http://localhost/a.csv",
        "http://[::ffff:10.0.0.1]/a.csv",
        "http://169.254.169.254/latest/meta-data/",
        "http://example.org:5432/a.csv",
        "ftp://example.org/a.csv",
        "file:///etc/passwd",
        "survey.csv",
    ],
)
async def test_an_address_that_is_not_fetched_is_refused_with_the_field(
    public_only: httpx2.AsyncClient, alice: Person, project: int, url: str
) -> None:
    answer = await public_only.post(
        f"/api/projects/{project}/imports", json={"url": url}, headers=alice.headers
    )
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/url"


async def test_another_team_imports_nothing_and_a_viewer_neither(
    clients: Clients, alice: Person, mallory: Person, member: Callable[[str], Awaitable[Person]], project: int
) -> None:
    viewer, url = await member("VIEWER"), "https://example.org/a.csv"
    assert (await ask(clients, mallory, project, url)).status_code == 404
    assert (await ask(clients, viewer, project, url)).status_code == 403


async def test_an_import_asked_for_twice_under_one_key_is_one(
    clients: Clients, alice: Person, project: int, site: LocalSite
) -> None:
    where, body = f"/api/projects/{project}/imports", {"url": f"{site.base}/told"}
    headers = {**alice.headers, "Idempotency-Key": f"import-{project}"}
    first = await clients.ingestion.post(where, json=body, headers=headers)
    second = await clients.ingestion.post(where, json=body, headers=headers)
    assert (first.status_code, second.json()["id"]) == (202, first.json()["id"])

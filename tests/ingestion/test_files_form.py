"""The form of an upload: what it may hold, how its file is called, and what happens when it breaks off."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from kernel.objects import Objects
from tests.conftest import Clients, Person
from tests.ingestion.test_files import read, upload

Drain = Callable[[], Awaitable[None]]
CONTENT = b"a,b\n1,2\n3,4\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE: dict[str, Any] = {"file": ("a.csv", CONTENT, "text/csv")}


def bucket(clients: Clients) -> Objects:
    objects: Objects = clients.apps["ingestion"].state.resources.objects
    return objects


async def post(
    clients: Clients, person: Person, project: int, body: bytes, query: str = ""
) -> httpx2.Response:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    where = f"/api/projects/{project}/files{query}"
    return await clients.ingestion.post(where, content=body, headers={**person.headers, **kind})


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    head += "" if filename is None else f'; filename="{filename}"'
    return b"--x\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--x--\r\n"


@pytest.mark.parametrize("place", ["before", "after"])
async def test_an_announced_sha256_is_compared_wherever_it_stands(
    *, clients: Clients, alice: Person, team: int, project: int, place: str
) -> None:
    def arranged(sha256: str) -> bytes:
        parts = [part("sha256", sha256.encode()), part("file", CONTENT, "a.csv")]
        return form(*parts if place == "before" else reversed(parts))

    wrong = await post(clients, alice, project, arranged("f" * 64))
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/upload-mismatch")
    assert (wrong.json()["expected"], wrong.json()["found"]) == ("f" * 64, SHA256)
    assert await bucket(clients).keys(f"teams/{team}/") == []
    right = await post(clients, alice, project, arranged(SHA256.upper()))
    assert (right.status_code, right.json()["sha256"]) == (202, SHA256)


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        (form(part("data", CONTENT, "a.csv")), "/file", "named `data`"),
        (form(part("file", CONTENT, "a.csv"), part("file", CONTENT, "b.csv")), "/file", "more than one"),
        (form(part("file", CONTENT, "a.csv"), part("sha-256", b"x")), "/sha-256", "no such field"),
        (form(part("sha256", b"abc"), part("file", CONTENT, "a.csv")), "/sha256", "64 hexadecimal"),
        (form(part("sha256", b"z" * 5000), part("file", CONTENT, "a.csv")), "/sha256", "64 hexadecimal"),
        (form(part("sha256", SHA256.encode())), "/file", "no part named"),
    ],
)
async def test_a_form_that_holds_something_else_is_refused_with_a_pointer(
    *, clients: Clients, alice: Person, team: int, project: int, body: bytes, pointer: str, words: str
) -> None:
    answer = await post(clients, alice, project, body)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert words in error["detail"]
    assert await bucket(clients).keys(f"teams/{team}/") == []


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\wave 1.csv", "wave 1.csv"),
        ("report\u202evsc.exe", "reportvsc.exe"),
        ("a%22b%0D%0A.csv", 'a"b.csv'),
        ("ü" * 300 + ".csv", "ü" * 251 + ".csv"),
        ("", "upload"),
        (None, "upload"),
    ],
)
async def test_a_files_name_is_kept_as_far_as_it_is_safe(
    *, clients: Clients, alice: Person, project: int, sent: str | None, name: str
) -> None:
    answer = await post(clients, alice, project, form(part("file", CONTENT, sent)))
    assert answer.status_code == 202, answer.text
    assert answer.json()["name"] == name
    link = (await read(clients, alice, answer.json()["id"], "/download"))["url"]
    async with httpx2.AsyncClient(trust_env=False) as browser:
        got = await browser.get(link)
    assert got.headers["content-disposition"].startswith("attachment; ")
    assert got.headers["content-type"] == "binary/octet-stream"


async def test_a_name_that_deceives_is_no_new_name(clients: Clients, alice: Person, project: int) -> None:
    file = await upload(clients, alice, project, CONTENT)
    for name in ("x\u202evsc.exe", "a/b.csv", "a\nb.csv", ".."):
        answer = await clients.ingestion.patch(
            f"/api/files/{file['id']}", json={"name": name}, headers=alice.headers
        )
        assert answer.status_code == 422, name
        assert answer.json()["errors"][0]["pointer"] == "/name"


async def test_the_same_content_again_is_told_or_refused(
    clients: Clients, alice: Person, mallory: Person, team: int, project: int
) -> None:
    first = await upload(clients, alice, project, CONTENT, "a.csv")
    assert first["duplicate_of"] == []
    second = await upload(clients, alice, project, CONTENT, "b.csv")
    assert second["duplicate_of"] == [first["id"]]
    third = await post(clients, alice, project, form(part("file", CONTENT, "c.csv")), "?on_duplicate=refuse")
    assert (third.status_code, third.json()["type"]) == (409, "/problems/duplicate-file")
    assert third.json()["duplicate_of"] == [first["id"], second["id"]]
    assert len(await bucket(clients).keys(f"teams/{team}/")) == 2
    other = await clients.ingestion.post(
        "/api/projects", json={"team_id": team, "name": "b"}, headers=alice.headers
    )
    elsewhere = await upload(clients, alice, other.json()["id"], CONTENT)
    assert elsewhere["duplicate_of"] == [], "another project is another matter"
    listed = await clients.ingestion.get(f"/api/projects/{project}/files", headers=alice.headers)
    assert [f["duplicate_of"] for f in listed.json()["items"]] == [[first["id"]], []]
    await clients.ingestion.delete(f"/api/files/{first['id']}", headers=alice.headers)
    assert (await read(clients, alice, second["id"]))["duplicate_of"] == []

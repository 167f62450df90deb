"""Files of respondents: through the page and the JSON door, broken in every way, downloaded, counted, and swept."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import ProgrammingError

from kernel.db import Tenancy
from kernel.ids import hash_token
from services.ingestion.service import sweeps
from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser, Reader
from tests.ingestion.survey_definitions import begun, options, published, text
from tests.ingestion.test_surveys_dataset import Drain, rows

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
PDF = b"%PDF-1.7\n" + b"x" * 9_000
MOST_BYTES = 20_000
COPIED_TO_ANOTHER = """
INSERT INTO data_ingestion_responsefile
    (uuid, project_id, survey_response_id, question, object_key, name, kind, size_bytes, sha256)
SELECT gen_random_uuid(), project_id, survey_response_id + 1, question, object_key, name, kind, size_bytes, sha256
FROM data_ingestion_responsefile
"""


def asking(**fields: Any) -> dict[str, Any]:
    """A survey that asks for a picture of something, and for papers of whoever has some."""
    photo = {
        "code": "photo",
        "type": "file",
        "text": text("Show us."),
        "accept": ["image"],
        "max_bytes": MOST_BYTES,
    }
    has = {"code": "has", "type": "single_choice", "text": text("Papers?"), "options": options("yes", "no")}
    papers = {
        "code": "papers",
        "type": "file",
        "text": text("Which?"),
        "accept": ["pdf", "document"],
        "max_files": 2,
    }
    questions = [photo | fields, has, papers | {"show_if": "has == 'yes'"}]
    return {"pages": [{"code": "p", "questions": questions}]}


async def keys(clients: Clients, team: int) -> list[str]:
    """The respondents' files of a team in the object store."""
    listed = await clients.apps["ingestion"].state.resources.objects.keys(f"teams/{team}/")
    return [key for key in listed if "/responses/" in key]


async def sent(
    client: httpx2.AsyncClient, token: str, content: Any, name: str = "a.png", question: str = "photo"
) -> httpx2.Response:
    """A file sent to an interview as the body itself."""
    where = f"/public/sessions/{token}/files/{question}"
    return await client.post(where, params={"filename": name}, content=content)


async def answers(clients: Clients, token: str) -> dict[str, Any]:
    """The answers of an interview as its respondent sees them."""
    return dict((await clients.ingestion.get(f"/public/sessions/{token}")).json()["answers"])


@pytest.mark.parametrize("layout", ["CLASSIC", "FOCUS"])
async def test_a_file_is_sent_by_the_page_without_javascript_and_downloaded_by_the_researcher(
    *, clients: Clients, team: int, project: int, alice: Person, browser: Browser, layout: str
) -> None:
    survey = await published(
        clients.ingestion, project, alice.headers, asking(required=True), layout_style=layout
    )
    await browser.open(f"/s/{survey['uuid']}")
    also = {"has": "no"} if layout == "CLASSIC" else {}
    await browser.send(**also)
    assert (browser.status, "This question needs an answer." in browser.page) == (422, True)
    browser.chosen = [("f.photo", ("a.png", b"MZ\x90\0" + bytes(99)))]
    await browser.send(**also)
    assert browser.status == 422
    assert "a.png: this is none of the files that are asked for." in browser.page
    page = Reader(browser.page)
    assert page.points_to <= set(page.ids)
    browser.chosen = [("f.photo", ("big.png", PNG * 100))]
    await browser.send(**also)
    assert "big.png is larger than 0.02 MB." in browser.page
    assert await keys(clients, team) == []
    browser.chosen = [("f.photo", ("../my <photo>.exe", PNG))]
    await browser.send(**also)
    for _ in range(3):
        if "<form" in browser.page:
            await browser.send()
    assert "Thank you!" in browser.page
    url = f"/api/surveys/{survey['id']}/responses"
    (row,) = (await clients.ingestion.get(url, headers=alice.headers)).json()["items"]
    (photo,) = row["answers"]["photo"]
    assert (photo["name"], photo["kind"], photo["bytes"]) == ("my <photo>.exe.png", "image", len(PNG))
    assert len(await keys(clients, team)) == 1
    link = await clients.ingestion.get(f"{url}/{row['id']}/files/{photo['id']}", headers=alice.headers)
    async with httpx2.AsyncClient() as http:
        got = await http.get(link.json()["url"])
    assert got.content == PNG
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["content-type"] == "binary/octet-stream"
    for wrong in (
        f"{url}/{row['id'] + 1}/files/{photo['id']}",
        f"/api/surveys/{survey['id'] + 1}/responses/{row['id']}/files/{photo['id']}",
    ):
        assert (await clients.ingestion.get(wrong, headers=alice.headers)).status_code == 404


async def test_files_of_the_page_are_kept_taken_away_and_refused_one_by_one(
    *, clients: Clients, team: int, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, asking(max_bytes=2**30))
    await browser.open(f"/s/{survey['uuid']}")
    assert "Pictures; up to 15 MB each, at most 1." in browser.page, "the installation takes no more"
    browser.chosen = [("f.photo", ("a.png", PNG))]
    await browser.send(has="yes")
    assert "Remove a.png" in browser.page
    browser.chosen = [
        ("f.papers", ("one.pdf", PDF)),
        ("f.papers", ("two.png", PNG)),
        ("f.stranger", ("x.pdf", PDF)),
    ]
    await browser.send()
    assert "two.png: this is none of the files that are asked for." in browser.page
    assert "Remove one.pdf" in browser.page
    browser.chosen = [("f.papers", ("two.pdf", PDF)), ("f.papers", ("three.pdf", PDF))]
    await browser.send()
    assert (browser.status, "At most 2 files, please." in browser.page) == (422, True)
    assert len(await keys(clients, team)) == 2
    first = browser.form.repeated["a.papers"][0]
    browser.chosen = [("f.photo", ("b.png", PNG)), ("f.papers", ("two.pdf", PDF))]
    await browser.send(d__papers=[first])
    assert "Thank you!" in browser.page
    (row,) = (
        await clients.ingestion.get(f"/api/surveys/{survey['id']}/responses", headers=alice.headers)
    ).json()["items"]
    found = {code: [one["name"] for one in row["answers"][code]] for code in ("photo", "papers")}
    assert found == {"photo": ["b.png"], "papers": ["two.pdf"]}
    assert len(await keys(clients, team)) == 2


async def test_forms_that_are_not_ours_store_nothing(
    *, clients: Clients, team: int, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, asking())
    await browser.open(f"/s/{survey['uuid']}")
    form = browser.form
    form.hidden["form"] = "forged"
    browser.chosen = [("f.photo", ("a.png", PNG))]
    assert (await browser.post(form, "next")).status_code == 403
    cut = b'--x\r\nContent-Disposition: form-data; name="f.photo"; filename="a.png"\r\n\r\n' + PNG
    kind = {"Content-Type": "multipart/form-data; boundary=x", "Origin": "http://plugzero.test"}
    assert (await browser.http.post(form.action, content=cut, headers=kind)).status_code == 400
    assert await keys(clients, team) == []


def bomb() -> bytes:
    """A Word document of which one part unpacks to a thousand times its size."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(8 * 1024 * 1024))
    return written.getvalue()


async def slowly(content: bytes) -> AsyncIterator[bytes]:
    """Bytes whose number is not announced."""
    for start in range(0, len(content), 4_096):
        yield content[start : start + 4_096]


async def test_the_json_door_takes_files_and_refuses_broken_ones(
    *, clients: Clients, team: int, project: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    client = clients.ingestion
    survey = await published(client, project, alice.headers, asking())
    token = await begun(client, survey)
    bad: list[tuple[Any, int, str]] = [
        (b"MZ\x90\0" + bytes(200), 415, "unsupported-media-type"),
        (PDF, 415, "unsupported-media-type"),
        (b"", 422, "file-empty"),
        (PNG + bytes(MOST_BYTES), 413, "too-large"),
        (slowly(PNG + bytes(MOST_BYTES)), 413, "too-large"),
    ]
    for content, status, slug in bad:
        refused = await sent(client, token, content)
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{slug}")
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    cut = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG
    where = f"/public/sessions/{token}/files/photo"
    assert (await client.post(where, content=cut, headers=form)).status_code == 400
    assert await keys(clients, team) == []
    for name, kept in (("../../x.png", "x.png"), ("y" * 300 + ".png", "y" * 251 + ".png")):
        taken = await sent(client, token, PNG, name)
        assert (taken.status_code, taken.json()["name"]) == (201, kept)
    whole = await client.post(where, files={"file": ("b.png", PNG)})
    assert (await answers(clients, token))["photo"] == [whole.json()]
    assert len(await keys(clients, team)) == 1, "a new file takes the place of the only one"
    assert (await sent(client, token, PNG, question="has")).status_code == 404
    assert (await sent(client, token, PDF, question="papers")).status_code == 422
    await client.put(
        f"/public/sessions/{token}/answers", json={"answers": {"has": "yes", "photo": [whole.json()["id"]]}}
    )
    assert (await sent(client, token, bomb(), "bomb.docx", "papers")).json()["kind"] == "document"
    assert (await client.post(f"/public/sessions/{token}/submit")).status_code == 200
    after = await sent(client, token, PNG)
    assert (after.status_code, after.json()["type"]) == (409, "/problems/interview-finished")
    await drain()
    found = await rows(clients, owner, survey)
    assert (found["photo_count"], found["papers_names"]) == ([1], ["bomb.docx"])
    assert len(await keys(clients, team)) == 2


async def test_files_belong_to_one_interview_for_the_database_too(
    *, clients: Clients, team: int, project: int, alice: Person
) -> None:
    client = clients.ingestion
    survey = await published(client, project, alice.headers, asking())
    mine, other = await begun(client, survey), await begun(client, survey)
    file = (await sent(client, mine, PNG)).json()
    for forged in ([file["id"]], [file], ["0198c0de-0000-7000-8000-000000000000"]):
        refused = await client.put(f"/public/sessions/{other}/answers", json={"answers": {"photo": forged}})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/answers/photo/0")
    database = clients.apps["ingestion"].state.resources.public_database
    async with database.transaction(Tenancy.of_public(session_hash=hash_token(other))) as session:
        assert (
            await session.execute(sql("SELECT count(*) FROM data_ingestion_responsefile"))
        ).scalar_one() == 0
    async with database.transaction(Tenancy.of_public(session_hash=hash_token(mine))) as session:
        with pytest.raises(ProgrammingError, match="row-level security"):
            await session.execute(sql(COPIED_TO_ANOTHER))
        await session.rollback()
    await client.post(f"/api/surveys/{survey['id']}/pause", headers=alice.headers)
    paused = await sent(client, mine, PNG)
    assert (paused.status_code, paused.json()["type"]) == (409, "/problems/survey-not-open")
    assert len(await keys(clients, team)) == 1


async def test_files_that_nobody_needs_are_swept(
    *, clients: Clients, team: int, project: int, alice: Person, owner: asyncpg.Connection
) -> None:
    client, resources = clients.ingestion, clients.apps["ingestion"].state.resources
    survey = await published(client, project, alice.headers, asking())
    left, kept = await begun(client, survey), await begun(client, survey)
    for token in (left, kept):
        assert (await sent(client, token, PNG)).status_code == 201
    assert (await client.post(f"/public/sessions/{kept}/submit")).status_code == 200
    assert await sweeps.purge_abandoned_files(resources, keep=timedelta(days=30)) == 0
    assert await sweeps.purge_abandoned_files(resources, keep=timedelta(0)) >= 1
    assert await sweeps.remove_orphans(resources, grace=timedelta(0), most_s=60) >= 1
    assert len(await keys(clients, team)) == 1
    again = await client.put(f"/public/sessions/{left}/answers", json={"answers": {"has": "no"}})
    assert again.json()["answers"] == {"has": "no"}, "an answer does not name what is gone"
    await owner.execute(
        "UPDATE data_ingestion_surveyresponse SET answers = '{}' WHERE survey_id = $1", survey["id"]
    )
    assert await sweeps.purge_abandoned_files(resources, keep=timedelta(days=30)) == 1, "erased"
    await sweeps.remove_orphans(resources, grace=timedelta(0), most_s=60)
    assert await keys(clients, team) == []


async def test_a_signature_is_typed_on_the_page_and_drawn_for_the_researcher(
    *, clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    ask = {"code": "sign", "type": "signature", "required": True, "text": text("Please sign.")}
    definition = {"pages": [{"code": "p", "questions": [ask]}]}
    survey = await published(clients.ingestion, project, alice.headers, definition, layout_style="FOCUS")
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(sign__drawn="M1 1Z")
    assert (browser.status, "This is no drawing of a signature." in browser.page) == (422, True)
    page = Reader(browser.page)
    assert page.points_to <= set(page.ids)
    await browser.send(sign__typed="Jo <b>", sign__drawn="")
    assert "Thank you!" in browser.page
    token = await begun(clients.ingestion, survey)
    drawn = {"answers": {"sign": {"drawn": "M1 1L2 2"}}}
    assert (await clients.ingestion.put(f"/public/sessions/{token}/answers", json=drawn)).status_code == 200
    url = f"/api/surveys/{survey['id']}/responses"
    by_strokes, by_name = (await clients.ingestion.get(url, headers=alice.headers)).json()["items"]
    for row, found in ((by_strokes, 'd="M1 1L2 2"'), (by_name, ">Jo &lt;b&gt;<")):
        picture = await clients.ingestion.get(f"{url}/{row['id']}/signatures/sign", headers=alice.headers)
        assert found in picture.text
        assert picture.headers["content-type"] == "image/svg+xml"
        assert picture.headers["content-disposition"].startswith("attachment;")
        assert picture.headers["x-content-type-options"] == "nosniff"
    missing = await clients.ingestion.get(f"{url}/{by_name['id']}/signatures/other", headers=alice.headers)
    assert missing.status_code == 404
    assert (await clients.ingestion.get(f"{url}/{by_name['id']}/signatures/sign")).status_code == 401

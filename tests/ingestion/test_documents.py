"""Documents through HTTP and the worker: read into pages with blocks and tables, or refused with a reason."""

import io
import shutil
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from services.ingestion.service.limited_processes import server
from tests import documents
from tests.conftest import Clients, Person

Drain = Callable[[], Awaitable[None]]
PROSE = "\n\n".join(documents.SENTENCES)


async def uploaded(
    clients: Clients, person: Person, project: int, content: bytes, name: str = "study.pdf", **fields: str
) -> Any:
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/files", files={"file": (name, content)}, data=fields, headers=person.headers
    )
    assert answer.status_code == 202, answer.text
    return answer.json()


async def get(clients: Clients, person: Person, path: str, **params: Any) -> Any:
    answer = await clients.ingestion.get(path, headers=person.headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def imported(
    clients: Clients, drain: Drain, person: Person, project: int, content: bytes, **fields: str
) -> Any:
    file = await uploaded(clients, person, project, content, **fields)
    await drain()
    return await get(clients, person, f"/api/files/{file['id']}")


async def test_a_pdf_becomes_pages_with_blocks_and_tables(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = documents.pdf([(f"Chapter {n}", *documents.SENTENCES) for n in (1, 2, 3)], table_on=2)
    file = await imported(clients, drain, alice, project, content)
    assert (file["upload_status"], file["file_type"], file["error"]) == ("SUCCESS", "UNSTRUCTURED", None)
    assert file["dataset_ids"] == []
    assert file["columns_metadata"]["document"]["pages"] == 3

    path = f"/api/files/{file['id']}"
    text = await get(clients, alice, f"{path}/text")
    assert [page["number"] for page in text["items"]] == [1, 2, 3]
    assert text["next_cursor"] is None
    first = text["items"][0]["blocks"]
    assert [(b["kind"], b["repeated"]) for b in first] == [
        ("paragraph", "header"),
        ("heading", None),
        *[("paragraph", None)] * 3,
        ("paragraph", "footer"),
    ]
    assert [b["text"] for b in first[1:-1]] == ["Chapter 1", *documents.SENTENCES]
    [table] = [b for b in text["items"][1]["blocks"] if b["kind"] == "table"]
    assert table["table"] == 1

    whole = await clients.ingestion.get(f"{path}/text?format=txt", headers=alice.headers)
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert whole.text[table["start"] : table["end"]] == table["text"]
    accepted = await clients.ingestion.get(f"{path}/text", headers={**alice.headers, "accept": "text/plain"})
    assert accepted.text == whole.text

    preview = await get(clients, alice, f"{path}/preview")
    assert preview["page"] == text["items"][0]
    report = await get(clients, alice, f"{path}/report")
    assert (report["pages"], report["tables"], report["format"]) == (3, 1, "pdf")
    assert report["words"] == len(whole.text.split())
    link = await get(clients, alice, f"{path}/download")
    assert "X-Amz-Signature" in link["url"]


async def test_pages_are_given_one_by_one_and_by_cursor(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = documents.pdf([(f"Chapter {n}", "Some words.") for n in range(1, 121)])
    file = await imported(clients, drain, alice, project, content)
    path = f"/api/files/{file['id']}/text"
    [page] = (await get(clients, alice, path, page=101))["items"]
    assert (page["number"], page["blocks"][1]["text"]) == (101, "Chapter 101")
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await get(clients, alice, path, limit=45, **cursor)
        seen += [each["number"] for each in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert seen == list(range(1, 121))
    beyond = await clients.ingestion.get(path, params={"page": 121}, headers=alice.headers)
    assert (beyond.status_code, "120 pages" in beyond.json()["detail"]) == (404, True)


async def test_a_word_document_and_its_table_as_a_dataset(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await imported(clients, drain, alice, project, documents.docx())
    path = f"/api/files/{file['id']}"
    [page] = (await get(clients, alice, f"{path}/text"))["items"]
    assert [(b["kind"], b["level"]) for b in page["blocks"]] == [
        ("heading", 1),
        *[("paragraph", None)] * 3,
        ("heading", 2),
        ("table", None),
        ("list", 1),
        ("paragraph", None),
    ]
    tables = await get(clients, alice, f"{path}/tables")
    assert [t["rows"] for t in tables["items"]] == [[list(row) for row in documents.TABLE]]
    assert await get(clients, alice, f"{path}/tables/1") == tables["items"][0]

    made = await clients.ingestion.post(
        f"{path}/tables/1/dataset", headers={**alice.headers, "idempotency-key": "once"}
    )
    assert made.status_code == 202, made.text
    again = await clients.ingestion.post(
        f"{path}/tables/1/dataset", headers={**alice.headers, "idempotency-key": "once"}
    )
    assert again.json()["id"] == made.json()["id"]
    await drain()
    table = await get(clients, alice, made.headers["location"])
    assert (table["upload_status"], table["file_type"]) == ("SUCCESS", "TABULAR")
    assert table["source"] == {"document_id": file["id"], "table": 1, "page": 1}
    kinds = {c["name"]: c["kind"] for c in table["columns_metadata"]["columns"]}
    assert (kinds["Cases"], kinds["Share"]) == ("integer", "percentage")
    assert len(table["dataset_ids"]) == 1
    missing = await clients.ingestion.post(f"{path}/tables/2/dataset", headers=alice.headers)
    assert missing.status_code == 404


async def test_prose_becomes_a_document_and_a_list_a_table(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    prose = await imported(clients, drain, alice, project, PROSE.encode("cp1252"))
    assert (prose["upload_status"], prose["file_type"]) == ("SUCCESS", "UNSTRUCTURED")
    listed = await imported(
        clients, drain, alice, project, b"answer\n" + b"It was all fine for me and my family.\n" * 9
    )
    assert (listed["upload_status"], listed["file_type"]) == ("SUCCESS", "TABULAR")


@pytest.mark.parametrize(("wanted", "found"), [("UNSTRUCTURED", "UNSTRUCTURED"), ("tabular", "TABULAR")])
async def test_who_uploads_can_say_what_it_is(  # noqa: PLR0917 - fixtures are asked for by name
    clients: Clients, drain: Drain, alice: Person, project: int, wanted: str, found: str
) -> None:
    content = b"a list\nof lines\nwithout more\n" if found == "UNSTRUCTURED" else PROSE.encode()
    file = await imported(clients, drain, alice, project, content, file_type=wanted)
    assert (file["upload_status"], file["file_type"]) == ("SUCCESS", found)


async def test_a_file_type_that_does_not_exist_is_refused(
    clients: Clients, alice: Person, project: int
) -> None:
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/files",
        files={"file": ("a.txt", b"x")},
        data={"file_type": "prose"},
        headers=alice.headers,
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/file_type")


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w") as member:
            for _ in range(200):
                member.write(b" " * (1 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (lambda: documents.pdf([("A", "b")], user_password="secret"), "file-protected"),
        (lambda: documents.pdf([("A", "b")])[:700], "file-damaged"),
        (bomb, "file-too-complex"),
        (lambda: documents.docx()[:3000], "file-damaged"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le"), "file-format-not-supported"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "file-protected"),
    ],
    ids=["encrypted", "cut-off", "bomb", "cut-off-docx", "old-word", "encrypted-office"],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_with_a_hint(  # noqa: PLR0917 - fixtures are asked for by name
    clients: Clients,
    drain: Drain,
    alice: Person,
    project: int,
    content: Callable[[], bytes],
    slug: str,
) -> None:
    file = await imported(clients, drain, alice, project, content())
    assert file["upload_status"] == "FAILED"
    assert file["error"]["type"] == f"/problems/{slug}"
    assert file["error"]["hint"]
    text = await clients.ingestion.get(f"/api/files/{file['id']}/text", headers=alice.headers)
    assert (text.status_code, text.json()["type"]) == (409, "/problems/file-not-ready")


async def test_a_table_has_no_text(clients: Clients, drain: Drain, alice: Person, project: int) -> None:
    file = await imported(clients, drain, alice, project, b"a,b\n1,2\n3,4\n")
    for door in ("text", "tables", "tables/1"):
        answer = await clients.ingestion.get(f"/api/files/{file['id']}/{door}", headers=alice.headers)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/file-not-document")


async def test_documents_of_other_teams_do_not_exist_and_viewers_only_read(  # noqa: PLR0917 - fixtures are asked for by name
    clients: Clients,
    drain: Drain,
    alice: Person,
    mallory: Person,
    project: int,
    member: Callable[[str], Awaitable[Person]],
) -> None:
    file = await imported(clients, drain, alice, project, documents.docx())
    path = f"/api/files/{file['id']}"
    for door in ("text", "text?format=txt", "text?page=1", "tables", "tables/1", "preview"):
        answer = await clients.ingestion.get(f"{path}/{door}", headers=mallory.headers)
        assert answer.status_code == 404, door
    answer = await clients.ingestion.post(f"{path}/tables/1/dataset", headers=mallory.headers)
    assert answer.status_code == 404
    viewer = await member("VIEWER")
    assert (await clients.ingestion.get(f"{path}/text", headers=viewer.headers)).status_code == 200
    answer = await clients.ingestion.post(f"{path}/tables/1/dataset", headers=viewer.headers)
    assert answer.status_code == 403


@pytest.fixture
def without_programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Readers of files find no other program: their server is begun anew, before and after."""
    server().close()
    monkeypatch.setenv("PATH", "/nowhere")
    yield
    server().close()


@pytest.mark.usefixtures("without_programs")
async def test_scanned_pages_are_read_or_the_document_says_what_it_needs(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    whole = await imported(clients, drain, alice, project, documents.scanned_pdf(["One", "Two"]))
    assert whole["error"]["type"] == "/problems/scanned-needs-ocr"
    assert "pages 1–2 of 2" in whole["error"]["detail"]
    assert "Tesseract" in whole["error"]["hint"]
    partly = await imported(clients, drain, alice, project, documents.scanned_pdf(["One", None, "Three"]))
    assert partly["upload_status"] == "SUCCESS"
    report = await get(clients, alice, f"/api/files/{partly['id']}/report")
    assert (report["missing_pages"], report["scanned_pages"]) == ([1, 3], [1, 3])
    assert report["doubts"] == ["pages 1, 3: a picture without text, which was not read"]


@pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed (make install-optional)"
)
async def test_scanned_pages_are_read_by_tesseract(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = documents.scanned_pdf(["Forty percent of the\nrespondents agree", None])
    file = await imported(clients, drain, alice, project, content)
    assert file["upload_status"] == "SUCCESS"
    scanned, own = (await get(clients, alice, f"/api/files/{file['id']}/text"))["items"]
    assert (scanned["ocr"], own["ocr"], own["confidence"]) == (True, False, None)
    assert scanned["confidence"] > 60
    assert [b["text"] for b in scanned["blocks"]] == ["Forty percent of the respondents agree"]
    report = await get(clients, alice, f"/api/files/{file['id']}/report")
    assert (report["ocr"]["pages"], report["missing_pages"]) == ([1], [])

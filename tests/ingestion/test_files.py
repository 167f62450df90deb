"""Files through HTTP and the worker: uploaded, read into a dataset, or refused with a reason."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pytest

from tests.conftest import Clients, Person

Drain = Callable[[], Awaitable[None]]


async def upload(
    clients: Clients, person: Person, project: int, content: bytes, name: str = "survey.csv"
) -> Any:
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/files", files={"file": (name, content, "text/csv")}, headers=person.headers
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/files/{answer.json()['id']}"
    return answer.json()


async def read(clients: Clients, person: Person, file_id: int, rest: str = "") -> Any:
    answer = await clients.ingestion.get(f"/api/files/{file_id}{rest}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def imported(clients: Clients, drain: Drain, person: Person, project: int, content: bytes) -> Any:
    file = await upload(clients, person, project, content)
    await drain()
    return await read(clients, person, file["id"])


async def test_a_csv_becomes_a_dataset_with_a_codebook(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    rows = [("North", "Yes", 34), ("South", "No", 51), ("East", "Yes", 27), ("North", "No", 45)] * 5
    content = "region,vote,age\n" + "".join(f"{r},{v},{a}\n" for r, v, a in rows)
    file = await upload(clients, alice, project, content.encode(), "wave 1.csv")
    assert (file["upload_status"], file["dataset_ids"], file["name"]) == ("PENDING", [], "wave 1.csv")

    await drain()
    file = await read(clients, alice, file["id"])
    assert (file["upload_status"], file["error"], file["file_type"]) == ("SUCCESS", None, "TABULAR")
    columns = {c["name"]: c for c in file["columns_metadata"]["columns"]}
    assert {n: c["kind"] for n, c in columns.items()} == {
        "region": "category",
        "vote": "category",
        "age": "integer",
    }
    assert (columns["age"]["min"], columns["age"]["max"], columns["age"]["mean"]) == (27, 51, 39.25)

    [dataset_id] = file["dataset_ids"]
    dataset = (await clients.ingestion.get(f"/api/datasets/{dataset_id}", headers=alice.headers)).json()
    assert (dataset["name"], dataset["version"], dataset["n_rows"]) == ("wave 1", 1, 20)
    region = dataset["variables"][0]
    assert (region["alias"], region["kind"]) == ("region", "category")
    assert [c["code"] for c in region["codes"]] == ["East", "North", "South"]
    assert region["codes"][0] == {"code": "East", "label": "East", "value": None}


async def test_suspected_personal_data_are_told_and_not_shown(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = "first name,contact,score\nAnna,anna@example.com,1\nBert,bert@example.org,2\nCleo,cleo@example.net,3\n"
    file = await imported(clients, drain, alice, project, content.encode())
    columns = {c["name"]: c for c in file["columns_metadata"]["columns"]}
    kinds = {name: (c["personal_data"] or {}).get("kind") for name, c in columns.items()}
    assert kinds == {"first name": "name", "contact": "email", "score": None}
    assert "Anna" not in str(file["columns_metadata"])
    assert "example" not in str(columns["contact"]["examples"])
    assert columns["score"]["quantiles"]["p50"] == 2
    report = await read(clients, alice, file["id"], "/report")
    assert [found["column"] for found in report["personal_data"]] == ["first name", "contact"]


async def test_cp1252_with_semicolons_and_leading_zeros_is_understood(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    lines = "".join(f'"{"Süd" if i % 3 else "Nörd"}";{i % 60 + 18};{i:05d};{i},5\r\n' for i in range(300))
    file = await imported(
        clients, drain, alice, project, ("Wähler;Alter;PLZ;Wert\r\n" + lines).encode("cp1252")
    )
    kinds = {c["name"]: c["kind"] for c in file["columns_metadata"]["columns"]}
    assert kinds == {"Wähler": "category", "Alter": "integer", "PLZ": "id", "Wert": "decimal"}
    preview = await read(clients, alice, file["id"], "/preview")
    assert len(preview["rows"]) == 50
    assert preview["rows"][0] == ["Nörd", 18, "00000", 0.5]
    report = await read(clients, alice, file["id"], "/report")
    assert report["encoding"]["name"] == "cp1252"
    assert report["dialect"]["delimiter"] == "semicolon"


async def test_ragged_rows_are_reported_by_line(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = b"a,b,c\n" + b"1,2,3\n" * 20 + b"4,5\n6,7,8,9\n10,11,12,\n"
    file = await imported(clients, drain, alice, project, content)
    report = await read(clients, alice, file["id"], "/report")
    assert report["rows"] == {"read": 22, "rejected": 1, "repaired": 2, "blank": 0}
    assert [(n["line"], n["text"]) for n in report["rejected"]] == [(23, "6 ¦ 7 ¦ 8 ¦ 9")]
    assert [n["line"] for n in report["repaired"]] == [22, 24]


async def test_late_text_in_a_column_of_numbers_is_counted_and_shown(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = b"n\n" + b"".join(b"%d\n" % i for i in range(5000)) + b"about 7\nNA\n"
    file = await imported(clients, drain, alice, project, content)
    [column] = file["columns_metadata"]["columns"]
    assert (column["kind"], column["coerced"], column["missing"]) == ("integer", 1, 2)
    report = await read(clients, alice, file["id"], "/report")
    assert report["coerced"][0]["examples"] == [{"row": 5001, "text": "about 7"}]
    assert report["markers"] == [{"column": "n", "n": 1}]


def spreadsheet() -> bytes:
    """An .xlsx archive with the members that name it, and nothing readable in them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<broken")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param((b"\x00\x01\x02\x03" * 50, "file-not-text", "binary"), id="rubbish"),
        pytest.param((b"", "file-empty", "0 bytes"), id="empty"),
        pytest.param((b"a,b\n", "file-without-table", "header"), id="header-only"),
        pytest.param((b"a,b\n1,2\n" * 5000 + b"3,\x004\n", "file-not-text", "NUL"), id="late-NUL"),
        pytest.param((b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "file-damaged", "PDF"), id="pdf"),
        pytest.param((b"PK\x03\x04" + b"\x00" * 40, "file-format-not-supported", "ZIP"), id="zip"),
        pytest.param((spreadsheet(), "file-damaged", "workbook"), id="broken-workbook"),
        pytest.param((b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "file-format-not-supported", "PNG"), id="png"),
    ],
)
async def test_what_is_no_table_fails_with_a_reason_and_a_hint(
    clients: Clients, drain: Drain, alice: Person, project: int, case: tuple[bytes, str, str]
) -> None:
    content, slug, words = case
    file = await imported(clients, drain, alice, project, content)
    assert (file["upload_status"], file["dataset_ids"]) == ("FAILED", [])
    assert file["error"]["type"] == f"/problems/{slug}"
    assert words in file["error"]["detail"]
    assert file["error"]["hint"]
    where = f"/api/files/{file['id']}/preview"
    assert (await clients.ingestion.get(where, headers=alice.headers)).status_code == 409


async def test_the_original_can_be_downloaded_unchanged(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    content = "ä;b\r\n1;2\r\n".encode("cp1252")
    file = await upload(clients, alice, project, content, "wähler.csv")
    link = await read(clients, alice, file["id"], "/download")
    async with httpx2.AsyncClient() as browser:
        got = await browser.get(link["url"])
    assert got.content == content
    assert "w%C3%A4hler.csv" in got.headers["content-disposition"]


async def test_a_file_over_the_limit_is_refused_while_it_arrives(
    clients: Clients, alice: Person, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = clients.apps["ingestion"].state.resources
    monkeypatch.setattr(
        resources, "settings", resources.settings.model_copy(update={"max_upload_bytes": 1000})
    )
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/files", files={"file": ("big.csv", b"x" * 1001)}, headers=alice.headers
    )
    assert answer.status_code == 413
    assert answer.json()["limit_bytes"] == 1000
    assert "1000 bytes" in answer.json()["detail"]
    fits = await clients.ingestion.post(
        f"/api/projects/{project}/files", files={"file": ("fits.csv", b"x" * 1000)}, headers=alice.headers
    )
    assert fits.status_code == 202
    listed = await clients.ingestion.get(f"/api/projects/{project}/files", headers=alice.headers)
    assert [f["name"] for f in listed.json()["items"]] == ["fits.csv"]
    keys = await resources.objects.keys(f"{fits.json()['file'].split('/files/')[0]}/")
    assert keys == [fits.json()["file"]], "the refused upload left an object"


async def test_an_upload_repeated_under_one_key_is_one_file(
    clients: Clients, alice: Person, project: int
) -> None:
    where, headers = (
        f"/api/projects/{project}/files",
        {**alice.headers, "Idempotency-Key": f"upload-{project}"},
    )
    first = await clients.ingestion.post(where, files={"file": ("a.csv", b"a\n1\n")}, headers=headers)
    second = await clients.ingestion.post(where, files={"file": ("a.csv", b"a\n1\n")}, headers=headers)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()
    assert second.headers["location"] == first.headers["location"]
    listed = await clients.ingestion.get(where, headers=alice.headers)
    assert [f["id"] for f in listed.json()["items"]] == [first.json()["id"]]
    objects = clients.apps["ingestion"].state.resources.objects
    prefix = first.json()["file"].split("files/")[0]
    assert await objects.keys(prefix) == [first.json()["file"]], "the repeat left an object"


async def test_a_form_without_a_file_is_invalid_with_a_pointer(
    clients: Clients, alice: Person, project: int
) -> None:
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/files", files={"other": ("a.csv", b"a\n1\n")}, headers=alice.headers
    )
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/file"]


async def test_what_is_no_form_is_refused(clients: Clients, alice: Person, project: int) -> None:
    where = f"/api/projects/{project}/files"
    plain = await clients.ingestion.post(
        where, content=b"a,b\n1,2\n", headers={**alice.headers, "Content-Type": "text/csv"}
    )
    assert plain.status_code == 415
    cut_off = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n1,2'
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    broken = await clients.ingestion.post(where, content=cut_off, headers={**alice.headers, **kind})
    assert broken.status_code == 400


async def test_another_team_sees_no_file_and_uploads_none(
    clients: Clients, drain: Drain, alice: Person, mallory: Person, project: int
) -> None:
    file = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    form = {"file": ("a.csv", b"a\n1\n")}
    get, where = clients.ingestion.get, f"/api/files/{file['id']}"
    answers = [
        await clients.ingestion.post(f"/api/projects/{project}/files", files=form, headers=mallory.headers),
        *[
            await get(where + rest, headers=mallory.headers)
            for rest in ("", "/preview", "/report", "/download")
        ],
        await clients.ingestion.patch(where, json={"name": "mine"}, headers=mallory.headers),
        await clients.ingestion.delete(where, headers=mallory.headers),
        await get(f"/api/datasets/{file['dataset_ids'][0]}", headers=mallory.headers),
    ]
    assert [a.status_code for a in answers] == [404] * 8


async def test_a_viewer_reads_files_but_cannot_change_them(
    clients: Clients, drain: Drain, alice: Person, member: Callable[[str], Awaitable[Person]], project: int
) -> None:
    file = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    viewer = await member("VIEWER")
    assert (await read(clients, viewer, file["id"]))["upload_status"] == "SUCCESS"
    form = {"file": ("a.csv", b"a\n1\n")}
    answers = [
        await clients.ingestion.post(f"/api/projects/{project}/files", files=form, headers=viewer.headers),
        await clients.ingestion.patch(f"/api/files/{file['id']}", json={"name": "x"}, headers=viewer.headers),
        await clients.ingestion.delete(f"/api/files/{file['id']}", headers=viewer.headers),
        await clients.ingestion.patch(
            f"/api/datasets/{file['dataset_ids'][0]}", json={"name": "x"}, headers=viewer.headers
        ),
    ]
    assert [a.status_code for a in answers] == [403] * 4


async def test_deleting_a_file_removes_its_dataset_and_all_its_objects(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    objects = clients.apps["ingestion"].state.resources.objects
    folder = file["file"].removesuffix("original")
    assert len(await objects.keys(folder)) == 3
    gone = await clients.ingestion.delete(f"/api/files/{file['id']}", headers=alice.headers)
    assert gone.status_code == 204
    await drain()
    assert await objects.keys(folder) == []
    where = f"/api/datasets/{file['dataset_ids'][0]}"
    assert (await clients.ingestion.get(where, headers=alice.headers)).status_code == 404


async def test_a_file_is_renamed_and_listed(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    file = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    renamed = await clients.ingestion.patch(
        f"/api/files/{file['id']}", json={"name": "n.csv"}, headers=alice.headers
    )
    assert renamed.json()["name"] == "n.csv"
    listed = await clients.ingestion.get(
        f"/api/projects/{project}/files?upload_status=SUCCESS", headers=alice.headers
    )
    assert [(f["name"], f["dataset_ids"]) for f in listed.json()["items"]] == [("n.csv", file["dataset_ids"])]


async def test_events_tell_what_became_of_files(
    clients: Clients, drain: Drain, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    good = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    bad = await imported(clients, drain, alice, project, b"")
    rows = await owner.fetch(
        "SELECT type, envelope->'data' AS data FROM messaging_outbox WHERE project_id = $1 AND type LIKE 'file-%' ORDER BY id",
        project,
    )
    assert [row["type"] for row in rows] == [
        "file-uploaded",
        "file-processed",
        "file-uploaded",
        "file-failed",
    ]
    assert f'"file_id": {good["id"]}' in rows[1]["data"]
    assert f'"file_id": {bad["id"]}' in rows[3]["data"]

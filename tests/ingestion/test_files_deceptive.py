"""Hostile files through HTTP and the worker: each ends as FAILED with a reason and a hint, and the next file is read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from tests.conftest import Clients, Person
from tests.ingestion.test_files import read, upload
from tests.unit.test_ingestion_deceptive_files import CORNERS, locked_ods, with_shared_text, with_sheet

Drain = Callable[[], Awaitable[None]]
MIB = 1 << 20


def document_bomb() -> bytes:
    """A .docx of a megabyte whose body unfolds to more than a gigabyte."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w") as member:
            for _ in range(1100):
                member.write(bytes(MIB))
    return buffer.getvalue()


def hostile_files() -> Iterator[tuple[str, bytes]]:
    yield "bomb.docx", document_bomb()
    yield "corners.xlsx", with_sheet(CORNERS)
    yield "one text a thousand times.xlsx", with_shared_text(MIB, 3000)
    yield "locked.ods", locked_ods()
    yield "empty.csv", b""
    yield "a picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100)
    yield "nul.csv", b"a,b\n" + b"1,2\n" * 5000 + b"3,\x004\n"


async def test_the_worker_survives_hostile_files_and_reads_the_next(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    files = []
    for name, content in await asyncio.to_thread(lambda: list(hostile_files())):
        files.append(await upload(clients, alice, project, content, name))
        good = await upload(clients, alice, project, f"name,n\n{name},1\nother,2\n".encode())
        files.append(good)
    await drain()
    for bad, good in zip(files[::2], files[1::2], strict=True):
        found = await read(clients, alice, bad["id"])
        assert (found["upload_status"], found["dataset_ids"]) == ("FAILED", []), bad["name"]
        assert found["error"]["type"].startswith("/problems/file-"), found["error"]
        assert found["error"]["type"] != "/problems/file-reader-failed", found["error"]
        assert found["error"]["detail"]
        assert found["error"]["hint"]
        assert (await read(clients, alice, good["id"]))["upload_status"] == "SUCCESS"

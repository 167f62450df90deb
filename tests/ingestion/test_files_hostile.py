"""Hostile files one after the other at one worker: each ends with a reason and a hint, and the next file is read."""

from collections.abc import Awaitable, Callable

from tests.conftest import Clients, Person
from tests.hostile_files import BILLION_LAUGHS, archive, encrypted_workbook, parquet, row, xls, xlsx
from tests.ingestion.test_files import read, upload

Drain = Callable[[], Awaitable[None]]
OLD = xls([["a", "b"], ["x", 1.0], ["y", 2.0]])
HOSTILE = {
    "empty.csv": (b"", "file-empty"),
    "bomb.xlsx": (xlsx(row("a"), more={"xl/media/z.bin": bytes(1100 << 20)}), "file-too-complex"),
    "laughs.xlsx": (xlsx(row("a", "b") + row("&a9;", "1"), doctype=BILLION_LAUGHS), "file-damaged"),
    "secret.xlsx": (encrypted_workbook(), "file-protected"),
    "half.xls": (OLD[: len(OLD) // 2], "file-damaged"),
    "half.parquet": (parquet()[:4000], "file-damaged"),
    "archive.csv": (archive({"a.txt": b"a,b\n1,2\n"}), "file-format-not-supported"),
    "zeros.csv": (b"a,b\n1,\x00\n", "file-not-text"),
}


async def test_a_worker_says_why_it_refuses_hostile_files_and_reads_those_between_them(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    asked = {
        name: await upload(clients, alice, project, content, name) for name, (content, _) in HOSTILE.items()
    }
    good = await upload(clients, alice, project, OLD, "misnamed.csv")
    await drain()

    for name, (_, slug) in HOSTILE.items():
        file = await read(clients, alice, asked[name]["id"])
        assert (file["upload_status"], file["error"]["type"]) == ("FAILED", f"/problems/{slug}"), name
        assert file["error"]["detail"], name
        assert file["error"]["hint"], name
    good = await read(clients, alice, good["id"])
    assert (good["upload_status"], len(good["dataset_ids"])) == ("SUCCESS", 1)

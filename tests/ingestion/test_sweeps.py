"""What killed processes leave behind is found and removed; what is somebody's stays."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kernel.objects import Objects
from kernel.resources import Resources
from services.ingestion.consumers import jobs
from services.ingestion.service import sweeps
from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.ingestion.test_files import imported, read, upload
from tests.ingestion.test_uploads import SMALL, begun, complete, see, send
from tests.live import serving

Drain = Callable[[], Awaitable[None]]
NOW, DAY = timedelta(0), timedelta(days=1)
MIB = 1024 * 1024


def resources_of(clients: Clients) -> Resources:
    resources: Resources = clients.apps["ingestion"].state.resources
    return resources


async def everything(objects: Objects, team: int) -> tuple[list[str], int]:
    """The keys of a team, and how many of its multipart uploads are neither assembled nor aborted."""
    unfinished = [each async for each in objects.parts.unfinished(f"teams/{team}/")]
    return await objects.keys(f"teams/{team}/"), len(unfinished)


async def key_of(clients: Clients, person: Person, team: int) -> str:
    body = {"name": "Upload", "scopes": ["files:read", "files:write"]}
    made = await clients.identity.post(f"/api/teams/{team}/api-keys", json=body, headers=person.headers)
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


def upload_head(port: int, project: int, key: str, length: int) -> bytes:
    return (
        f"POST /api/projects/{project}/files HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


FORM_HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'


async def until(asks: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await asks():  # noqa: ASYNC110 - another process acts; it sets no event here
            await asyncio.sleep(0.05)


@pytest.mark.faults
async def test_an_api_killed_in_the_middle_of_an_upload_leaves_nothing_after_the_sweep(
    *, stack: Stack, clients: Clients, alice: Person, team: int, project: int
) -> None:
    resources, key = resources_of(clients), await key_of(clients, alice, team)
    with serving(stack, "ingestion") as server:
        await server.until_ready()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(upload_head(server.port, project, key, 100 * MIB) + FORM_HEAD + b"1,2\n" * (5 * MIB))
        await writer.drain()

        async def parts_have_arrived() -> bool:
            return (await everything(resources.objects, team))[1] == 1

        await until(parts_have_arrived)
        os.kill(server.pid, signal.SIGKILL)
        writer.close()
    assert await everything(resources.objects, team) == ([], 1)
    assert await sweeps.abort_stray_uploads(resources, grace=DAY) == 0, "it might still be under way"
    assert (await everything(resources.objects, team))[1] == 1
    assert await sweeps.abort_stray_uploads(resources, grace=NOW) >= 1
    assert await everything(resources.objects, team) == ([], 0)
    listed = await clients.ingestion.get(f"/api/projects/{project}/files", headers=alice.headers)
    assert listed.json()["items"] == []


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing_at_once(
    *, stack: Stack, clients: Clients, alice: Person, team: int, project: int
) -> None:
    objects, key = resources_of(clients).objects, await key_of(clients, alice, team)
    with serving(stack, "ingestion") as server:
        await server.until_ready()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(upload_head(server.port, project, key, 100 * MIB) + FORM_HEAD + b"1,2\n" * (5 * MIB))
        await writer.drain()

        async def n_unfinished_is(wanted: int) -> bool:
            return (await everything(objects, team))[1] == wanted

        await until(lambda: n_unfinished_is(1))
        writer.close()
        await until(lambda: n_unfinished_is(0))
    assert await everything(objects, team) == ([], 0)


async def test_a_size_over_the_limit_is_refused_before_the_body_is_sent(
    stack: Stack, clients: Clients, alice: Person, team: int, project: int
) -> None:
    key = await key_of(clients, alice, team)
    with serving(stack, "ingestion") as server:
        await server.until_ready()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(upload_head(server.port, project, key, 5000 * MIB))
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"\r\n")
        writer.close()
    assert b" 413 " in answer


async def test_an_upload_is_never_whole_in_the_memory_of_the_api(
    stack: Stack, clients: Clients, alice: Person, team: int, project: int
) -> None:
    key, block = await key_of(clients, alice, team), b"1,2\n" * (MIB // 4)
    end, n_blocks = b"\r\n--x--\r\n", 200
    with serving(stack, "ingestion") as server:
        await server.until_ready()
        before = peak_mib(server.pid)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        length = len(FORM_HEAD) + n_blocks * MIB + len(end)
        writer.write(upload_head(server.port, project, key, length) + FORM_HEAD)
        for _ in range(n_blocks):
            writer.write(block)
            await writer.drain()
        writer.write(end)
        async with asyncio.timeout(60):
            answer = await reader.readuntil(b"\r\n")
        grown = peak_mib(server.pid) - before
        writer.close()
    assert b" 202 " in answer
    listed = await clients.ingestion.get(f"/api/projects/{project}/files", headers=alice.headers)
    [file] = listed.json()["items"]
    assert file["size_bytes"] == n_blocks * MIB
    # Nobody needs to read so large a table.
    await clients.ingestion.delete(f"/api/files/{file['id']}", headers=alice.headers)
    # The S3 client itself is loaded by the first upload; the rest are a few parts of 8 MiB.
    assert grown < n_blocks / 2, f"the process grew by {grown} MiB for a file of {n_blocks} MiB"


def peak_mib(pid: int) -> int:
    """The most memory that a process ever held, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


async def test_objects_without_a_row_go_after_the_grace_period_and_others_stay(
    clients: Clients, drain: Drain, alice: Person, team: int, project: int
) -> None:
    resources = resources_of(clients)
    kept = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    folder = f"teams/{team}/projects/{project}/files"
    await resources.objects.put(f"{folder}/0198-lost/original", b"x", "text/csv")
    await resources.objects.put(f"{folder}/0198-lost/preview.json", b"x", "text/csv")
    await resources.objects.put(f"teams/{team}/projects/{2**40}/merged/1/rows.parquet", b"x", "text/csv")
    before, _ = await everything(resources.objects, team)
    assert len(before) == 6
    await sweeps.remove_orphans(resources, grace=DAY, most_s=60)
    assert (await everything(resources.objects, team))[0] == before
    assert await sweeps.remove_orphans(resources, grace=NOW, most_s=60) >= 3
    left, _ = await everything(resources.objects, team)
    assert sorted(left) == sorted(
        key for key in before if key.startswith(kept["file"].removesuffix("original"))
    )
    assert (await read(clients, alice, kept["id"], "/preview"))["rows"] == [[1, "x"], [2, "y"]]


async def test_rows_and_exports_of_no_version_go_though_their_file_lives(
    clients: Clients, drain: Drain, alice: Person, team: int, project: int
) -> None:
    resources = resources_of(clients)
    kept = await imported(clients, drain, alice, project, b"a,b\n1,x\n2,y\n")
    folder = kept["file"].removesuffix("original")
    before, _ = await everything(resources.objects, team)
    strays = [
        f"{folder}changes/{2**40}-v2.parquet",
        f"{folder}exports/{2**40}.csv",
        f"teams/{team}/projects/{project}/merged/{2**40}/changes/1-v1.parquet",
    ]
    for key in strays:
        await resources.objects.put(key, b"x", "application/octet-stream")
    await sweeps.remove_orphans(resources, grace=DAY, most_s=60)
    assert (await everything(resources.objects, team))[0] == sorted([*before, *strays])
    assert await sweeps.remove_orphans(resources, grace=NOW, most_s=60) >= len(strays)
    assert (await everything(resources.objects, team))[0] == before


async def test_what_a_refused_file_left_is_no_ones(
    *, clients: Clients, drain: Drain, alice: Person, team: int, project: int
) -> None:
    """Killed between the verdict and the removal of the object, as if the worker had died there."""
    resources = resources_of(clients)
    made = await begun(clients, alice, project, SMALL, sha256="0" * 64)
    await send(made, SMALL)
    file = (await complete(clients, alice, made["id"])).json()
    await drain()
    await resources.objects.put(file["file"], SMALL, "text/csv")
    await sweeps.remove_orphans(resources, grace=NOW, most_s=60)
    assert (await everything(resources.objects, team))[0] == []


async def test_an_upload_in_parts_that_lapsed_is_thrown_away(
    *, clients: Clients, alice: Person, team: int, project: int, owner: asyncpg.Connection
) -> None:
    resources = resources_of(clients)
    lapsed, fresh = [await begun(clients, alice, project, SMALL) for _ in range(2)]
    await send(lapsed, SMALL)
    assert (await see(clients, alice, fresh["id"]))["arrived_parts"] == []
    age = "UPDATE data_ingestion_fileupload SET expires_at = now() - interval '2 hours' WHERE id = $1"
    await owner.execute(age, lapsed["id"])
    seen = await see(clients, alice, lapsed["id"])
    assert (seen["status"], seen["parts"], seen["arrived_parts"]) == ("EXPIRED", [], [1])
    late = await complete(clients, alice, lapsed["id"])
    assert (late.status_code, late.json()["type"]) == (409, "/problems/upload-finished")
    await jobs.purge_uploads(resources)
    where = f"/api/uploads/{lapsed['id']}"
    assert (await clients.ingestion.get(where, headers=alice.headers)).status_code == 404
    assert await everything(resources.objects, team) == ([], 1)
    assert (await see(clients, alice, fresh["id"]))["status"] == "OPEN"


async def test_an_upload_that_waits_for_its_verification_is_not_swept(
    *, clients: Clients, drain: Drain, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    made = await begun(clients, alice, project, SMALL)
    await send(made, SMALL)
    file = (await complete(clients, alice, made["id"])).json()
    age = "UPDATE data_ingestion_fileupload SET expires_at = now() - interval '9 days' WHERE id = $1"
    await owner.execute(age, made["id"])
    resources = resources_of(clients)
    await jobs.purge_uploads(resources)
    await sweeps.abort_stray_uploads(resources, grace=NOW)
    await sweeps.remove_orphans(resources, grace=NOW, most_s=60)
    await drain()
    assert (await read(clients, alice, file["id"]))["upload_status"] == "SUCCESS"
    await jobs.purge_uploads(resources)
    gone = await clients.ingestion.get(f"/api/uploads/{made['id']}", headers=alice.headers)
    assert gone.status_code == 404
    assert (await read(clients, alice, file["id"]))["upload_status"] == "SUCCESS"


async def lose_events(owner: asyncpg.Connection, project: int) -> None:
    """As if the event had become a dead letter, or the stream had been restored from before it."""
    await owner.execute("DELETE FROM messaging_outbox WHERE project_id = $1", project)


async def quiet(owner: asyncpg.Connection, file: Any, *, created: str = "1 day") -> None:
    await owner.execute(
        "UPDATE data_ingestion_rawdatafile SET updated_at = now() - interval '1 day', "
        "created_at = now() - $2::text::interval WHERE id = $1",
        file["id"],
        created,
    )


async def test_a_file_whose_event_was_lost_is_told_about_again(
    *, clients: Clients, drain: Drain, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    resources = resources_of(clients)
    plain = await upload(clients, alice, project, b"a,b\n1,x\n2,y\n")
    made = await begun(clients, alice, project, SMALL)
    await send(made, SMALL)
    in_parts = (await complete(clients, alice, made["id"])).json()
    await lose_events(owner, project)
    await drain()
    for file in (plain, in_parts):
        assert (await read(clients, alice, file["id"]))["upload_status"] == "PENDING"
    await jobs.tell_again(resources)
    assert await owner.fetchval("SELECT count(*) FROM messaging_outbox WHERE project_id = $1", project) == 0
    for file in (plain, in_parts):
        await quiet(owner, file)
    await jobs.tell_again(resources)
    await jobs.tell_again(resources)
    assert await owner.fetchval("SELECT count(*) FROM messaging_outbox WHERE project_id = $1", project) == 2
    await drain()
    for file in (plain, in_parts):
        done = await read(clients, alice, file["id"])
        assert (done["upload_status"], len(done["dataset_ids"])) == ("SUCCESS", 1)


async def test_a_file_that_nobody_can_take_in_fails_after_days_and_not_never(
    *, clients: Clients, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    plain = await upload(clients, alice, project, b"a,b\n1,x\n2,y\n")
    where, body = f"/api/projects/{project}/imports", {"url": "http://127.0.0.1:9/a.csv"}
    fetched = (await clients.ingestion.post(where, json=body, headers=alice.headers)).json()
    await lose_events(owner, project)
    for file in (plain, fetched):
        await quiet(owner, file, created="4 days")
    await jobs.tell_again(resources_of(clients))
    for file in (plain, fetched):
        failed = await read(clients, alice, file["id"])
        assert (failed["upload_status"], failed["error"]["type"]) == (
            "FAILED",
            "/problems/file-reader-failed",
        )
        assert failed["error"]["hint"]


async def test_the_jobs_run_as_they_are_scheduled(clients: Clients) -> None:
    resources = resources_of(clients)
    names = {job.name for job in jobs.jobs}
    assert {"ingestion-purge-uploads", "ingestion-purge-orphans", "ingestion-tell-again"} <= names
    for job in jobs.jobs:
        await job.run(resources)
